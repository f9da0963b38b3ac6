using System.Diagnostics;

namespace EventFhir.Tests;

/// <summary>The official npm packages in the checkout's cache, fetched by eng/packages when they are not there yet.</summary>
internal static class OfficialPackages
{
    /// <summary>The root of the checkout.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The folder with the 5,306 official R4 definitions and example instances, a JSON file each.</summary>
    public static string R4Examples => Folder("hl7.fhir.r4.examples", "4.0.1");

    /// <summary>The folder with the official R5 definitions.</summary>
    public static string R5Core => Folder("hl7.fhir.r5.core", "5.0.0");

    /// <summary>The folder with the official R5 definitions and example instances.</summary>
    public static string R5Examples => Folder("hl7.fhir.r5.examples", "5.0.0");

    public static string R4BCore => Folder("hl7.fhir.r4b.core", "4.3.0");
    public static string R4BExamples => Folder("hl7.fhir.r4b.examples", "4.3.0");

    /// <summary>The folder with the examples of a release, by its name.</summary>
    public static string ExamplesOf(string release) => release switch
    {
        "R4" => R4Examples,
        "R4B" => R4BExamples,
        _ => R5Examples,
    };

    private static string Folder(string name, string version)
    {
        var folder = Path.Combine(Root, ".cache", "npm", $"{name}-{version}", "package");
        if (!Directory.Exists(folder)) Fetch(name);
        return Directory.Exists(folder) ? folder : throw new InvalidOperationException($"./eng/packages {name} could not fetch {name}@{version}.");
    }

    private static void Fetch(string name)
    {
        using var process = Process.Start(new ProcessStartInfo("bash", [Path.Combine(Root, "eng", "packages"), name]) { UseShellExecute = false });
        process!.WaitForExit();
    }

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "EventFhir.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests run from a checkout of the repository.");
        return folder;
    }
}

using System.Text.RegularExpressions;

using Xunit;

namespace EventFhir.TidyTests;

/// <summary>The repository as text: what the tidy tests look at.</summary>
internal sealed class Source
{
    private readonly IReadOnlyList<string> files;

    private Source(IEnumerable<string> files) => this.files = [.. files];

    public static string Root { get; } = FindRoot();

    public IEnumerable<(string Path, string Text)> Files => files.Select(path => (path, File.ReadAllText(Path.Combine(Root, path))));

    /// <summary>The files below a folder with one of these endings; build output and generated tables are left out.</summary>
    public static Source Under(string folder, params string[] endings) => new(
        Directory.EnumerateFiles(Path.Combine(Root, folder), "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
            .Where(path => !Regex.IsMatch(path, "(^|/)(bin|obj|Generated|TestResults|[.]cache|[.]data|[.]git)/"))
            .Where(path => (endings.Length == 0 ? [".cs"] : endings).Any(ending => path.EndsWith(ending, StringComparison.Ordinal)))
            .Order(StringComparer.Ordinal));

    public Source Except(params string[] prefixes) =>
        new(files.Where(path => !prefixes.Any(prefix => path.StartsWith(prefix, StringComparison.Ordinal))));

    /// <summary>Fails with place and remedy for each line of code that matches; comments do not count.</summary>
    public void Bans(string pattern, string instead)
    {
        var found = from file in Files
                    from line in file.Text.Split('\n').Select((text, index) => (Text: WithoutComment(text), Number: index + 1))
                    where Regex.IsMatch(line.Text, pattern)
                    select $"{file.Path}:{line.Number}: {line.Text.Trim()}";
        Report(found, instead);
    }

    public static void Report(IEnumerable<string> found, string instead)
    {
        var list = found.ToList();
        Assert.True(list.Count == 0, $"{instead}\n{string.Join('\n', list.Take(20))}");
    }

    private static string WithoutComment(string line)
    {
        var trimmed = line.TrimStart();
        if (trimmed.StartsWith("//", StringComparison.Ordinal) || trimmed.StartsWith("--", StringComparison.Ordinal)) return "";
        var comment = line.IndexOf(" // ", StringComparison.Ordinal);
        return comment < 0 ? line : line[..comment];
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "EventFhir.sln"))) folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("The tests run outside a checkout of EventFhir.");
    }
}

using System.Collections.Immutable;

using EventFhir.Core.Proof;

namespace EventFhir.Server.Proof;

/// <summary>The files with the private keys that sign checkpoints (docs/operations.md).</summary>
public static class SigningKeyFiles
{
    private const string OwnName = "proof-key.pem";

    /// <summary>The keys of the configuration, or else the one of the data folder, which is made when it is missing. PEM each.</summary>
    /// <exception cref="FileNotFoundException">A file of the configuration does not exist.</exception>
    public static ImmutableArray<string> Read(EventFhirOptions options)
    {
        if (!options.ProofKeys.IsEmpty) return [.. options.ProofKeys.Select(file => File.ReadAllText(file.FullName))];
        var own = Path.Combine(options.Data.FullName, OwnName);
        if (!File.Exists(own)) Make(own);
        return [File.ReadAllText(own)];
    }

    /// <summary>Two processes may start at once: the first one's key counts, and nobody ever reads half of one.</summary>
    private static void Make(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var fresh = $"{path}.{Environment.ProcessId}.{Guid.NewGuid():N}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var writer = new StreamWriter(fresh, options)) writer.Write(NoteSigner.NewPem());
        try
        {
            File.Move(fresh, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(fresh);
        }
    }
}

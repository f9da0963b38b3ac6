namespace EventFhir.Postgres.Embedded;

/// <summary>A small text file that only its owner can read, replaced as a whole.</summary>
internal static class PrivateFile
{
    public static void Write(string path, string text)
    {
        var fresh = path + ".new";
        File.Delete(fresh);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var writer = new StreamWriter(fresh, options)) writer.Write(text);
        File.Move(fresh, path, overwrite: true);
    }

    public static string? TryRead(string path) => File.Exists(path) ? File.ReadAllText(path).Trim() : null;
}

using Microsoft.Extensions.Logging;

namespace EventFhir.Postgres.Embedded;

/// <summary>The folder that holds initdb, pg_ctl and postgres.</summary>
internal sealed record PostgresBinaries(string Folder)
{
    public const int MajorVersionMin = 14;

    public string this[string program] => Path.Combine(Folder, OperatingSystem.IsWindows() ? program + ".exe" : program);

    /// <summary>Finds installed binaries, or installs them where that can be done without asking: on Debian and Ubuntu as root.</summary>
    public static async Task<PostgresBinaries> FindOrInstallAsync(ILogger logger, CancellationToken cancellationToken)
    {
        if (Find() is { } found) return found;
        if (OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && ExternalProgram.FindOnPath("apt-get") is { } aptGet)
        {
            Log.InstallingPostgres(logger);
            await ExternalProgram.RunAsync(aptGet, ["update", "-q"], cancellationToken);
            var installed = await ExternalProgram.RunAsync(
                aptGet, ["install", "-y", "-q", "--no-install-recommends", "postgresql"], cancellationToken);
            if (installed.Succeeded && Find() is { } now) return now;
            throw new EmbeddedPostgresException($"apt-get install -y postgresql failed: {LastLine(installed.Output)}. {Advice()}");
        }
        throw new EmbeddedPostgresException($"PostgreSQL {MajorVersionMin} or later is not installed. {Advice()}");
    }

    private static PostgresBinaries? Find()
    {
        if (Environment.GetEnvironmentVariable("EVENTFHIR_PG_BIN") is { Length: > 0 } configured)
        {
            var chosen = new PostgresBinaries(configured);
            return chosen.IsComplete
                ? chosen
                : throw new EmbeddedPostgresException($"EVENTFHIR_PG_BIN is {configured}, but initdb, pg_ctl and postgres are not all there.");
        }
        return Candidates().Select(folder => new PostgresBinaries(folder)).FirstOrDefault(binaries => binaries.IsComplete);
    }

    private bool IsComplete => File.Exists(this["initdb"]) && File.Exists(this["pg_ctl"]) && File.Exists(this["postgres"]);

    private static IEnumerable<string> Candidates()
    {
        if (ExternalProgram.FindOnPath("pg_ctl") is { } onPath && Path.GetDirectoryName(onPath) is { } folder) yield return folder;
        foreach (var place in Newest("/usr/lib/postgresql", "bin")) yield return place;          // Debian, Ubuntu
        foreach (var place in Newest("/usr", "bin", "pgsql-*")) yield return place;              // PGDG on Red Hat
        foreach (var place in Newest("/opt/homebrew/opt", "bin", "postgresql*")) yield return place;
        foreach (var place in Newest("/usr/local/opt", "bin", "postgresql*")) yield return place;
        foreach (var place in Newest("/home/linuxbrew/.linuxbrew/opt", "bin", "postgresql*")) yield return place;
        foreach (var place in Newest("/Applications/Postgres.app/Contents/Versions", "bin")) yield return place;
        var programFiles = Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles);
        if (programFiles.Length > 0)
            foreach (var place in Newest(Path.Combine(programFiles, "PostgreSQL"), "bin")) yield return place;
    }

    private static IEnumerable<string> Newest(string root, string child, string pattern = "*") =>
        !Directory.Exists(root)
            ? []
            : Directory.EnumerateDirectories(root, pattern)
                .Select(folder => (Version: MajorVersion(Path.GetFileName(folder)), Folder: Path.Combine(folder, child)))
                .Where(candidate => candidate.Version is 0 or >= MajorVersionMin)
                .OrderByDescending(candidate => candidate.Version)
                .Select(candidate => candidate.Folder);

    /// <summary>"15", "postgresql@16", "pgsql-17", "14.2": the number; 0 where there is none.</summary>
    private static int MajorVersion(string name)
    {
        var digits = name.AsSpan(Math.Max(0, name.AsSpan().IndexOfAnyInRange('0', '9')));
        var end = digits.IndexOfAnyExceptInRange('0', '9');
        return int.TryParse(end < 0 ? digits : digits[..end], out var version) ? version : 0;
    }

    private static string Advice()
    {
        const string otherwise = "or give a database with --connection, or the folder of the binaries in EVENTFHIR_PG_BIN.";
        if (OperatingSystem.IsMacOS()) return $"Run: brew install postgresql@16 — {otherwise}";
        if (OperatingSystem.IsWindows()) return $"Run: winget install PostgreSQL.PostgreSQL.16 — {otherwise}";
        if (ExternalProgram.FindOnPath("apt-get") is not null) return $"Run: sudo apt-get install -y postgresql — {otherwise}";
        if (ExternalProgram.FindOnPath("dnf") is not null) return $"Run: sudo dnf install -y postgresql-server — {otherwise}";
        if (ExternalProgram.FindOnPath("apk") is not null) return $"Run: sudo apk add postgresql16 — {otherwise}";
        if (ExternalProgram.FindOnPath("pacman") is not null) return $"Run: sudo pacman -S --noconfirm postgresql — {otherwise}";
        if (ExternalProgram.FindOnPath("zypper") is not null) return $"Run: sudo zypper install -y postgresql-server — {otherwise}";
        return $"Install PostgreSQL {MajorVersionMin} or later, {otherwise}";
    }

    private static string LastLine(string text) => text[(text.LastIndexOf('\n') + 1)..];
}

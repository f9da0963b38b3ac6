namespace EventFhir.Postgres.Embedded;

/// <summary>
/// Whom the cluster belongs to. PostgreSQL refuses to run as root, so a root process hands the cluster to an unprivileged account;
/// everybody else runs it as themselves (Name is null).
/// </summary>
internal sealed record ClusterAccount(string? Name)
{
    private const string OwnName = "eventfhir";

    public static async Task<ClusterAccount> ChooseAsync(CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows() || !Environment.IsPrivilegedProcess) return new ClusterAccount(Name: null);
        foreach (var name in new[] { "postgres", OwnName })
            if (Exists(name)) return new ClusterAccount(name);
        var created = ExternalProgram.FindOnPath("useradd") is { } useradd
            ? await ExternalProgram.RunAsync(useradd, ["--system", "--no-create-home", "--shell", "/usr/sbin/nologin", OwnName], cancellationToken)
            : await ExternalProgram.RunAsync("adduser", ["-S", "-D", "-H", "-s", "/sbin/nologin", OwnName], cancellationToken);
        if (created.Succeeded && Exists(OwnName)) return new ClusterAccount(OwnName);
        throw new EmbeddedPostgresException(
            "PostgreSQL does not run as root and no account for it could be created. Run: useradd --system eventfhir");
    }

    /// <summary>Runs one of PostgreSQL's programs as this account.</summary>
    public Task<ExternalProgram.Result> RunAsync(string program, IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        if (Name is null) return ExternalProgram.RunAsync(program, arguments, cancellationToken);
        if (ExternalProgram.FindOnPath("setpriv") is { } setpriv)
            return ExternalProgram.RunAsync(
                setpriv, [$"--reuid={Name}", $"--regid={PrimaryGroup()}", "--clear-groups", "--", program, .. arguments], cancellationToken);
        if (ExternalProgram.FindOnPath("runuser") is { } runuser)
            return ExternalProgram.RunAsync(runuser, ["-u", Name, "--", program, .. arguments], cancellationToken);
        var line = string.Join(' ', arguments.Prepend(program).Select(Quote));
        return ExternalProgram.RunAsync("su", ["-s", "/bin/sh", Name, "-c", line], cancellationToken);
    }

    /// <summary>Gives a folder and all in it to this account.</summary>
    public async Task OwnAsync(string folder, CancellationToken cancellationToken)
    {
        if (Name is null) return;
        var result = await ExternalProgram.RunAsync("chown", ["-R", $"{Name}:{PrimaryGroup()}", folder], cancellationToken);
        if (!result.Succeeded) throw new EmbeddedPostgresException($"{folder} cannot be given to the account {Name}: {result.Output}");
    }

    /// <summary>
    /// Where the cluster of a data folder lives: in it, unless the account cannot reach it (a checkout under /root, say);
    /// then under /var/lib/eventfhir, in a folder named after the data folder.
    /// </summary>
    public string ClusterFolder(string dataFolder)
    {
        if (Name is null || CanReach(dataFolder)) return Path.Combine(dataFolder, "postgres");
        var name = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(dataFolder)));
        return Path.Combine("/var/lib/eventfhir", name[..16], "postgres");
    }

    private static bool CanReach(string folder)
    {
        for (var place = new DirectoryInfo(folder); place is not null; place = place.Parent)
            if (place.Exists && !OperatingSystem.IsWindows() && (place.UnixFileMode & UnixFileMode.OtherExecute) == 0) return false;
        return true;
    }

    private static bool Exists(string name) => PasswdLine(name) is not null;

    private string PrimaryGroup() => PasswdLine(Name!)?.Split(':')[3] ?? Name!;

    private static string? PasswdLine(string name) =>
        File.Exists("/etc/passwd")
            ? File.ReadLines("/etc/passwd").FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.Ordinal))
            : null;

    private static string Quote(string argument) => $"'{argument.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}

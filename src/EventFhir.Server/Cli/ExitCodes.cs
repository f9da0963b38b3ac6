namespace EventFhir.Server.Cli;

/// <summary>The exit codes of every command, those of sysexits.h where one fits (docs/cli.md).</summary>
public static class ExitCodes
{
    public const int Success = 0;

    /// <summary>The command ran, and what it found is not all well: not found, refused resources, differences.</summary>
    public const int Findings = 1;

    /// <summary>The command line or the configuration is wrong.</summary>
    public const int Usage = 64;

    /// <summary>A file that was named cannot be read.</summary>
    public const int NoInput = 66;

    /// <summary>PostgreSQL is missing or cannot be reached.</summary>
    public const int Unavailable = 69;

    /// <summary>A bug.</summary>
    public const int Software = 70;

    /// <summary>Another process uses the data folder or the port.</summary>
    public const int InUse = 75;

    /// <summary>Stopped by Ctrl-C.</summary>
    public const int Interrupted = 130;
}

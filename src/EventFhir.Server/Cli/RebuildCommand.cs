using System.CommandLine;
using System.Globalization;

using EventFhir.Postgres.Replay;

namespace EventFhir.Server.Cli;

/// <summary>eventfhir rebuild: how many resources were projected anew goes to stdout.</summary>
internal static class RebuildCommand
{
    public static Command Define(SettingOptions options)
    {
        var command = new Command("rebuild", "Drops and rebuilds every projection from the event log, while a server goes on answering.");
        command.SetAction((parsed, cancellationToken) => RunAsync(options.Read(parsed), parsed.InvocationConfiguration, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(EventFhirOptions options, InvocationConfiguration screen, CancellationToken cancellationToken)
    {
        await using var database = await Database.OpenAsync(options, Cluster.Shared, cancellationToken);
        await database.PrepareAsync(options, cancellationToken);
        using var registry = await database.OpenParametersAsync(options, cancellationToken);
        var rebuild = new Rebuild(database.Events, registry.Rules);
        var report = await rebuild.RunAsync(new CountLines(screen.Error, "resources", TimeProvider.System), cancellationToken);
        await screen.Output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"resources\t{report.Resources}"));
        await screen.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"Rebuilt in {report.Duration.TotalSeconds:N1} s."));
        return ExitCodes.Success;
    }
}

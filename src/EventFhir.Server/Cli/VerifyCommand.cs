using System.CommandLine;
using System.Globalization;

using EventFhir.Postgres.Replay;

namespace EventFhir.Server.Cli;

/// <summary>eventfhir verify: one line for each difference between the log and the projections on stdout, and 1 as exit code if there is
/// any.</summary>
internal static class VerifyCommand
{
    public static Command Define(SettingOptions options)
    {
        var command = new Command("verify", "Replays the event log and compares it with every projection, row for row.");
        command.SetAction((parsed, cancellationToken) => RunAsync(options.Read(parsed), parsed.InvocationConfiguration, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(EventFhirOptions options, InvocationConfiguration screen, CancellationToken cancellationToken)
    {
        await using var database = await Database.OpenAsync(options, Cluster.Shared, cancellationToken);
        await database.PrepareAsync(options, cancellationToken);
        using var registry = await database.OpenParametersAsync(options, cancellationToken);
        var verification = new Verification(database.Events, registry.Rules);
        var report = await verification.RunAsync(new CountLines(screen.Error, "resources", TimeProvider.System), cancellationToken);
        foreach (var difference in report.Differences) await screen.Output.WriteLineAsync($"{difference.Subject}\t{difference.What}");
        await screen.Error.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Events} events, {report.Resources} resources: {(report.IsClean ? "clean" : $"{report.Differences.Length} differences")}."));
        return report.IsClean ? ExitCodes.Success : ExitCodes.Findings;
    }
}

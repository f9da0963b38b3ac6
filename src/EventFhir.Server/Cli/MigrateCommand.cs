using System.CommandLine;

using EventFhir.Postgres.Migrations;
using EventFhir.Server.Formats;

namespace EventFhir.Server.Cli;

/// <summary>eventfhir migrate status|up: one line per migration on stdout.</summary>
internal static class MigrateCommand
{
    public static Command Define(SettingOptions options)
    {
        var status = new Command("status", "Lists the migrations; exits with 1 if any is not applied as this build has it.");
        status.SetAction((parsed, cancellationToken) => ShowAsync(options.Read(parsed), parsed.InvocationConfiguration.Output, cancellationToken));
        var up = new Command("up", "Applies the missing migrations.");
        up.SetAction((parsed, cancellationToken) => ApplyAsync(options.Read(parsed), parsed.InvocationConfiguration.Output, cancellationToken));
        return new Command("migrate", "Shows or applies the migrations of the database; serve applies them by itself.") { status, up };
    }

    private static async Task<int> ShowAsync(EventFhirOptions options, TextWriter output, CancellationToken cancellationToken)
    {
        await using var database = await Database.OpenAsync(options, Cluster.Shared, cancellationToken);
        var steps = await database.Events.Migrator.StatusAsync(cancellationToken);
        foreach (var step in steps)
        {
            var appliedAt = step.AppliedAt is { } at ? FhirInstant.Write(at) : "";
            await output.WriteLineAsync($"{step.Name}\t{step.State.ToString().ToLowerInvariant()}\t{appliedAt}");
        }
        return steps.All(step => step.State is MigrationState.Applied) ? ExitCodes.Success : ExitCodes.Findings;
    }

    private static async Task<int> ApplyAsync(EventFhirOptions options, TextWriter output, CancellationToken cancellationToken)
    {
        await using var database = await Database.OpenAsync(options, Cluster.Shared, cancellationToken);
        foreach (var migration in await database.PrepareAsync(options, cancellationToken)) await output.WriteLineAsync(migration.Name);
        return ExitCodes.Success;
    }
}

using System.CommandLine;

using EventFhir.Model.Patching;
using EventFhir.Postgres.Reading;

namespace EventFhir.Server.Cli;

/// <summary>eventfhir diff Type/id: what leads from one version to another, one operation of a FHIRPath Patch on each line.</summary>
internal static class DiffCommand
{
    public static Command Define(SettingOptions options)
    {
        var key = new Argument<string>("Type/id") { Description = "The resource, for example Patient/123." };
        var from = new Option<long?>("--from") { HelpName = "N", Description = "The version to begin with [default: the one before --to]." };
        var to = new Option<long?>("--to") { HelpName = "N", Description = "The version to end with [default: the newest]." };
        var command = new Command("diff", "Prints what changed between two versions of a resource.") { key, from, to };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            options.Read(parsed), parsed.GetRequiredValue(key), parsed.GetValue(from), parsed.GetValue(to), parsed.InvocationConfiguration,
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        EventFhirOptions options, string text, long? from, long? to, InvocationConfiguration screen, CancellationToken cancellationToken)
    {
        var key = ShowCommand.Parse(options.Release, text);
        await using var database = await Database.OpenAsync(options, Cluster.Shared, cancellationToken);
        await database.PrepareAsync(options, cancellationToken);
        var reader = new ResourceReader(database.Events);
        var @new = to is { } number ? await reader.ReadVersionAsync(key, number, cancellationToken) : await reader.ReadAsync(key, cancellationToken);
        var old = @new is null ? null : await reader.ReadVersionAsync(key, from ?? @new.Version - 1, cancellationToken);
        if (old is null or { IsDeleted: true } || @new is null or { IsDeleted: true })
        {
            await screen.Error.WriteLineAsync($"{text} does not exist in both versions.");
            return ExitCodes.Findings;
        }
        foreach (var operation in ResourceDiff.Between(old.Body, @new.Body, key.Type, options.Release))
            await screen.Output.WriteLineAsync(operation.ToString());
        return ExitCodes.Success;
    }
}

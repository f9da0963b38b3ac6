using System.CommandLine;

using EventFhir.Core.Events;
using EventFhir.Postgres.Proof;
using EventFhir.Server.Proof;

namespace EventFhir.Server.Cli;

/// <summary>eventfhir evidence Type/id: the evidence pack as a file.</summary>
internal static class EvidenceCommand
{
    public static Command Define(SettingOptions options)
    {
        var key = new Argument<string>("Type/id") { Description = "The resource, for example Patient/123." };
        var output = new Option<string>("--output") { HelpName = "FILE", Description = "Where to write the pack. [default: evidence-Type-id.zip]" };
        var command = new Command("evidence", "Writes a zip that proves all versions of a resource to somebody without the server.") { key, output };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            options.Read(parsed), parsed.GetRequiredValue(key), parsed.GetValue(output), parsed.InvocationConfiguration, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        EventFhirOptions options, string text, string? output, InvocationConfiguration screen, CancellationToken cancellationToken)
    {
        var key = ShowCommand.Parse(options.Release, text);
        await using var database = await Database.OpenAsync(options, Cluster.Shared, cancellationToken);
        await database.PrepareAsync(options, cancellationToken);
        using var signers = await database.OpenSignersAsync(options, cancellationToken);
        // Without a server nobody else takes in what the last one left.
        await database.CatchUpAsync(options, signers, cancellationToken);
        var evidence = new EvidenceMaker(new ProofReader(database.Events, options.Release), signers, TimeProvider.System);
        if (await evidence.CheckSizeAsync(key, cancellationToken) is { } tooLarge)
        {
            await screen.Error.WriteLineAsync(tooLarge.Issues[0].Diagnostics);
            return ExitCodes.Findings;
        }
        if (await evidence.MakeAsync(key, cancellationToken) is not { } pack)
        {
            await screen.Error.WriteLineAsync($"{text} does not exist.");
            return ExitCodes.Findings;
        }
        var path = output ?? $"evidence-{key.Type.Name}-{key.Id}.zip";
        await File.WriteAllBytesAsync(path, pack, cancellationToken);
        await screen.Output.WriteLineAsync(path);
        return ExitCodes.Success;
    }
}

using System.CommandLine;

using EventFhir.Core.Events;
using EventFhir.Core.Feed;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Feed;
using EventFhir.Postgres.Reading;
using EventFhir.Server.Formats;

namespace EventFhir.Server.Cli;

/// <summary>eventfhir show Type/id: the stored text on stdout.</summary>
internal static class ShowCommand
{
    public static Command Define(SettingOptions options)
    {
        var key = new Argument<string>("Type/id") { Description = "The resource, for example Patient/123." };
        var version = new Option<long?>("--version") { HelpName = "N", Description = "This version instead of the current one." };
        var asOf = new Option<string?>("--as-of") { HelpName = "INSTANT|CURSOR", Description = "As it was then." };
        var pretty = new Option<bool>("--pretty") { Description = "Indented." };
        var command = new Command("show", "Prints a resource as it is stored.") { key, version, asOf, pretty };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            options.Read(parsed),
            parsed.GetRequiredValue(key),
            parsed.GetValue(version),
            parsed.GetValue(asOf),
            parsed.GetValue(pretty) ? Layout.Pretty : Layout.Compact,
            parsed.InvocationConfiguration,
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        EventFhirOptions options, string text, long? version, string? then, Layout layout, InvocationConfiguration screen,
        CancellationToken cancellationToken)
    {
        var key = Parse(options.Release, text);
        await using var database = await Database.OpenAsync(options, Cluster.Shared, cancellationToken);
        await database.PrepareAsync(options, cancellationToken);
        var reader = new ResourceReader(database.Events);
        Moment? moment = null;
        if (then is not null)
        {
            var asOf = AsOf.Parse(then)
                ?? throw new FormatException("--as-of is an instant such as 2026-11-21T08:00:00Z or a cursor such as e1.4711.");
            // What a process wrote that is gone has no place yet.
            await new Sequencer(database.Events).SettleAsync(cancellationToken);
            var found = await new MomentReader(database.Events).FindAsync(asOf, cancellationToken);
            if (found.IsRefused(out var refusal))
            {
                await screen.Error.WriteLineAsync(refusal.Issues[0].Diagnostics);
                return ExitCodes.Findings;
            }
            moment = found.Value;
        }
        var stored = version is { } number ? await reader.ReadVersionAsync(key, number, cancellationToken)
            : await reader.ReadAsOfAsync(key, moment, cancellationToken);
        if (stored is null or { IsDeleted: true })
        {
            await screen.Error.WriteLineAsync(stored is null ? $"{text} does not exist." : $"{text} is deleted (version {stored.Version}).");
            return ExitCodes.Findings;
        }
        var body = layout is Layout.Pretty ? PrettyLayout.Of([stored.Body]) : stored.Body;
        await screen.Output.WriteLineAsync(System.Text.Encoding.UTF8.GetString(body.Span));
        return ExitCodes.Success;
    }

    public static ResourceKey Parse(Release release, string text) => ResourceKey.Find(release, text)
        ?? throw new FormatException($"'{text}' is not a resource type and an id with a slash between them, such as Patient/123.");
}

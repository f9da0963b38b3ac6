using System.Buffers;
using System.CommandLine;
using System.Text;

using EventFhir.Core;
using EventFhir.Core.Feed;
using EventFhir.Core.Search;
using EventFhir.Postgres.Feed;
using EventFhir.Server.Rest;
using EventFhir.Server.Rest.Feed;

namespace EventFhir.Server.Cli;

/// <summary>eventfhir tail: events of the feed as lines of JSON on stdout.</summary>
internal static class TailCommand
{
    private const int EventsByDefault = 10;
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);

    public static Command Define(SettingOptions options)
    {
        var after = new Option<string>("--after") { HelpName = "CURSOR", Description =
            "Begins after this cursor, such as e1.0, instead of with the last ten events." };
        var filter = new Option<string>("--filter") { HelpName = "QUERY", Description =
            "Parameters of GET /feed, such as 'type=Patient&body=changed-paths'." };
        var follow = new Option<bool>("--follow", "-f") { Description = "Goes on with what is written, until Ctrl-C." };
        var command = new Command("tail", "Prints the newest events of the feed, one JSON object per line.") { after, filter, follow };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            options.Read(parsed),
            parsed.GetValue(after),
            parsed.GetValue(filter),
            parsed.GetValue(follow) ? Ending.OnCancel : Ending.AtHead,
            parsed.InvocationConfiguration,
            cancellationToken));
        return command;
    }

    private enum Ending { AtHead, OnCancel }

    private static async Task<int> RunAsync(
        EventFhirOptions options, string? after, string? filter, Ending ending, InvocationConfiguration screen, CancellationToken cancellationToken)
    {
        await using var database = await Database.OpenAsync(options, Cluster.Shared, cancellationToken);
        await database.PrepareAsync(options, cancellationToken);
        var source = options.BaseUrl ?? "eventfhir";
        var context = new SearchContext(options.Definitions, source, TimeProvider.System.GetUtcNow(), UnknownParameters.Refuse);
        var parsed = new FeedParameters(context).Parse(
            SearchForm.Decode((filter ?? "") + (after is null ? "" : $"&after={Uri.EscapeDataString(after)}")));
        if (parsed.IsRefused(out var refusal)) throw new FormatException(refusal.Issues[0].Diagnostics);
        var wish = parsed.Value;

        var (reader, sequencer) = (new FeedReader(database.Events, options.Release), new Sequencer(database.Events));
        // What was written by a process that is gone has its place before it is shown.
        var head = await sequencer.SettleAsync(cancellationToken);
        if (wish.After is { } cursor && FeedProblem.OfCursor(cursor, await reader.StateAsync(cursor.Epoch, cancellationToken)) is { } problem)
        {
            var instead = problem.CursorName is null ? "" : $" {problem.CursorName}: {problem.Cursor}";
            await screen.Error.WriteLineAsync(problem.Detail + instead);
            return ExitCodes.Findings;
        }
        var position = wish.After?.Position ?? Math.Max(0, head.Position - EventsByDefault);
        using var text = new FeedText(source, head.Epoch, wish, FeedForm.Lines);
        var output = new ArrayBufferWriter<byte>();
        while (true)
        {
            var page = await reader.ReadAsync(
                new FeedQuery(wish.Filter, position, wish.Limit, wish.Body, wish.WithPrevious), head.Position, cancellationToken);
            text.Write(output, page);
            await screen.Output.WriteAsync(Encoding.UTF8.GetString(output.WrittenSpan).AsMemory(), cancellationToken);
            output.ResetWrittenCount();
            position = page.Next;
            if (page.IsFull) continue;
            await screen.Output.FlushAsync(cancellationToken);
            if (ending is Ending.AtHead) return ExitCodes.Success;
            await Task.Delay(LookInterval, cancellationToken);
            head = (await sequencer.PassAsync(cancellationToken)).Head;
        }
    }
}

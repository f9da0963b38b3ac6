using System.Globalization;
using System.Text.Json;

using EventFhir.Core;
using EventFhir.Core.Feed;
using EventFhir.Core.Search;
using EventFhir.Model;
using EventFhir.Postgres.Feed;
using EventFhir.Postgres.Parameters;

namespace EventFhir.Server.Rest.Feed;

/// <summary>GET /feed and what belongs to it (docs/feed.md): the log as it was committed, for whoever follows it.</summary>
public sealed class FeedEndpoints(
    FeedReader reader, FeedHead head, ParameterRegistry registry, BaseUrl baseUrl, TimeProvider time, IHostApplicationLifetime lifetime)
{
    private const string Path = "/feed";

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path, ReadAsync).WithDisplayName(Path);
        routes.MapGet(Path + "/head", HeadAsync).WithDisplayName(Path + "/head");
        routes.MapGet(Path + "/at", AtAsync).WithDisplayName(Path + "/at");
        routes.MapGet(Path + "/await", AwaitAsync).WithDisplayName(Path + "/await");
    }

    private async Task ReadAsync(HttpContext http)
    {
        if (FeedText.Choose(http.Request.Headers.Accept.ToString()) is not { } form)
        {
            const string Forms = "The feed comes as application/cloudevents-batch+json, application/x-ndjson or text/event-stream.";
            await new FeedProblem(406, "not-supported", Forms).WriteAsync(http);
            return;
        }
        var context = new SearchContext(registry.Active.Current, baseUrl.Of(http.Request), time.GetUtcNow(), UnknownParameters.Refuse);
        var parsed = new FeedParameters(context).Parse(SearchForm.Decode(http.Request.QueryString.Value ?? ""));
        if (parsed.IsRefused(out var refusal))
        {
            await FeedProblem.Of(refusal).WriteAsync(http);
            return;
        }
        var wish = parsed.Value;
        // What a browser sends when it takes up a stream again.
        if (form is FeedForm.Stream && http.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } last)
        {
            if (!FeedCursor.TryParse(last, out var seen))
            {
                await FeedProblem.Of(Refusal.Of(RefusalKind.BadRequest, "value", "Last-Event-ID is a cursor such as e1.4711.")).WriteAsync(http);
                return;
            }
            wish = wish with { After = seen };
        }
        var state = await reader.StateAsync(wish.After?.Epoch ?? 0, http.RequestAborted);
        if (wish.After is { } after && FeedProblem.OfCursor(after, state) is { } problem)
        {
            await problem.WriteAsync(http);
            return;
        }
        var start = wish.After?.Position ?? state.Earliest;
        head.MoveTo(state.Head);
        using var text = new FeedText(baseUrl.Of(http.Request), state.Head.Epoch, wish, form);
        if (form is FeedForm.Stream)
        {
            var stream = new FeedStream(reader, head, state.Head.Epoch, text, wish);
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
            await stream.RunAsync(http, start, ending.Token);
            return;
        }
        await PageAsync(http, wish, state, start, text, form);
    }

    private async Task PageAsync(HttpContext http, FeedWish wish, FeedState state, long start, FeedText text, FeedForm form)
    {
        var query = new FeedQuery(wish.Filter, start, wish.Limit, wish.Body, wish.WithPrevious);
        var until = Environment.TickCount64 + (long)wish.Wait.TotalMilliseconds;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
        var page = await reader.ReadAsync(query, state.Head.Position, http.RequestAborted);
        var known = state.Head;
        while (page.Events.Count == 0 && until - Environment.TickCount64 is var left and > 0 && !lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // What follows a log that was set back is for the next request, whose cursor is judged anew.
            if (head.Cursor.Epoch != state.Head.Epoch) break;
            if (!await HasMoreAsync(head.WaitBeyondAsync(page.Next, TimeSpan.FromMilliseconds(left), ending.Token))) break;
            known = head.Cursor;
            page = await reader.ReadAsync(query with { After = page.Next }, known.Position, http.RequestAborted);
        }
        var output = FeedBuffers.Rent();
        text.Write(output, page);
        var next = new FeedCursor(state.Head.Epoch, page.Next).ToString();
        var headers = http.Response.Headers;
        headers[RequestId.Header] = RequestId.Of(http);
        headers["EventFhir-Next"] = next;
        headers["EventFhir-Head"] = known.ToString();
        headers["EventFhir-Caught-Up"] = page.IsFull ? "false" : "true";
        headers.Link = $"<{NextLink(http.Request, next)}>; rel=\"next\"";
        headers.Append("Vary", "Accept");
        // A full page without filters is the same for ever, as long as nothing of it is erased. It is nobody else's business, though.
        headers.CacheControl = page.IsFull && wish.Filter.IsAll && wish.After is not null ? "private, max-age=86400, immutable" : "no-store";
        http.Response.ContentType = FeedText.ContentTypeOf(form);
        http.Response.ContentLength = output.WrittenCount;
        await http.Response.BodyWriter.WriteAsync(output.WrittenMemory, http.RequestAborted);
        FeedBuffers.Return(output);
    }

    /// <summary>False if nothing came in time, or the server is going down: then the page is answered as it is.</summary>
    private async Task<bool> HasMoreAsync(Task<bool> waiting)
    {
        try
        {
            return await waiting;
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return false;
        }
    }

    private string NextLink(HttpRequest request, string next)
    {
        var others = SearchForm.Decode(request.QueryString.Value ?? "").Where(static parameter => parameter.Name != "after")
            .Select(static parameter => $"&{Uri.EscapeDataString(parameter.Name)}={Uri.EscapeDataString(parameter.Value)}");
        return $"{OwnUrl(request)}{Path}?after={next}{string.Concat(others)}";
    }

    /// <summary>The feed is beside the FHIR endpoint, not below it.</summary>
    private string OwnUrl(HttpRequest request)
    {
        var fhir = baseUrl.Of(request);
        return fhir.EndsWith(FhirRoutes.Base, StringComparison.Ordinal) ? fhir[..^FhirRoutes.Base.Length] : fhir;
    }

    private async Task HeadAsync(HttpContext http)
    {
        var state = await reader.StateAsync(0, http.RequestAborted);
        await AnswerAsync(http, json =>
        {
            json.WriteString("head"u8, state.Head.ToString());
            json.WriteString("earliest"u8, (state.Head with { Position = state.Earliest }).ToString());
        });
    }

    private async Task AtAsync(HttpContext http)
    {
        var asked = http.Request.Query["time"].ToString();
        if (!asked.Contains('T', StringComparison.Ordinal)
            || !DateTimeOffset.TryParse(asked, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant))
            await new FeedProblem(400, "value", "time is an instant such as 2026-11-21T08:00:00Z.").WriteAsync(http);
        else if (await reader.AtAsync(instant, http.RequestAborted) is not { } cursor)
            await new FeedProblem(400, "business-rule", "This instant lies in the future: nothing is certain about it.").WriteAsync(http);
        else await AnswerAsync(http, json => json.WriteString("cursor"u8, cursor.ToString()));
    }

    private async Task AwaitAsync(HttpContext http)
    {
        if (!Guid.TryParse(http.Request.Query["tx"].ToString(), out var transaction))
        {
            await new FeedProblem(400, "value", $"tx is what the header {AnswerWriter.TransactionHeader} of a write said.").WriteAsync(http);
            return;
        }
        var until = Environment.TickCount64 + (long)Limits.FeedWaitMax.TotalMilliseconds / 2;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
        while (true)
        {
            var known = head.Cursor;
            if (await reader.FindAsync(transaction, http.RequestAborted) is { } cursor)
            {
                await AnswerAsync(http, json => json.WriteString("cursor"u8, cursor.ToString()));
                return;
            }
            var left = until - Environment.TickCount64;
            if (left <= 0 || !await HasMoreAsync(head.WaitForMoveAsync(known, TimeSpan.FromMilliseconds(left), ending.Token))) break;
        }
        await new FeedProblem(404, "not-found", "No transaction of this name is in the feed.").WriteAsync(http);
    }

    internal static async Task AnswerAsync(HttpContext http, Action<Utf8JsonWriter> members)
    {
        http.Response.ContentType = "application/json";
        http.Response.Headers[RequestId.Header] = RequestId.Of(http);
        http.Response.Headers.CacheControl = "no-store";
        await using var json = new Utf8JsonWriter(http.Response.BodyWriter, Formats.OutcomeWriter.Relaxed);
        json.WriteStartObject();
        members(json);
        json.WriteEndObject();
    }
}

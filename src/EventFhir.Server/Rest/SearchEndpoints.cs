using System.Collections.Immutable;
using System.Globalization;
using System.Text;

using EventFhir.Core;
using EventFhir.Core.Search;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Parameters;
using EventFhir.Postgres.Search;
using EventFhir.Server.Formats;

namespace EventFhir.Server.Rest;

/// <summary>search of a type, of several types and of a compartment, by GET and POST (R4 http.html#search).</summary>
public sealed class SearchEndpoints(
    ParameterRegistry registry, SearchReader searches, BaseUrl baseUrl, PageLink pageLink, TimeProvider time, AsOfRequest asOf)
{
    /// <summary>Parameters are dropped now and then, not all the time.</summary>
    private const int AttemptsMax = 3;

    private readonly Release release = registry.Active.Current.Release;

    /// <summary>Parameters of every interaction; the search neither knows nor repeats them.</summary>
    private static readonly ImmutableArray<string> General = ["_format", "_pretty", AsOfRequest.Parameter];

    public ValueTask<Answer> OfTypeAsync(FhirRequest request)
    {
        var type = request.ReadType(release);
        return AnswerAsync(request, $"/{type.Name}", (parser, parameters) => parser.Parse(type, parameters));
    }

    public ValueTask<Answer> OfSystemAsync(FhirRequest request) =>
        AnswerAsync(request, "", (parser, parameters) => parser.ParseSystem(parameters));

    public ValueTask<Answer> OfCompartmentAsync(FhirRequest request)
    {
        var (key, refusal) = request.ReadKey(release);
        if (refusal is not null) return ValueTask.FromResult(Answer.Of(refusal));
        var member = (string)request.Http.Request.RouteValues["member"]!;
        var type = release.FindResourceType(member);
        if (type is null && member != "*") return NotFound($"'{key.Type.Name}/[id]/…' leads to a resource type or '*'.");
        if (release.Compartments.FirstOrDefault(compartment => compartment.Type == key.Type) is not { } compartment)
            return NotFound($"{key.Type.Name} has no compartment.");
        var path = $"/{key.Type.Name}/{key.Id.Value}/{member}";
        return AnswerAsync(request, path, (parser, parameters) => parser.ParseCompartment(compartment, key.Id.Value, type, parameters));
    }

    private static ValueTask<Answer> NotFound(string diagnostics) =>
        ValueTask.FromResult(Answer.Of(Refusal.Of(RefusalKind.NotFound, "not-found", diagnostics)));

    private async ValueTask<Answer> AnswerAsync(
        FhirRequest request, string path, Func<SearchParser, IReadOnlyList<QueryParameter>, Outcome<SearchQuery>> parse)
    {
        var (parameters, cursor, asked, unreadable) = Read(request, path);
        if (unreadable is not null) return Answer.Of(unreadable);
        var wanted = await asOf.ReadAsync(request);
        if (wanted.IsRefused(out var unfounded)) return Answer.Of(unfounded);
        if (wanted.Value.Moment is { } moment && cursor is null)
        {
            var begin = SearchReader.Begin(moment);
            if (begin.IsRefused(out var moved) && wanted.Value.IsAskedFor) return Answer.Of(moved);
            if (moved is null) cursor = begin.Value;
            if (wanted.Value.IsAskedFor) asked = moment.ClosedAt;
        }
        var wish = ExplainWish.Of(request.Http, baseUrl);
        if (wish.IsRefused(out var unwilling)) return Answer.Of(unwilling);
        var url = baseUrl.Of(request.Http.Request);
        var unknown = request.Prefer.Handling is Handling.Lenient ? UnknownParameters.Ignore : UnknownParameters.Refuse;
        for (var attempt = 1; ; attempt++)
        {
            // Of custom parameters, versions that were superseded before have no values.
            var current = registry.Active.Current;
            var context = new SearchContext(wanted.Value.IsAskedFor ? current.Specified : current, url, asked, unknown);
            var parsed = parse(new SearchParser(context), parameters);
            if (parsed.IsRefused(out var refusal)) return Answer.Of(refusal);
            var query = parsed.Value;
            if (wish.Value.Mode is { } mode) return await ExplainAsync(query, cursor, mode, request.Aborted);
            var read = await searches.ReadAsync(query, cursor, request.Aborted);
            if (!read.IsRefused(out var failed))
                return wanted.Value.Tell(Found(request, url, path, query, read.Value, asked));
            if (failed != SearchReader.Stale || attempt == AttemptsMax) return Answer.Of(failed);
            await registry.ReloadAsync(request.Aborted);
        }
    }

    private async ValueTask<Answer> ExplainAsync(SearchQuery query, SearchCursor? cursor, ExplainMode mode, CancellationToken cancellationToken)
    {
        var explained = await searches.Explainer.ExplainAsync(query, cursor, mode, cancellationToken);
        return explained.IsRefused(out var refusal) ? Answer.Of(refusal) : new Answer(200, [ExplanationWriter.Write(explained.Value)]);
    }

    private Answer Found(FhirRequest request, string url, string path, SearchQuery query, SearchPage page, DateTimeOffset asked)
    {
        var subset = new SubsetWriter(query.Result.Summary, query.Result.Elements);
        var links = Links(request, url, path, query, page, asked);
        return EntityTags.Answered(request, BundleTags.Of(links[0].Url, page), () => SearchBundleWriter.Write(url, page, subset, links));
    }

    /// <summary>The parameters of the URL and the form; or, behind a page link, those that it seals, where the page begins, and when the first
    /// page was asked for, since a date may be approximate to that time.</summary>
    private (IReadOnlyList<QueryParameter> Parameters, SearchCursor? Cursor, DateTimeOffset Asked, Refusal? Refusal) Read(
        FhirRequest request, string path)
    {
        var http = request.Http.Request;
        var now = time.GetUtcNow();
        if (http.Query["_page"].ToString() is { Length: > 0 } token)
        {
            return pageLink.TryOpen(token, out var text)
                && text.Split('\n') is [var sealedPath, var sealedQuery, var sealedTime, var position]
                && sealedPath == path
                && long.TryParse(sealedTime, NumberStyles.None, CultureInfo.InvariantCulture, out var asked)
                && SearchCursor.TryParse(position, out var cursor)
                ? (Specific(SearchForm.Decode(sealedQuery)), cursor, new DateTimeOffset(asked, TimeSpan.Zero), null)
                : ([], null, now, Refusal.Of(
                    RefusalKind.BadRequest, "value", "_page comes from a link of a page, and leads only where it came from."));
        }
        var parameters = SearchForm.Decode(http.QueryString.Value ?? "");
        if (request.Http.Features.Get<SearchForm>() is { } form) return (Specific(parameters.AddRange(form.Parameters)), null, now, null);
        var hasBody = HttpMethods.IsPost(http.Method) && !(http.ContentLength is null or 0 && http.ContentType is null);
        if (!hasBody) return (Specific(parameters), null, now, null);
        return ([], null, now, Negotiation.CheckEncoding(http.Headers.ContentEncoding)
            ?? Refusal.Of(RefusalKind.UnsupportedMediaType, "not-supported", $"A search is posted as {SearchForm.ContentType}."));
    }

    private static ImmutableArray<QueryParameter> Specific(ImmutableArray<QueryParameter> parameters) =>
        parameters.RemoveAll(static parameter => parameter.Name is "_format" or "_pretty" or ExplainWish.Parameter or AsOfRequest.Parameter);

    private List<BundleLink> Links(FhirRequest request, string url, string path, SearchQuery query, SearchPage page, DateTimeOffset asked)
    {
        var general = new StringBuilder();
        foreach (var name in General)
            if (SearchForm.Value(request.Http, name) is { Length: > 0 } value)
                general.Append(name).Append('=').Append(Uri.EscapeDataString(value)).Append('&');
        var used = new StringBuilder(256);
        foreach (var parameter in query.Used)
        {
            if (used.Length > 0) used.Append('&');
            used.Append(Uri.EscapeDataString(parameter.Name)).Append('=').Append(Uri.EscapeDataString(parameter.Value));
        }
        var asWritten = $"{url}{path}?{general}{used}".TrimEnd('&', '?');
        var links = new List<BundleLink>(4) { new("self", asWritten) };
        if (page.Next is null && page.Previous is null) return links;
        links.Add(new BundleLink("first", asWritten));
        if (page.Previous is { } previous) links.Add(new BundleLink("previous", LinkTo(previous)));
        if (page.Next is { } next) links.Add(new BundleLink("next", LinkTo(next)));
        return links;

        string LinkTo(SearchCursor cursor) => string.Create(
            CultureInfo.InvariantCulture, $"{url}{path}?{general}_page={pageLink.Seal($"{path}\n{used}\n{asked.UtcTicks}\n{cursor}")}");
    }
}

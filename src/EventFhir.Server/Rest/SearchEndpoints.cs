using System.Collections.Immutable;
using System.Globalization;

using EventFhir.Core;
using EventFhir.Core.Search;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Search;
using EventFhir.Server.Formats;

using Microsoft.AspNetCore.WebUtilities;

namespace EventFhir.Server.Rest;

/// <summary>search of a type, of several types and of a compartment, by GET and POST (R4 http.html#search).</summary>
public sealed class SearchEndpoints(SearchDefinitions definitions, SearchReader searches, BaseUrl baseUrl, PageLink pageLink, TimeProvider time)
{
    private const string FormType = "application/x-www-form-urlencoded";

    /// <summary>Parameters of every interaction; the search neither knows nor repeats them.</summary>
    private static readonly ImmutableArray<string> General = ["_format", "_pretty"];

    public ValueTask<Answer> OfTypeAsync(FhirRequest request)
    {
        var type = request.ReadType(definitions.Release);
        return AnswerAsync(request, $"/{type.Name}", (parser, parameters) => parser.Parse(type, parameters));
    }

    public ValueTask<Answer> OfSystemAsync(FhirRequest request) =>
        AnswerAsync(request, "", (parser, parameters) => parser.ParseSystem(parameters));

    public ValueTask<Answer> OfCompartmentAsync(FhirRequest request)
    {
        var (key, refusal) = request.ReadKey(definitions.Release);
        if (refusal is not null) return ValueTask.FromResult(Answer.Of(refusal));
        var member = (string)request.Http.Request.RouteValues["member"]!;
        var type = definitions.Release.FindResourceType(member);
        if (type is null && member != "*") return NotFound($"'{key.Type.Name}/[id]/…' leads to a resource type or '*'.");
        if (definitions.Release.Compartments.FirstOrDefault(compartment => compartment.Type == key.Type) is not { } compartment)
            return NotFound($"{key.Type.Name} has no compartment.");
        var path = $"/{key.Type.Name}/{key.Id.Value}/{member}";
        return AnswerAsync(request, path, (parser, parameters) => parser.ParseCompartment(compartment, key.Id.Value, type, parameters));
    }

    private static ValueTask<Answer> NotFound(string diagnostics) =>
        ValueTask.FromResult(Answer.Of(Refusal.Of(RefusalKind.NotFound, "not-found", diagnostics)));

    private async ValueTask<Answer> AnswerAsync(
        FhirRequest request, string path, Func<SearchParser, IReadOnlyList<QueryParameter>, Outcome<SearchQuery>> parse)
    {
        var (parameters, cursor, asked, unreadable) = await ReadAsync(request, path);
        if (unreadable is not null) return Answer.Of(unreadable);
        var url = baseUrl.Of(request.Http.Request);
        var unknown = request.Prefer.Handling is Handling.Lenient ? UnknownParameters.Ignore : UnknownParameters.Refuse;
        var parsed = parse(new SearchParser(new SearchContext(definitions, url, asked, unknown)), parameters);
        if (parsed.IsRefused(out var refusal)) return Answer.Of(refusal);

        var query = parsed.Value;
        var read = await searches.ReadAsync(query, cursor, request.Aborted);
        if (read.IsRefused(out var failed)) return Answer.Of(failed);
        var subset = new SubsetWriter(query.Result.Summary, query.Result.Elements);
        return new Answer(200, SearchBundleWriter.Write(url, read.Value, subset, Links(request, url, path, query, read.Value, asked)));
    }

    /// <summary>The parameters of the URL and the form; or, behind a page link, those that it seals, where the page begins, and when the first
    /// page was asked for, since a date may be approximate to that time.</summary>
    private async ValueTask<(IReadOnlyList<QueryParameter> Parameters, SearchCursor? Cursor, DateTimeOffset Asked, Refusal? Refusal)> ReadAsync(
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
                ? (Decode(sealedQuery), cursor, new DateTimeOffset(asked, TimeSpan.Zero), null)
                : ([], null, now, Refusal.Of(
                    RefusalKind.BadRequest, "value", "_page comes from a link of a page, and leads only where it came from."));
        }
        var parameters = Decode(http.QueryString.Value ?? "");
        if (!HttpMethods.IsPost(http.Method)) return (parameters, null, now, null);
        if (http.ContentLength is null or 0 && http.ContentType is null) return (parameters, null, now, null);
        if (http.ContentType?.StartsWith(FormType, StringComparison.OrdinalIgnoreCase) is not true)
            return ([], null, now, Refusal.Of(RefusalKind.UnsupportedMediaType, "not-supported", $"A search is posted as {FormType}."));
        if (Negotiation.CheckEncoding(http.Headers.ContentEncoding) is { } encoded) return ([], null, now, encoded);
        using var body = new StreamReader(http.Body);
        return ([.. parameters, .. Decode(await body.ReadToEndAsync(request.Aborted))], null, now, null);
    }

    /// <summary>In the order given, which the self link keeps.</summary>
    private static ImmutableArray<QueryParameter> Decode(string query)
    {
        var parameters = ImmutableArray.CreateBuilder<QueryParameter>();
        foreach (var pair in new QueryStringEnumerable(query))
        {
            var name = pair.DecodeName().ToString();
            if (!General.Contains(name)) parameters.Add(new QueryParameter(name, pair.DecodeValue().ToString()));
        }
        return parameters.ToImmutable();
    }

    private IEnumerable<BundleLink> Links(FhirRequest request, string url, string path, SearchQuery query, SearchPage page, DateTimeOffset asked)
    {
        var used = string.Join('&', query.Used.Select(parameter =>
            $"{Uri.EscapeDataString(parameter.Name)}={Uri.EscapeDataString(parameter.Value)}"));
        var general = string.Concat(General
            .Where(name => request.Http.Request.Query.ContainsKey(name))
            .Select(name => $"{name}={Uri.EscapeDataString(request.Http.Request.Query[name].ToString())}&"));
        var self = $"{general}{used}".TrimEnd('&');
        yield return new BundleLink("self", self.Length > 0 ? $"{url}{path}?{self}" : url + path);
        if (page.Next is null && page.Previous is null) yield break;
        yield return new BundleLink("first", self.Length > 0 ? $"{url}{path}?{self}" : url + path);
        if (page.Previous is { } previous) yield return new BundleLink("previous", LinkTo(previous));
        if (page.Next is { } next) yield return new BundleLink("next", LinkTo(next));

        string LinkTo(SearchCursor cursor) => string.Create(
            CultureInfo.InvariantCulture, $"{url}{path}?{general}_page={pageLink.Seal($"{path}\n{used}\n{asked.UtcTicks}\n{cursor}")}");
    }
}

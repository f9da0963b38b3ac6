using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

using EventFhir.Core;
using EventFhir.Core.Bundles;
using EventFhir.Core.Events;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Feed;
using EventFhir.Postgres.Reading;
using EventFhir.Server.Formats;

using Microsoft.AspNetCore.WebUtilities;

namespace EventFhir.Server.Rest;

/// <summary>history of a resource, of a type and of everything (R4 http.html#history).</summary>
public sealed class HistoryEndpoints(
    Release release, HistoryReader histories, ResourceReader resources, BaseUrl baseUrl, PageLink pageLink, AsOfRequest asOf)
{
    public async ValueTask<Answer> OfInstanceAsync(FhirRequest request)
    {
        var (key, refusal) = request.ReadKey(release);
        if (refusal is not null) return Answer.Of(refusal);
        return await AnswerAsync(request, new HistoryScope.Instance(key), $"/{key.Type.Name}/{key.Id.Value}/_history");
    }

    public ValueTask<Answer> OfTypeAsync(FhirRequest request)
    {
        var type = request.ReadType(release);
        return AnswerAsync(request, new HistoryScope.OfType(type), $"/{type.Name}/_history");
    }

    public ValueTask<Answer> OfSystemAsync(FhirRequest request) => AnswerAsync(request, new HistoryScope.OfSystem(), "/_history");

    private async ValueTask<Answer> AnswerAsync(FhirRequest request, HistoryScope scope, string path)
    {
        var (parameters, cursor, refusal) = ReadPage(request, path);
        var (history, unreadable) = refusal is null ? HistoryRequest.Read(parameters, TypesOf(scope)) : (null, refusal);
        if (history is null) return Answer.Of(unreadable!);

        var wanted = await asOf.ReadAsync(request);
        if (wanted.IsRefused(out refusal)) return Answer.Of(refusal);
        var moment = wanted.Value.Moment;
        var page = await histories.ReadAsync(QueryOf(history, scope, cursor) with
        {
            AsOf = moment, Among = await NamedByAsync(history.List, moment, request),
        }, request.Aborted);
        if (page.Entries.IsEmpty && scope is HistoryScope.Instance { Key: var key }
            && await resources.ReadAsOfAsync(key, moment, request.Aborted) is null)
            return Answer.Of(Refusal.Of(RefusalKind.NotFound, "not-found", "There is no such resource, and there never was."));
        // Of a resource that was erased and not written again, there is nothing but the skeleton.
        if (scope is HistoryScope.Instance { Key: var asked } && !page.Entries.IsEmpty && page.Entries.All(version => version.IsDeleted)
            && page.Entries.Any(version => version.IsErased) && await resources.ReadAsync(asked, request.Aborted) is { IsErased: true })
            return Answer.Of(ReadEndpoints.Erased);

        var url = baseUrl.Of(request.Http.Request);
        var links = Links(request, url + path, path, page, wanted.Value);
        return wanted.Value.Tell(EntityTags.Answered(
            request, BundleTags.Of(QuestionOf(request, path, cursor), page),
            () => HistoryBundleWriter.Write(url, page, history.Subset.Writer, links)));
    }

    /// <summary>What a List names on this server, at that time; null without one.</summary>
    private async ValueTask<ImmutableArray<ResourceKey>?> NamedByAsync(ResourceId? id, Moment? moment, FhirRequest request)
    {
        if (id is not { } given) return null;
        var key = new ResourceKey(release.FindResourceType("List") ?? throw new UnreachableException("The release has no lists."), given);
        var stored = await resources.ReadAsOfAsync(key, moment, request.Aborted);
        if (stored is null or { IsDeleted: true }) return [];
        using var list = JsonDocument.Parse(stored.Body);
        if (!list.RootElement.TryGetProperty("entry"u8, out var entries)) return [];
        var url = baseUrl.Of(request.Http.Request);
        var keys = ImmutableArray.CreateBuilder<ResourceKey>();
        foreach (var entry in entries.EnumerateArray())
            if (entry.TryGetProperty("item"u8, out var item) && item.TextOf("reference") is { } reference
                && EntryUrl.Of(reference, url).Segments is [var name, var text, ..]
                && release.FindResourceType(name) is { } type && ResourceId.TryParse(text, out var named))
                keys.Add(new ResourceKey(type, named));
        return keys.DrainToImmutable();
    }

    private ImmutableArray<TypeDefinition> TypesOf(HistoryScope scope) => scope switch
    {
        HistoryScope.Instance instance => [instance.Key.Type],
        HistoryScope.OfType ofType => [ofType.Type],
        _ => release.ResourceTypes,
    };

    private static HistoryQuery QueryOf(HistoryRequest history, HistoryScope scope, HistoryCursor? cursor) => new(scope, history.Count)
    {
        Since = history.Since,
        Before = history.Before,
        AtFrom = history.At?.Low,
        AtBefore = history.At?.High,
        Order = history.Order,
        After = cursor,
    };

    // A page link holds all there is to know: the path it is for, the parameters of the first page and where the next one starts.
    private (IQueryCollection Parameters, HistoryCursor? Cursor, Refusal? Refusal) ReadPage(FhirRequest request, string path)
    {
        var query = request.Http.Request.Query;
        var token = query["_page"].ToString();
        if (token.Length == 0) return (query, null, null);
        return pageLink.TryOpen(token, out var text)
            && text.Split('\n') is [var sealedPath, var parameters, var position]
            && sealedPath == path
            && HistoryCursor.TryParse(position, out var cursor)
            ? (new QueryCollection(QueryHelpers.ParseQuery(parameters)), cursor, null)
            : (query, null, Refusal.Of(RefusalKind.BadRequest, "value", "_page comes from a link of a page, and leads only where it came from."));
    }

    private static readonly string[] KeptParameters = ["_format", "_pretty", AsOfRequest.Parameter];

    private List<BundleLink> Links(FhirRequest request, string url, string path, HistoryPage page, AsOfRequest.Wanted wanted)
    {
        var asked = Used(request.Http.Request);
        var links = new List<BundleLink> { new("self", url + asked) };
        if (page.Next is not { } next) return links;

        var parameters = request.Http.Request.Query["_page"].ToString() is { Length: > 0 } token && pageLink.TryOpen(token, out var text)
            ? text.Split('\n')[1]
            : asked;
        var form = string.Concat(KeptParameters
            .Where(name => request.Http.Request.Query.ContainsKey(name))
            .Select(name => $"{name}={Uri.EscapeDataString(request.Http.Request.Query[name].ToString())}&"));
        // The places of a history as of a moment are those of the feed, so its later pages have to be of the same moment.
        if (wanted is { IsAskedFor: false, Moment: { } commit }) form += $"{AsOfRequest.Parameter}={commit.Cursor}&";
        links.Add(new BundleLink("next", $"{url}?{form}_page={pageLink.Seal($"{path}\n{parameters}\n{next}")}"));
        return links;
    }

    /// <summary>
    /// What was asked for, whichever link led to it: a link to a page holds the state of the log when the page before was read, and so is another
    /// one each time, while the page is the same.
    /// </summary>
    private string QuestionOf(FhirRequest request, string path, HistoryCursor? cursor) =>
        cursor is not null && pageLink.TryOpen(request.Http.Request.Query["_page"].ToString(), out var text)
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"{path}{text.Split('\n')[1]}\n{cursor.Sequence}\n{request.Http.Request.Query[AsOfRequest.Parameter]}")
            : path + Used(request.Http.Request);

    /// <summary>The query string as it was sent, without what lenient handling left aside: the self link tells what was done.</summary>
    private static string Used(HttpRequest request)
    {
        var pairs = new List<string>();
        foreach (var pair in new QueryStringEnumerable(request.QueryString.Value))
        {
            var name = pair.DecodeName().ToString();
            if (HistoryRequest.Parameters.Contains(name) || KeptParameters.Contains(name)) pairs.Add($"{pair.EncodedName}={pair.EncodedValue}");
        }
        return pairs.Count > 0 ? "?" + string.Join('&', pairs) : "";
    }
}

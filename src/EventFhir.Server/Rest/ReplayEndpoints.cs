using System.Collections.Immutable;
using System.Globalization;

using EventFhir.Core;
using EventFhir.Core.Events;
using EventFhir.Core.Feed;
using EventFhir.Model;
using EventFhir.Model.Definitions;
using EventFhir.Model.Patching;
using EventFhir.Postgres.Feed;
using EventFhir.Postgres.Reading;
using EventFhir.Server.Formats;

namespace EventFhir.Server.Rest;

/// <summary>$replay and $diff: how a resource became what it is (docs/time-travel.md).</summary>
public sealed class ReplayEndpoints(Release release, ReplayReader replays, ResourceReader resources, MomentReader moments, BaseUrl baseUrl)
{
    public static readonly ImmutableArray<string> ReplayParameters = ["_count", "from"];
    public static readonly ImmutableArray<string> DiffParameters = ["from", "to"];

    private static readonly Refusal Unknown = Refusal.Of(RefusalKind.NotFound, "not-found", "There is no such resource or version.");

    private static readonly Refusal Malformed = Refusal.Of(
        RefusalKind.BadRequest, "value",
        "from and to are numbers of versions, instants such as 2026-11-21T08:00:00Z or cursors of the feed, each once.");

    public async ValueTask<Answer> ReplayAsync(FhirRequest request)
    {
        var (key, refusal) = request.ReadKey(release);
        if (refusal is not null) return Answer.Of(refusal);
        var query = request.Http.Request.Query;
        if (NumberOf(query, "_count", Limits.PageSizeDefault) is not { } count || NumberOf(query, "from", 1) is not { } from)
            return Answer.Of(Refusal.Of(RefusalKind.BadRequest, "value", "_count and from are numbers above 0, each once."));
        count = Math.Min(count, Limits.PageSizeMax);
        var page = await replays.ReadAsync(key, from, count, request.Aborted);
        if (page.Versions.IsEmpty) return Answer.Of(Unknown);
        var url = $"{baseUrl.Of(request.Http.Request)}/{key.Type.Name}/{key.Id.Value}/$replay";
        var next = page.Next is { } number ? string.Create(CultureInfo.InvariantCulture, $"{url}?_count={count}&from={number}") : null;
        return new Answer(200, [ReplayWriter.Write(page, next, release)]);
    }

    /// <summary>The answer is a FHIRPath Patch: sent to the version that it begins with, it makes the one that it ends with.</summary>
    public async ValueTask<Answer> DiffAsync(FhirRequest request)
    {
        var (key, refusal) = request.ReadKey(release);
        if (refusal is not null) return Answer.Of(refusal);
        var query = request.Http.Request.Query;
        var to = await FindAsync(key, query["to"], default, request.Aborted);
        if (to.IsRefused(out refusal)) return Answer.Of(refusal);
        var from = await FindAsync(key, query["from"], to.Value.Version - 1, request.Aborted);
        if (from.IsRefused(out refusal)) return Answer.Of(refusal);
        if (from.Value.IsDeleted || to.Value.IsDeleted)
            return Answer.Of(Refusal.Of(RefusalKind.Deleted, "deleted", "The resource was deleted then, so there is nothing to compare."));
        return new Answer(200, [ReplayWriter.Write(ResourceDiff.Between(from.Value.Body, to.Value.Body, key.Type, release))]);
    }

    /// <param name="otherwise">The version meant where none is named; 0 for the newest.</param>
    private async ValueTask<Outcome<StoredVersion>> FindAsync(
        ResourceKey key, Microsoft.Extensions.Primitives.StringValues named, long otherwise, CancellationToken cancellationToken)
    {
        StoredVersion? found;
        if (named.Count == 0)
        {
            found = otherwise == 0
                ? await resources.ReadAsync(key, cancellationToken)
                : await resources.ReadVersionAsync(key, otherwise, cancellationToken);
        }
        else if (named.Count == 1 && EntityTags.VersionOf(named.ToString()) is { } version)
        {
            found = await resources.ReadVersionAsync(key, version, cancellationToken);
        }
        else
        {
            if (AsOf.Parse(named.ToString()) is not { } asOf) return Malformed;
            var moment = await moments.FindAsync(asOf, cancellationToken);
            if (moment.IsRefused(out var refusal)) return refusal;
            found = await resources.ReadAsOfAsync(key, moment.Value, cancellationToken);
        }
        return found is null ? Unknown : found;
    }

    private static int? NumberOf(IQueryCollection query, string name, int otherwise) =>
        query[name] switch
        {
            [] => otherwise,
            [{ } text] when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && number is > 0 and < int.MaxValue / 2 => number,
            _ => null,
        };
}

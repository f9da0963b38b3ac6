using System.Collections.Immutable;

using EventFhir.Core;
using EventFhir.Core.Events;
using EventFhir.Core.Search;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Reading;

namespace EventFhir.Server.Rest;

/// <summary>read and vread (R4 http.html#read, #vread): the stored bytes go out as they are.</summary>
public sealed class ReadEndpoints(Release release, ResourceReader reader, AsOfRequest asOf)
{
    public static readonly ImmutableArray<string> Parameters = [.. SubsetRequest.Parameters, AsOfRequest.Parameter];

    /// <summary>For what was destroyed on purpose (docs/proof.md): 410, as for a delete, but there is no history to look into.</summary>
    public static Refusal Erased { get; } = Refusal.Of(
        RefusalKind.Deleted, "deleted", "The content of this version has been erased for good; the log keeps only the proof that there was one.");

    public async ValueTask<Answer> ReadAsync(FhirRequest request)
    {
        var (key, refusal) = request.ReadKey(release);
        if (refusal is not null) return Answer.Of(refusal);
        var wanted = await asOf.ReadAsync(request);
        if (wanted.IsRefused(out refusal)) return Answer.Of(refusal);
        return wanted.Value.Tell(AnswerOf(request, key, await reader.ReadAsOfAsync(key, wanted.Value.Moment, request.Aborted)));
    }

    public async ValueTask<Answer> ReadVersionAsync(FhirRequest request)
    {
        var (key, refusal) = request.ReadKey(release);
        if (refusal is not null) return Answer.Of(refusal);
        var version = request.ReadVersion();
        // To a transaction, what others have written since is not there yet.
        if (AsOfRequest.OfTransaction(request) is { } commit
            && (await reader.ReadAsOfAsync(key, commit, request.Aborted))?.Version < version) version = null;
        return AnswerOf(request, key, version is { } number ? await reader.ReadVersionAsync(key, number, request.Aborted) : null);
    }

    private static Answer AnswerOf(FhirRequest request, ResourceKey key, StoredVersion? stored)
    {
        var subset = SubsetRequest.Read(request.Http.Request.Query, [key.Type]);
        if (subset.IsRefused(out var refusal)) return Answer.Of(refusal);
        if (subset.Value.Summary is SummaryMode.Count)
            return Answer.Of(Refusal.Of(RefusalKind.BadRequest, "value", "_summary=count is for searches and histories."));
        if (stored is null) return Answer.Of(Refusal.Of(RefusalKind.NotFound, "not-found", "There is no such resource or version."));
        if (stored.IsErased)
            return Answer.Of(Erased) with { Version = stored.Version, LastUpdated = stored.LastUpdated };
        if (stored.IsDeleted)
            return Answer.Of(Refusal.Of(RefusalKind.Deleted, "deleted", "The resource is deleted; its history is still there."))
                with { Version = stored.Version, LastUpdated = stored.LastUpdated };
        var isCurrentAtClient = Preconditions.HasCurrent(request.Http.Request.Headers, stored.Version, stored.LastUpdated);
        return new Answer(isCurrentAtClient ? 304 : 200, isCurrentAtClient ? [] : [subset.Value.Writer.Write(stored)])
        {
            Version = stored.Version, LastUpdated = stored.LastUpdated,
        };
    }
}

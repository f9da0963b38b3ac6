using EventFhir.Core;
using EventFhir.Core.Bundles;
using EventFhir.Core.Events;
using EventFhir.Core.Search.Parameters;
using EventFhir.Core.Terminology;

namespace EventFhir.Server.Rest.Bundles;

/// <summary>An entry of a transaction that reads, as it is answered before the transaction writes.</summary>
/// <param name="Key">The resource in its URL; null for a search.</param>
/// <param name="NeedsCurrent">It fails for a resource that is deleted.</param>
public sealed record ForeseenRead(BundleEntry Entry, ResourceKey? Key, bool NeedsCurrent, Answer Answer)
{
    private static readonly Refusal Deleted =
        Refusal.Of(RefusalKind.Deleted, "deleted", "The transaction deletes the resource, so there is nothing to read after its writes.");

    /// <summary>What the entry will fail with after the writes of the plan; null if it may succeed.</summary>
    public Answer? FailureAfter(TransactionPlan plan)
    {
        var own = Key is null ? null : plan.Writes.FirstOrDefault(write => write.Key == Key);
        if (own is { Kind: WriteKind.Delete } && NeedsCurrent) return At(Answer.Of(Deleted));
        if (Answer.Status < StatusCodes.Status400BadRequest) return null;
        var isMended = Answer.Status is StatusCodes.Status404NotFound or StatusCodes.Status410Gone
            ? own is { Kind: not WriteKind.Delete }
            : Key is null && plan.Writes.Any(DefinesSearches);
        return isMended ? null : At(Answer);
    }

    /// <summary>A search that is refused may be possible once parameters, value sets or code systems are stored.</summary>
    private static bool DefinesSearches(PlannedWrite write) =>
        write.Key.Type.Name is CustomParameterReader.TypeName or nameof(SourceKind.ValueSet) or nameof(SourceKind.CodeSystem);

    private Answer At(Answer answer) => Answer.Empty(answer.Status) with
    {
        Issues = [.. answer.Issues.Select(issue => issue with { Expression = $"{Entry.Path}.request.url", Line = 0, Column = 0 })],
    };
}

using EventFhir.Core;
using EventFhir.Core.Feed;
using EventFhir.Postgres.Feed;

namespace EventFhir.Server.Rest;

/// <summary>
/// The moment that a read, a search or a history is as of: that of _asOf (docs/time-travel.md), or of the commit of the transaction that reads, which
/// is a feature of the request.
/// </summary>
public sealed class AsOfRequest(MomentReader moments)
{
    public const string Parameter = "_asOf";

    private static readonly Refusal Malformed = Refusal.Of(
        RefusalKind.BadRequest, "value", $"{Parameter} is an instant such as 2026-11-21T08:00:00Z or a cursor of the feed such as e1.4711, once.");

    private static readonly Outcome<Wanted> Now = new Wanted(null);

    /// <summary>From the URL, or the form of a search.</summary>
    public async ValueTask<Outcome<Wanted>> ReadAsync(FhirRequest request)
    {
        var text = SearchForm.Value(request.Http, Parameter);
        if (text.Length == 0 && !request.Http.Request.Query.ContainsKey(Parameter))
            return OfTransaction(request) is { } commit ? new Wanted(commit) : Now;
        if (AsOf.Parse(text) is not { } asOf) return Malformed;
        var found = await moments.FindAsync(asOf, request.Aborted);
        return found.IsRefused(out var refusal) ? refusal : new Wanted(found.Value) { IsAskedFor = true };
    }

    /// <summary>The commit of the transaction that the request is an entry of; null for all other requests.</summary>
    public static Moment? OfTransaction(FhirRequest request) => request.Http.Features.Get<Moment>();

    /// <param name="Moment">Null for now.</param>
    public sealed record Wanted(Moment? Moment)
    {
        /// <summary>False if the transaction is why; then the client has not asked for a moment, and is told of none.</summary>
        public bool IsAskedFor { get; init; }

        /// <summary>Tells the client which place in the feed the answer is as of.</summary>
        public Answer Tell(Answer answer) => Moment is null || !IsAskedFor ? answer : answer with { AsOf = Moment.Cursor };
    }
}

using System.Collections.Immutable;

using EventFhir.Core;
using EventFhir.Core.Bundles;
using EventFhir.Core.Conditions;
using EventFhir.Core.Events;
using EventFhir.Core.Search;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.Json;
using EventFhir.Postgres.Conditions;
using EventFhir.Postgres.Parameters;

namespace EventFhir.Server.Rest.Bundles;

/// <summary>
/// Finds what the conditional references of a transaction mean, all of them at once (R4 http.html#trules). They are resolved last, so that what the
/// transaction writes counts as it will be, and what it deletes does not.
/// </summary>
public sealed class ReferenceCriteria(ParameterRegistry registry, ConditionalStore conditional, Release release)
{
    public async Task<Outcome<ReferenceMeanings>> FindAsync(
        List<(BundleEntry Entry, EntryAction Action)> actions, string baseUrl, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var context = new SearchContext(registry.Active.Current, baseUrl, now, UnknownParameters.Refuse);
        var meanings = new Dictionary<string, ReferenceMeaning>(StringComparer.Ordinal);
        foreach (var (entry, _) in actions)
            foreach (var reference in entry.Criteria)
                if (!meanings.ContainsKey(reference) && Read(reference, context) is { } meaning) meanings.Add(reference, meaning);
        ImmutableArray<ReferenceMeaning> sought = [.. meanings.Values.Where(meaning => meaning.Criteria.Refusal is null)];
        if (sought.IsEmpty) return new ReferenceMeanings(release, baseUrl, meanings);

        // Those that the transaction itself writes may be among the matches, and are looked at apart.
        var written = actions.Count(planned => planned.Action is EntryAction.Write or EntryAction.ByCriteria);
        var found = await conditional.FindAsync(
            [.. sought.Select(meaning => meaning.Text)], baseUrl, now, CriteriaMatches.OneOrSeveral + written, cancellationToken);
        if (found.IsRefused(out var refusal)) return refusal;
        for (var place = 0; place < sought.Length; place++)
            meanings[sought[place].Reference] = sought[place] with { Found = found.Value.OfEach[place] };
        return new ReferenceMeanings(release, baseUrl, meanings);
    }

    /// <summary>Null if the text is no conditional reference, but a URL with a query.</summary>
    private ReferenceMeaning? Read(string reference, SearchContext context)
    {
        var question = reference.IndexOf('?', StringComparison.Ordinal);
        if (release.FindResourceType(reference[..question]) is not { } type) return null;
        var text = new CriteriaText(type, SearchForm.Decode(reference[(question + 1)..]));
        return new ReferenceMeaning(reference, text, Criteria.Parse(context, text), []);
    }
}

/// <summary>A conditional reference, and what it finds among the resources that are stored.</summary>
public sealed record ReferenceMeaning(string Reference, CriteriaText Text, Outcome<Criteria> Criteria, ImmutableArray<CriteriaMatch> Found);

/// <summary>What each conditional reference of a transaction finds.</summary>
public sealed class ReferenceMeanings(Release release, string baseUrl, IReadOnlyDictionary<string, ReferenceMeaning> meanings)
{
    private static readonly Refusal Nothing = Refusal.Of(
        RefusalKind.PreconditionFailed, "not-found", "No resource meets the criteria of this reference.");

    private static readonly Refusal Several = Refusal.Of(
        RefusalKind.PreconditionFailed, "multiple-matches",
        "Several resources meet the criteria of this reference, and it is not known which one is meant.");

    /// <summary>Tells the links of a plan what the references mean, in the light of what it writes.</summary>
    public void AddTo(TransactionPlan plan)
    {
        if (meanings.Count == 0) return;
        var targets = meanings.Values.Select(meaning => meaning.Text.Type).ToHashSet();
        var written = plan.Writes.Where(write => targets.Contains(write.Key.Type)).ToList();
        var keys = written.Select(write => write.Key).ToHashSet();
        var resources = written.Where(write => write.Kind is not WriteKind.Delete).Select(write => (write.Key, Resource: ReadOf(write)))
            .Where(pair => pair.Resource is not null).ToList();
        var matcher = new SearchMatcher(release, baseUrl, [.. resources.Select(pair => pair.Resource!)]);
        foreach (var meaning in meanings.Values)
        {
            if (meaning.Criteria.IsRefused(out var refusal))
            {
                plan.Links.AddCriteria(meaning.Reference, refusal);
                continue;
            }
            var query = meaning.Criteria.Value.Query;
            var here = TerminologyClauses.QuestionsOf(query).IsEmpty
                ? resources.Where(pair => matcher.Matches(query.Types[0], pair.Resource!)).Select(pair => pair.Key)
                : [];
            var matches = meaning.Found.Select(match => match.Key).Where(key => !keys.Contains(key)).Concat(here).Take(2).ToList();
            plan.Links.AddCriteria(meaning.Reference, matches switch
            {
                [var only] => only.ToString(),
                [] => Nothing,
                _ => Several,
            });
        }
    }

    private Resource? ReadOf(PlannedWrite write) =>
        ResourceJsonReader.Read(write.Entry.Resource, release, ResourcePlace.TransactionEntry).Resource;
}

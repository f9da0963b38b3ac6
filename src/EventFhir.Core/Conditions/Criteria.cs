using System.Collections.Immutable;
using System.Text;

using EventFhir.Core.Events;
using EventFhir.Core.Search;
using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;

namespace EventFhir.Core.Conditions;

/// <summary>
/// The search of a conditional interaction (R4 http.html#ccreate, #cond-update, #cond-patch, #3.1.0.7.1). It is read as any other search, but
/// nothing in it is ever left out: a write that ignored a part of what it was told would change the wrong resource.
/// </summary>
/// <param name="Hash">The same for criteria that say the same, in whatever order: requests with equal ones take turns.</param>
public sealed record Criteria(SearchQuery Query, long Hash)
{
    public TypeDefinition Type => Query.Types[0].Type;

    public static Outcome<Criteria> Parse(SearchContext context, CriteriaText text)
    {
        foreach (var parameter in text.Parameters)
        {
            if (parameter.Value.Length == 0)
                return Bad($"The criteria give '{parameter.Name}' without a value; it will not be guessed what they mean.");
            if (ResultParser.Knows(parameter.Name)) return Bad($"'{parameter.Name}' shapes an answer; criteria only say what has to be found.");
        }
        var parsed = new SearchParser(context with { Unknown = UnknownParameters.Refuse }).Parse(text.Type, text.Parameters);
        if (parsed.IsRefused(out var refusal)) return refusal;
        if (parsed.Value.Types[0].Clauses.IsEmpty) return Bad($"The criteria are empty, and every {text.Type.Name} would meet them.");
        return new Criteria(parsed.Value, HashOf(parsed.Value.Types[0]));
    }

    private static long HashOf(TypeQuery query)
    {
        var parts = query.Clauses.Select(clause => QueryText.Of(new TypeQuery(query.Type, [clause]))).Order(StringComparer.Ordinal);
        return unchecked((long)XxHash64.Of(Encoding.UTF8.GetBytes(string.Join('\n', parts)), 0));
    }

    private static Refusal Bad(string diagnostics) => Refusal.Of(RefusalKind.BadRequest, "value", diagnostics);
}

/// <summary>A resource that meets criteria, as it was when they were asked.</summary>
public readonly record struct CriteriaMatch(ResourceKey Key, long Version);

/// <summary>What criteria found when a group was planned. If they find something else when the group is written, it is refused.</summary>
public sealed record CriteriaGuard(Criteria Criteria, ImmutableArray<ResourceKey> Found);

using EventFhir.Core.Search;
using EventFhir.Model.Definitions;

using Npgsql;

namespace EventFhir.Postgres.Search;

/// <summary>What a statement of a search does.</summary>
internal enum StepKind
{
    /// <summary>Counts.</summary>
    Total,

    /// <summary>Says nothing if a chain leads to many resources.</summary>
    ThroughKeys,

    /// <summary>Says nothing if there are more matches than are counted for nothing.</summary>
    Few,

    /// <summary>Says nothing unless the stretch fills the page.</summary>
    Walk,

    /// <summary>Gives the page whatever it takes.</summary>
    Gather,
}

/// <summary>Whether a statement is planned for its values, or once.</summary>
internal enum StepPlan { Own, Kept }

/// <param name="Use">When it is used, in words.</param>
internal sealed record SearchStep(StepKind Kind, StepPlan Plan, NpgsqlBatchCommand Statement, string Use);

/// <summary>
/// The statements that may answer a search, in the order in which they are tried: <see cref="SearchReader"/> carries them out until one says enough,
/// and <see cref="SearchExplainer"/> shows them all.
/// </summary>
/// <param name="hasTables">Types never written have no tables, and so no matches.</param>
internal sealed class SearchSteps(Func<TypeDefinition, bool> hasTables)
{
    /// <summary>Up to here a total that was not asked for is counted.</summary>
    public const int FreeCountMax = 2_000;

    /// <param name="at">Null for the first page.</param>
    public IEnumerable<SearchStep> Of(SearchQuery query, SearchCursor? at)
    {
        var compiler = new SearchCompiler(hasTables);
        if (IsCount(query))
        {
            yield return TotalOf(query, at);
            yield break;
        }
        if (!SearchCompiler.IsUnfiltered(query))
        {
            if (at is null && BoundOf(query, at) is { } most && compiler.FewThroughKeys(query, most) is { } throughKeys)
                yield return new(
                    StepKind.ThroughKeys, StepPlan.Own, throughKeys, $"if a chain leads to up to {SearchCompiler.LookedUpMax} resources");
            yield return FewOf(query, at);
            if (BoundOf(query, at) is null) yield break;
        }
        var walk = new WalkStatement(hasTables).Of(query, at);
        if (walk is not null) yield return new(StepKind.Walk, StepPlan.Own, walk, "if a stretch of the order fills the page");
        if (walk is null || !WalkStatement.IsComplete(query)) yield return new(StepKind.Gather, StepPlan.Own, compiler.Page(query, at), "otherwise");
    }

    /// <summary>Counts all matches.</summary>
    public SearchStep TotalOf(SearchQuery query, SearchCursor? at) =>
        new(StepKind.Total, StepPlan.Own, new SearchCompiler(hasTables).Count(query, at?.Snapshot), "the total");

    /// <summary>The first step of a search that looks up a key.</summary>
    public SearchStep FewOf(SearchQuery query, SearchCursor? at)
    {
        var bound = BoundOf(query, at);
        return new(
            StepKind.Few, BeginsByKey(query, at) ? StepPlan.Kept : StepPlan.Own, new SearchCompiler(hasTables).Few(query, at, bound),
            bound is null ? "all matches, counted" : $"if up to {bound} match");
    }

    /// <summary>True if the first statement is a look-up whose plan is kept.</summary>
    public static bool BeginsByKey(SearchQuery query, SearchCursor? at) =>
        !IsCount(query) && BoundOf(query, at) is not null && KeyQueries.Is(query);

    /// <summary>The page that a step found; null if it says nothing.</summary>
    public static FoundRows? Enough(SearchStep step, FoundRows found, SearchQuery query, SearchCursor? at) => step.Kind switch
    {
        StepKind.ThroughKeys when found.IsOpen => null,
        StepKind.ThroughKeys or StepKind.Few =>
            found.Rows.Count == 0 ? found with { Matches = 0 } : BoundOf(query, at) is { } bound && found.Matches > bound ? null : found,
        StepKind.Walk when !(found.Matches > query.Result.Count) && !WalkStatement.IsComplete(query) => null,
        _ => found with { Matches = found.Live },
    };

    public static bool IsCount(SearchQuery query) => query.Result.Count == 0 || query.Result.Summary is SummaryMode.Count;

    /// <summary>How many matches are counted; null for all.</summary>
    private static int? BoundOf(SearchQuery query, SearchCursor? at) =>
        at is null or { IsStart: true } && query.Result.Total is TotalMode.Accurate or TotalMode.Estimate ? null : FreeCountMax;
}

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

/// <summary>When the order is walked: before matches are gathered, after that, or not at all.</summary>
internal enum WalkTurn { First, Second, Never }

/// <param name="Use">When it is used, in words.</param>
internal sealed record SearchStep(StepKind Kind, StepPlan Plan, NpgsqlBatchCommand Statement, string Use)
{
    /// <summary>How many matches it gathers at most; null for as many as there are.</summary>
    public int? Bound { get; init; }
}

/// <summary>
/// The statements that may answer a search, in the order in which they are tried: <see cref="SearchReader"/> carries them out until one says enough,
/// and <see cref="SearchExplainer"/> shows them all.
/// </summary>
/// <param name="hasTables">Types never written have no tables, and so no matches.</param>
/// <param name="estimates">Tells which searches match much.</param>
internal sealed class SearchSteps(Func<TypeDefinition, bool> hasTables, MatchEstimates estimates)
{
    /// <summary>Up to here a total that was not asked for is counted.</summary>
    public const int FreeCountMax = 2_000;

    /// <summary>The same of a small page without a total.</summary>
    private const int SmallBound = 250;

    private const int SmallPageMax = 50;

    /// <summary>How many matches are gathered of what is known to be too rare for a walk.</summary>
    private const int GatheredMax = 20_000;

    /// <param name="at">Null for the first page.</param>
    public IEnumerable<SearchStep> Of(SearchQuery query, SearchCursor? at)
    {
        var compiler = new SearchCompiler(hasTables);
        if (IsCount(query))
        {
            yield return TotalOf(query, at);
            yield break;
        }
        var bound = BoundOf(query, at);
        var walk = new WalkStatement(hasTables).Of(query, at);
        var turn = bound is null || walk is null ? WalkTurn.Second : TurnOf(query, at);
        if (turn is WalkTurn.First) yield return WalkOf(walk!);
        if (!SearchCompiler.IsUnfiltered(query))
        {
            if (turn is WalkTurn.Never) bound = GatheredMax;
            if (at is null && bound is { } most && compiler.FewThroughKeys(query, most) is { } throughKeys)
            {
                var use = $"if a chain leads to up to {SearchCompiler.LookedUpMax} resources";
                yield return new(StepKind.ThroughKeys, StepPlan.Own, throughKeys, use) { Bound = bound };
            }
            yield return FewOf(query, at, bound);
            if (bound is null) yield break;
        }
        if (walk is not null && turn is WalkTurn.Second) yield return WalkOf(walk);
        if (walk is null || !WalkStatement.IsComplete(query)) yield return new(StepKind.Gather, StepPlan.Own, compiler.Page(query, at), "otherwise");
    }

    private static SearchStep WalkOf(NpgsqlBatchCommand walk) => new(StepKind.Walk, StepPlan.Own, walk, "if a stretch of the order fills the page");

    /// <summary>
    /// By all that is known beforehand. The walk comes first if it should meet a page of matches before it has looked at as many rows as there are
    /// matches; where a total is wanted for nothing, there also have to be clearly more than are counted for it. It is left out where its stretch
    /// would be too short: then whatever matches is gathered at once.
    /// </summary>
    private WalkTurn TurnOf(SearchQuery query, SearchCursor? at)
    {
        if (estimates.Of(query) is not { } expected) return WalkTurn.Second;
        if (at is { IsStart: false, Total: { } total }) expected = expected with { Share = total / expected.Rows };
        var isTotalWanted = at is null or { IsStart: true } && query.Result.Total is not TotalMode.None;
        if (!isTotalWanted || expected.Matches > 2 * FreeCountMax)
        {
            var met = expected.Share * WalkStatement.RowsPerMatch;
            if (met > 2 && (query.Result.Count + 1) / expected.Share < expected.Matches) return WalkTurn.First;
            if (met > 1) return WalkTurn.Second;
        }
        return expected.Matches < GatheredMax / 2 ? WalkTurn.Never : WalkTurn.Second;
    }

    /// <summary>Counts all matches.</summary>
    public SearchStep TotalOf(SearchQuery query, SearchCursor? at) =>
        new(StepKind.Total, StepPlan.Own, new SearchCompiler(hasTables).Count(query, at?.Snapshot), "the total");

    /// <summary>The first step of a search that looks up a key.</summary>
    public SearchStep FewOf(SearchQuery query, SearchCursor? at) => FewOf(query, at, BoundOf(query, at));

    private SearchStep FewOf(SearchQuery query, SearchCursor? at, int? bound) =>
        new(
            StepKind.Few, BeginsByKey(query, at) ? StepPlan.Kept : StepPlan.Own, new SearchCompiler(hasTables).Few(query, at, bound),
            bound is null ? "all matches, counted" : $"if up to {bound} match") { Bound = bound };

    /// <summary>True if the first statement is a look-up whose plan is kept.</summary>
    public static bool BeginsByKey(SearchQuery query, SearchCursor? at) =>
        !IsCount(query) && BoundOf(query, at) is not null && KeyQueries.Is(query);

    /// <summary>The page that a step found; null if it says nothing.</summary>
    public static FoundRows? Enough(SearchStep step, FoundRows found, SearchQuery query) => step.Kind switch
    {
        StepKind.ThroughKeys when found.IsOpen => null,
        StepKind.ThroughKeys or StepKind.Few when found.Rows.Count == 0 => found with { Matches = 0 },
        StepKind.ThroughKeys or StepKind.Few when step.Bound is { } bound && found.Matches > bound => null,
        // What was gathered beyond that depended on the statistics of the day, and a total should not.
        StepKind.ThroughKeys or StepKind.Few => step.Bound is not null && found.Matches > FreeCountMax ? found with { Matches = null } : found,
        StepKind.Walk when !(found.Matches > query.Result.Count) && !WalkStatement.IsComplete(query) => null,
        _ => found with { Matches = found.Live },
    };

    public static bool IsCount(SearchQuery query) => query.Result.Count == 0 || query.Result.Summary is SummaryMode.Count;

    /// <summary>How many matches are gathered in the hope that they are all; null for as many as there are.</summary>
    private static int? BoundOf(SearchQuery query, SearchCursor? at)
    {
        var isFirst = at is null or { IsStart: true };
        if (isFirst && query.Result.Total is TotalMode.Accurate or TotalMode.Estimate) return null;
        // Whoever wants no total wants no counting either: what has many matches comes to the walk sooner. A look-up of keys is cheap as it is.
        var isSmall = isFirst && query.Result.Total is TotalMode.None && query.Result.Count <= SmallPageMax && !KeyQueries.Is(query);
        return isSmall ? SmallBound : FreeCountMax;
    }
}

using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;

using EventFhir.Core;
using EventFhir.Core.Events;
using EventFhir.Core.Search;
using EventFhir.Core.Search.Parameters;
using EventFhir.Model;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Feed;
using EventFhir.Postgres.Reading;
using EventFhir.Postgres.Sql;
using EventFhir.Postgres.Terminology;

using Npgsql;

namespace EventFhir.Postgres.Search;

/// <summary>Carries out searches. Bodies are the stored bytes; nothing is parsed.</summary>
public sealed class SearchReader(EventDatabase database, Release release)
{
    /// <summary>The query was read with parameters that are in force no more; read it again with those that are.</summary>
    public static readonly Refusal Stale =
        Refusal.Of(RefusalKind.Unavailable, "transient", "The search parameters have changed while the search ran; try again.");

    internal static readonly Refusal Unknown =
        Refusal.Of(RefusalKind.BadRequest, "value", "The link leads to an answer that this database does not know; search again.");

    private static readonly Refusal Untold = Refusal.Of(
        RefusalKind.BadRequest, "not-supported",
        "Searches as of then are not possible: the log was moved to where transactions are counted anew, or too much was committed at once.");

    /// <summary>So often a first page is read while others change what its answers were made from.</summary>
    private const int AttemptsMax = 3;

    private static readonly Refusal TooLong = Refusal.Of(RefusalKind.TimedOut, "timeout", "The search took too long; narrow it.");

    private static readonly Refusal Unsettled = Refusal.Of(
        RefusalKind.Unavailable, "transient", "What the search takes from value sets was changed while it ran; try again.");

    private readonly ConcurrentDictionary<TypeDefinition, bool> tables = new();
    private readonly ContainedTypes containedTypes = new();
    private readonly KeyLanes keys = new(database.KeySearcher);

    /// <summary>Expands the value sets that searches name.</summary>
    public TerminologyReader Terminology { get; } = new(database, release);

    internal MatchEstimates Estimates { get; } = new();

    /// <summary>Tells how the same searches are carried out.</summary>
    public SearchExplainer Explainer => new(database, this);

    /// <summary>Where the first page as of a moment begins.</summary>
    public static Outcome<SearchCursor> Begin(Moment moment) => moment.Snapshot is { } snapshot ? SearchCursor.AsOf(snapshot) : Untold;

    /// <param name="at">From a link of another page; null for the first page.</param>
    public async Task<Outcome<SearchPage>> ReadAsync(SearchQuery query, SearchCursor? at, CancellationToken cancellationToken)
    {
        if (query.Result.Contained is { } contained) return await new ContainedReader(this, query, contained).ReadAsync(at, cancellationToken);
        for (var attempt = 1; ; attempt++)
        {
            var told = await Terminology.AnswerAsync(query, at?.Snapshot, cancellationToken);
            if (told.IsRefused(out var unknown)) return unknown;
            var isTold = !ReferenceEquals(told.Value, query);
            var questions = ContainedClauses.QuestionsOf(told.Value);
            // As a rule nothing is contained, and then what was found without looking there is right, and of one time.
            var probe = ContainedProbe.Of(questions, containedTypes);
            if (questions.IsEmpty || probe is not null)
            {
                var read = await ReadAnsweredAsync(told.Value, at, probe, cancellationToken);
                if (probe is not { HasFound: true })
                {
                    if (at is not null || !isTold || read is not { Refusal: null, Value: { Next: not null } page }) return read;
                    // Later pages are answered as of this one's snapshot, so this one has to have had the same answers.
                    var then = await Terminology.AnswerAsync(query, page.Snapshot, cancellationToken);
                    if (then.Refusal is null && TerminologyClauses.HaveSameAnswers(told.Value, then.Value)) return page;
                    if (attempt == AttemptsMax) return Unsettled;
                    continue;
                }
            }
            // What is contained is read before the search: both are as of one snapshot, and so are all pages.
            if (at is null) return await ReadAsync(query, SearchCursor.AsOf(await SnapshotAsync(cancellationToken)), cancellationToken);
            var inside = await AnswerAsync(told.Value, questions, at.Snapshot, cancellationToken);
            return inside.IsRefused(out var unanswered) ? unanswered : await ReadAnsweredAsync(inside.Value, at, probe: null, cancellationToken);
        }
    }

    private async Task<string> SnapshotAsync(CancellationToken cancellationToken)
    {
        await using var command = database.Searcher.CreateCommand("select pg_current_snapshot()::text");
        return (string)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>What is asked beside the search itself: the codes of value sets, and what the resources contain that chains lead to.</summary>
    /// <param name="snapshot">pg_snapshot that saw what counts; null for now.</param>
    internal async Task<Outcome<SearchQuery>> AnswerAsync(SearchQuery query, string? snapshot, CancellationToken cancellationToken)
    {
        var told = await Terminology.AnswerAsync(query, snapshot, cancellationToken);
        return told.IsRefused(out var refusal)
            ? refusal : await AnswerAsync(told.Value, ContainedClauses.QuestionsOf(told.Value), snapshot, cancellationToken);
    }

    private async Task<Outcome<SearchQuery>> AnswerAsync(
        SearchQuery query, ImmutableArray<ContainedQuestion> questions, string? snapshot, CancellationToken cancellationToken)
    {
        try
        {
            return await new ContainedChains(this, database).AnswerAsync(query, questions, snapshot, cancellationToken);
        }
        catch (PostgresException exception)
            when (exception.SqlState == PostgresErrorCodes.QueryCanceled && !cancellationToken.IsCancellationRequested)
        {
            return TooLong;
        }
    }

    /// <param name="query">With all answers.</param>
    /// <param name="probe">What is asked in the same round trip; null for nothing.</param>
    internal async Task<Outcome<SearchPage>> ReadAnsweredAsync(
        SearchQuery query, SearchCursor? at, ContainedProbe? probe, CancellationToken cancellationToken)
    {
        try
        {
            var steps = new SearchSteps(HasTables, Estimates);
            if (SearchSteps.BeginsByKey(query, at))
            {
                if (at is null && probe is null && IsAnsweredAtOnce(query))
                {
                    var step = steps.FewOf(query, at);
                    var shared = await keys.ReadAsync(step.Statement, row => FoundRows.ReadAsync(row, release, query, at, CancellationToken.None));
                    if (shared is not null && SearchSteps.Enough(step, shared, query) is { } all) return AnswerOf(query, all);
                }
                // Whatever may take long is for the others, so that nobody who looks up a key waits for it.
                await using var keyed = await database.KeySearcher.OpenConnectionAsync(cancellationToken);
                await LearnTablesAsync(keyed, query, cancellationToken);
                if (!await CanGoOnAsync(keyed, query, at, cancellationToken)) return Unknown;
                if (await FindAsync(keyed, steps.FewOf(query, at), query, at, probe, cancellationToken) is { } few)
                    return await PageAsync(keyed, keyed, query, at, few, cancellationToken);
            }
            await using var connection = await database.Searcher.OpenConnectionAsync(cancellationToken);
            await LearnTablesAsync(connection, query, cancellationToken);
            if (!SearchSteps.IsCount(query) && !await CanGoOnAsync(connection, query, at, cancellationToken)) return Unknown;
            await Estimates.LearnAsync(connection, query, cancellationToken);
            foreach (var step in steps.Of(query, at))
            {
                if (step.Kind is StepKind.Total)
                {
                    var count = await CountAsync(connection, step, query, probe, cancellationToken);
                    return await IsStaleAsync(connection, query.Definitions, cancellationToken)
                        ? Stale : new SearchPage([], [], count, Next: null, Previous: null);
                }
                if (step.Plan is StepPlan.Own && await FindAsync(connection, step, query, at, probe, cancellationToken) is { } found)
                    return await PageAsync(connection, keyed: null, query, at, found, cancellationToken);
            }
            throw new UnreachableException("The last statement of a search always has an answer.");
        }
        catch (PostgresException exception)
            when (exception.SqlState == PostgresErrorCodes.QueryCanceled && !cancellationToken.IsCancellationRequested)
        {
            return TooLong;
        }
    }

    /// <summary>
    /// True if a custom parameter is being dropped: its rows may have begun to go while the search ran. Asked after the rows are read; a
    /// parameter that is usable then was usable throughout.
    /// </summary>
    internal static async Task<bool> IsStaleAsync(NpgsqlConnection connection, SearchDefinitions definitions, CancellationToken cancellationToken)
    {
        int[] usable = [.. definitions.Customs.Where(custom => custom.State is ParameterState.Usable).Select(custom => custom.Id)];
        if (usable.Length == 0) return false;
        await using var command = new NpgsqlCommand("select count(*) from es.search_parameter where id = any($1) and state = 3", connection)
        {
            Parameters = { new NpgsqlParameter<int[]> { TypedValue = usable } },
        };
        return await command.ExecuteScalarAsync(cancellationToken) is not long count || count < usable.Length;
    }

    /// <summary>True if what a look-up of keys finds is the answer, with no more questions.</summary>
    private bool IsAnsweredAtOnce(SearchQuery query) => query.Result.Includes.IsEmpty
        && !query.Definitions.Customs.Any(static custom => custom.State is ParameterState.Usable) && QueriedTypes.Of(query).All(HasTables);

    /// <summary>A first page without includes.</summary>
    private static SearchPage AnswerOf(SearchQuery query, FoundRows found)
    {
        var hasMore = found.Rows.Count > query.Result.Count;
        if (hasMore) found.Rows.RemoveAt(found.Rows.Count - 1);
        var total = TotalOf(query, hasMore ? found.Matches : found.Rows.Count);
        return new SearchPage(
            [.. found.Rows.Select(row => row.Version)], [], total,
            hasMore ? new SearchCursor(PageDirection.Forward, found.Rows[^1].Keys, found.Rows[^1].Rid, total, found.Snapshot) : null, Previous: null)
        {
            Snapshot = found.Snapshot,
            Scores = WordWriter.HasScore(query) ? [.. found.Rows.Select(row => row.Score)] : [],
        };
    }

    /// <param name="keyed">The connection for keys; null while none is held.</param>
    private async Task<Outcome<SearchPage>> PageAsync(
        NpgsqlConnection connection, NpgsqlConnection? keyed, SearchQuery query, SearchCursor? at, FoundRows found,
        CancellationToken cancellationToken)
    {
        var rows = found.Rows;
        var hasMore = rows.Count > query.Result.Count;
        if (hasMore) rows.RemoveAt(rows.Count - 1);
        var isBackward = at is { Direction: PageDirection.Backward };
        if (isBackward) rows.Reverse();
        if (rows.Count == 0 && await IsStaleAsync(connection, query.Definitions, cancellationToken)) return Stale;
        if (rows.Count == 0) return new SearchPage([], [], at?.Total ?? TotalOf(query, 0), Next: null, Previous: null);

        var snapshot = at?.Snapshot ?? found.Snapshot;
        var matches = !hasMore ? rows.Count
            : at is { IsStart: true } && SearchCompiler.IsUnfiltered(query) && query.Result.Total is not TotalMode.None
                ? await CountAsync(connection, new SearchSteps(HasTables, Estimates).TotalOf(query, at), query, probe: null, cancellationToken)
                : found.Matches;
        var total = at is null or { IsStart: true } ? TotalOf(query, matches) : at.Total;
        var included = await IncludeAsync(connection, keyed, query, rows, snapshot, cancellationToken);
        if (included.IsRefused(out var refusal)) return refusal;
        if (await IsStaleAsync(connection, query.Definitions, cancellationToken)) return Stale;
        // Whoever comes here from a page can go back to it.
        var hasNext = isBackward || hasMore;
        var hasPrevious = isBackward ? hasMore : at is { IsStart: false };
        return new SearchPage(
            [.. rows.Select(row => row.Version)], [.. included.Value.Select(row => row.Version)], total,
            hasNext ? new SearchCursor(PageDirection.Forward, rows[^1].Keys, rows[^1].Rid, total, snapshot) : null,
            hasPrevious ? new SearchCursor(PageDirection.Backward, rows[0].Keys, rows[0].Rid, total, snapshot) : null)
        {
            Snapshot = snapshot,
            Scores = WordWriter.HasScore(query) ? [.. rows.Select(row => row.Score)] : [],
        };
    }

    /// <summary>False if the cursor cannot be one of this search.</summary>
    private static async Task<bool> CanGoOnAsync(
        NpgsqlConnection connection, SearchQuery query, SearchCursor? at, CancellationToken cancellationToken) =>
        at is null || ((at.IsStart || at.Keys.Length == query.Result.Sort.Length) && await IsKnownAsync(connection, at.Snapshot, cancellationToken));

    /// <summary>False for a snapshot from the future: it comes from another database cluster, or from before this one was set back in time.</summary>
    internal static async Task<bool> IsKnownAsync(NpgsqlConnection connection, string snapshot, CancellationToken cancellationToken)
    {
        var sql = new SqlBuilder();
        var seen = SearchCompiler.Seen(sql, snapshot);
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(sql.Append($"select pg_snapshot_xmax({seen}) <= pg_snapshot_xmax(pg_current_snapshot())").Statement());
        return (bool)(await batch.ExecuteScalarAsync(cancellationToken))!;
    }

    internal bool HasTables(TypeDefinition type) => tables.ContainsKey(type);

    /// <summary>Tables are made when a type is first written and never go away, so only what is missing has to be asked for again.</summary>
    internal async Task LearnTablesAsync(NpgsqlConnection connection, SearchQuery query, CancellationToken cancellationToken)
    {
        if (QueriedTypes.Of(query).All(HasTables)) return;
        await using var command = new NpgsqlCommand("select type from fhir.layout", connection);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) tables[release.TypeOfNumber(row.GetInt16(0))] = true;
    }

    /// <summary>As docs/conformance.md says of _total.</summary>
    /// <param name="found">Null: more than <see cref="SearchSteps.FreeCountMax"/>.</param>
    private static long? TotalOf(SearchQuery query, long? found) => query.Result.Total is TotalMode.None ? null : found;

    private async Task<long> CountAsync(
        NpgsqlConnection connection, SearchStep step, SearchQuery query, ContainedProbe? probe, CancellationToken cancellationToken) =>
        await RunAsync(
            connection, step.Statement, query, probe,
            async row => await row.ReadAsync(cancellationToken) ? row.GetInt64(0) : throw new InvalidDataException("A count has one row."),
            cancellationToken);

    /// <summary>The page, if the step finds it.</summary>
    private async Task<FoundRows?> FindAsync(
        NpgsqlConnection connection, SearchStep step, SearchQuery query, SearchCursor? at, ContainedProbe? probe, CancellationToken cancellationToken)
    {
        var found = await RunAsync(
            connection, step.Statement, query, probe, row => FoundRows.ReadAsync(row, release, query, at, cancellationToken), cancellationToken);
        return SearchSteps.Enough(step, found, query);
    }

    private async Task<T> RunAsync<T>(
        NpgsqlConnection connection, NpgsqlBatchCommand statement, SearchQuery query, ContainedProbe? probe, Func<NpgsqlDataReader, Task<T>> read,
        CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { statement } };
        var beside = probe?.Statement(query.Definitions, HasTables);
        // After the search: what is contained by then was perhaps not yet when the search ran, but never the other way round.
        if (beside is not null) batch.BatchCommands.Add(beside);
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        var found = await read(row);
        if (beside is not null && await row.NextResultAsync(cancellationToken)) await probe!.ReadAsync(row, cancellationToken);
        return found;
    }

    /// <summary>What is followed by keys alone has a plan that is kept. Nobody who holds a connection for keys waits for one of the others.</summary>
    private async Task<Outcome<List<FoundRow>>> IncludeAsync(
        NpgsqlConnection connection, NpgsqlConnection? keyed, SearchQuery query, List<FoundRow> matches, string snapshot,
        CancellationToken cancellationToken)
    {
        if (query.Result.Includes.IsEmpty) return new List<FoundRow>();
        if (!KeyQueries.IsFollowedByKey(query)) return await FollowAsync(connection, query, matches, snapshot, cancellationToken);
        if (keyed is not null) return await FollowAsync(keyed, query, matches, snapshot, cancellationToken);
        await using var following = await database.KeySearcher.OpenConnectionAsync(cancellationToken);
        return await FollowAsync(following, query, matches, snapshot, cancellationToken);
    }

    /// <summary>Round by round: the first follows every include from the matches, later ones those with :iterate from what was new.</summary>
    private async Task<Outcome<List<FoundRow>>> FollowAsync(
        NpgsqlConnection connection, SearchQuery query, List<FoundRow> matches, string snapshot, CancellationToken cancellationToken)
    {
        var included = new List<FoundRow>();
        var found = matches.Select(row => row.Rid).ToHashSet();
        var from = found.ToArray();
        for (var round = 0; round <= Limits.IncludeDepthMax && from.Length > 0; round++)
        {
            var includes = query.Result.Includes.Where(include => round == 0 || include.Rounds is IncludeRounds.Iterate);
            var max = Limits.IncludedResourcesMax - included.Count + 1L;
            if (IncludeStatement.Of(query.Definitions, includes, from, [.. found], max, HasTables, snapshot) is not { } statement) break;
            await using var batch = new NpgsqlBatch(connection) { BatchCommands = { statement } };
            await using var row = await batch.ExecuteReaderAsync(cancellationToken);
            var rows = (await FoundRows.ReadAsync(row, release, query: null, at: null, cancellationToken)).Rows;
            if (rows.Count == max)
                return Refusal.Of(RefusalKind.BadRequest, "too-costly",
                    $"A page may include at most {Limits.IncludedResourcesMax} resources; ask for a smaller _count.");
            included.AddRange(rows);
            from = [.. rows.Select(row => row.Rid)];
            found.UnionWith(from);
        }
        return included;
    }
}

using System.Collections.Concurrent;
using System.Collections.Immutable;

using EventFhir.Core;
using EventFhir.Core.Events;
using EventFhir.Core.Search;
using EventFhir.Core.Search.Parameters;
using EventFhir.Model;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Reading;
using EventFhir.Postgres.Sql;
using EventFhir.Postgres.Terminology;

using Npgsql;

namespace EventFhir.Postgres.Search;

/// <summary>Carries out searches. Bodies are the stored bytes; nothing is parsed.</summary>
public sealed class SearchReader(EventDatabase database, Release release)
{
    /// <summary>Up to here a total that was not asked for is counted.</summary>
    internal const long FreeCountMax = 2_000;

    /// <summary>The query was read with parameters that are in force no more; read it again with those that are.</summary>
    public static readonly Refusal Stale =
        Refusal.Of(RefusalKind.Unavailable, "transient", "The search parameters have changed while the search ran; try again.");

    internal static readonly Refusal Unknown =
        Refusal.Of(RefusalKind.BadRequest, "value", "The link leads to an answer that this database does not know; search again.");

    /// <summary>So often a first page is read while others change what its answers were made from.</summary>
    private const int AttemptsMax = 3;

    private static readonly Refusal TooLong = Refusal.Of(RefusalKind.TimedOut, "timeout", "The search took too long; narrow it.");

    private static readonly Refusal Unsettled = Refusal.Of(
        RefusalKind.Unavailable, "transient", "What the search takes from value sets or contained resources was changed while it ran; try again.");

    private readonly ConcurrentDictionary<TypeDefinition, bool> tables = new();

    /// <summary>Expands the value sets that searches name.</summary>
    public TerminologyReader Terminology { get; } = new(database, release);

    /// <summary>Tells how the same searches are carried out.</summary>
    public SearchExplainer Explainer => new(database, this);

    /// <param name="at">From a link of another page; null for the first page.</param>
    public async Task<Outcome<SearchPage>> ReadAsync(SearchQuery query, SearchCursor? at, CancellationToken cancellationToken)
    {
        if (query.Result.Contained is { } contained) return await new ContainedReader(this, query, contained).ReadAsync(at, cancellationToken);
        for (var attempt = 1; ; attempt++)
        {
            var answered = await AnswerAsync(query, at?.Snapshot, cancellationToken);
            if (answered.IsRefused(out var unanswered)) return unanswered;
            var read = await ReadAnsweredAsync(answered.Value.Query, at, cancellationToken);
            if (at is not null || !answered.Value.HasAsked || read is not { Refusal: null, Value: { Next: not null } page }) return read;
            // Later pages are answered as of this one's snapshot, so this one has to have had the same answers.
            var then = await AnswerAsync(query, page.Snapshot, cancellationToken);
            if (then.Refusal is null && then.Value.IsSame(answered.Value)) return page;
            if (attempt == AttemptsMax) return Unsettled;
        }
    }

    /// <summary>What is asked beside the search itself: the codes of value sets, and what the resources contain that chains lead to.</summary>
    /// <param name="snapshot">pg_snapshot that saw what counts; null for now.</param>
    internal async Task<Outcome<AnsweredSearch>> AnswerAsync(SearchQuery query, string? snapshot, CancellationToken cancellationToken)
    {
        var answered = await Terminology.AnswerAsync(query, snapshot, cancellationToken);
        if (answered.IsRefused(out var refusal)) return refusal;
        var questions = ContainedClauses.QuestionsOf(answered.Value);
        try
        {
            var contained = await new ContainedChains(this, database).AnswerAsync(answered.Value, questions, snapshot, cancellationToken);
            return contained.IsRefused(out var unanswered)
                ? unanswered : new AnsweredSearch(contained.Value, !questions.IsEmpty || !ReferenceEquals(answered.Value, query));
        }
        catch (PostgresException exception)
            when (exception.SqlState == PostgresErrorCodes.QueryCanceled && !cancellationToken.IsCancellationRequested)
        {
            return TooLong;
        }
    }

    /// <param name="query">With all answers.</param>
    internal async Task<Outcome<SearchPage>> ReadAnsweredAsync(SearchQuery query, SearchCursor? at, CancellationToken cancellationToken)
    {
        try
        {
            var compiler = new SearchCompiler(HasTables);
            var isByKey = KeyQueries.Is(query) && !IsCount(query) && (at is not null || !IsCounted(query));
            if (isByKey)
            {
                // Whatever may take long is for the others, so that nobody who looks up a key waits for it.
                await using var keyed = await database.KeySearcher.OpenConnectionAsync(cancellationToken);
                await LearnTablesAsync(keyed, query, cancellationToken);
                if (!await CanGoOnAsync(keyed, query, at, cancellationToken)) return Unknown;
                if (await FewAsync(keyed, compiler, query, at, cancellationToken) is { } few)
                    return await PageAsync(keyed, keyed, query, at, few, cancellationToken);
            }
            await using var connection = await database.Searcher.OpenConnectionAsync(cancellationToken);
            await LearnTablesAsync(connection, query, cancellationToken);
            if (IsCount(query))
            {
                var count = await CountAsync(connection, compiler, query, cancellationToken);
                return await IsStaleAsync(connection, query.Definitions, cancellationToken)
                    ? Stale : new SearchPage([], [], count, Next: null, Previous: null);
            }
            if (!await CanGoOnAsync(connection, query, at, cancellationToken)) return Unknown;
            var answer = (isByKey ? null : await FewAsync(connection, compiler, query, at, cancellationToken))
                ?? await ManyAsync(connection, compiler, query, at, cancellationToken);
            return await PageAsync(connection, keyed: null, query, at, answer, cancellationToken);
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

    /// <param name="keyed">The connection for keys; null while none is held.</param>
    private async Task<Outcome<SearchPage>> PageAsync(
        NpgsqlConnection connection, NpgsqlConnection? keyed, SearchQuery query, SearchCursor? at, Answer answer, CancellationToken cancellationToken)
    {
        var rows = answer.Rows;
        var hasMore = rows.Count > query.Result.Count;
        if (hasMore) rows.RemoveAt(rows.Count - 1);
        var isBackward = at is { Direction: PageDirection.Backward };
        if (isBackward) rows.Reverse();
        if (rows.Count == 0 && await IsStaleAsync(connection, query.Definitions, cancellationToken)) return Stale;
        if (rows.Count == 0) return new SearchPage([], [], at?.Total ?? TotalOf(query, 0), Next: null, Previous: null);

        var snapshot = at?.Snapshot ?? answer.Snapshot;
        var total = at is null ? TotalOf(query, hasMore ? answer.Found : rows.Count) : at.Total;
        var included = await IncludeAsync(connection, keyed, query, rows, snapshot, cancellationToken);
        if (included.IsRefused(out var refusal)) return refusal;
        if (await IsStaleAsync(connection, query.Definitions, cancellationToken)) return Stale;
        // Whoever comes here from a page can go back to it.
        var hasNext = isBackward || hasMore;
        var hasPrevious = isBackward ? hasMore : at is not null;
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
        at is null || (at.Keys.Length == query.Result.Sort.Length && await IsKnownAsync(connection, at.Snapshot, cancellationToken));

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

    /// <summary>The matches of the page and one more, in the order of the way, and how many there are; null if they are many.</summary>
    private async Task<Answer?> FewAsync(
        NpgsqlConnection connection, SearchCompiler compiler, SearchQuery query, SearchCursor? at, CancellationToken cancellationToken)
    {
        if (SearchCompiler.IsUnfiltered(query)) return null;
        int? bound = IsCounted(query) && at is null ? null : (int)FreeCountMax;
        if (at is null && bound is { } most && compiler.FewThroughKeys(query, most) is { } throughKeys)
        {
            var answer = await AnswerAsync(connection, throughKeys, query, at, cancellationToken);
            if (!answer.IsOpen) return Complete(answer);
        }
        return Complete(await AnswerAsync(connection, compiler.Few(query, at, bound), query, at, cancellationToken));

        Answer? Complete(Answer few) =>
            few.Rows.Count == 0 ? few with { Found = 0 } : bound is null || few.Found <= bound ? few : null;
    }

    /// <summary>The matches of the page and one more, in the order of the way; and how many there are, if that became known.</summary>
    private async Task<Answer> ManyAsync(
        NpgsqlConnection connection, SearchCompiler compiler, SearchQuery query, SearchCursor? at, CancellationToken cancellationToken)
    {
        if (new WalkStatement(HasTables).Of(query, at) is { } walk)
        {
            var walked = await AnswerAsync(connection, walk, query, at, cancellationToken);
            if (walked.Found > query.Result.Count || WalkStatement.IsComplete(query)) return walked with { Found = walked.Live };
        }
        var gathered = await AnswerAsync(connection, compiler.Page(query, at), query, at, cancellationToken);
        return gathered with { Found = gathered.Live };
    }

    private static bool IsCount(SearchQuery query) => query.Result.Count == 0 || query.Result.Summary is SummaryMode.Count;

    internal static bool IsCounted(SearchQuery query) => query.Result.Total is TotalMode.Accurate or TotalMode.Estimate;

    /// <summary>As docs/conformance.md says of _total.</summary>
    /// <param name="found">Null: more than <see cref="FreeCountMax"/>.</param>
    private static long? TotalOf(SearchQuery query, long? found) => query.Result.Total is TotalMode.None ? null : found;

    private static async Task<long> CountAsync(
        NpgsqlConnection connection, SearchCompiler compiler, SearchQuery query, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(compiler.Count(query));
        return (long)(await batch.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>What is followed by keys alone has a plan that is kept. Nobody who holds a connection for keys waits for one of the others.</summary>
    private async Task<Outcome<List<Row>>> IncludeAsync(
        NpgsqlConnection connection, NpgsqlConnection? keyed, SearchQuery query, List<Row> matches, string snapshot,
        CancellationToken cancellationToken)
    {
        if (query.Result.Includes.IsEmpty) return new List<Row>();
        if (!KeyQueries.IsFollowedByKey(query)) return await FollowAsync(connection, query, matches, snapshot, cancellationToken);
        if (keyed is not null) return await FollowAsync(keyed, query, matches, snapshot, cancellationToken);
        await using var following = await database.KeySearcher.OpenConnectionAsync(cancellationToken);
        return await FollowAsync(following, query, matches, snapshot, cancellationToken);
    }

    /// <summary>Round by round: the first follows every include from the matches, later ones those with :iterate from what was new.</summary>
    private async Task<Outcome<List<Row>>> FollowAsync(
        NpgsqlConnection connection, SearchQuery query, List<Row> matches, string snapshot, CancellationToken cancellationToken)
    {
        var included = new List<Row>();
        var found = matches.Select(row => row.Rid).ToHashSet();
        var from = found.ToArray();
        for (var round = 0; round <= Limits.IncludeDepthMax && from.Length > 0; round++)
        {
            var includes = query.Result.Includes.Where(include => round == 0 || include.Rounds is IncludeRounds.Iterate);
            var max = Limits.IncludedResourcesMax - included.Count + 1L;
            if (IncludeStatement.Of(query.Definitions, includes, from, [.. found], max, HasTables, snapshot) is not { } statement) break;
            var rows = (await AnswerAsync(connection, statement, query: null, at: null, cancellationToken)).Rows;
            if (rows.Count == max)
                return Refusal.Of(RefusalKind.BadRequest, "too-costly",
                    $"A page may include at most {Limits.IncludedResourcesMax} resources; ask for a smaller _count.");
            included.AddRange(rows);
            from = [.. rows.Select(row => row.Rid)];
            found.UnionWith(from);
        }
        return included;
    }

    /// <param name="query">Null for what is included: without keys, and without what only the first page has.</param>
    private async Task<Answer> AnswerAsync(
        NpgsqlConnection connection, NpgsqlBatchCommand statement, SearchQuery? query, SearchCursor? at, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(statement);
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        var answer = new Answer([], Found: null, Snapshot: "", Live: null);
        var keys = query?.Result.Sort.Length ?? 0;
        while (await row.ReadAsync(cancellationToken))
        {
            var isFirst = answer.Rows.Count == 0;
            if (row.IsDBNull(1)) return answer with { IsOpen = true };
            if (isFirst) answer = answer with { Found = row.IsDBNull(0) ? null : row.GetInt64(0) };
            var rid = row.GetInt64(1);
            var type = release.TypeOfNumber(row.GetInt16(2));
            if (!ResourceId.TryParse(row.GetString(3), out var id)) throw new InvalidDataException("A stored id is malformed.");
            var version = new StoredVersion(
                new ResourceKey(type, id), row.GetInt32(4), (VersionKind)row.GetInt16(5),
                new DateTimeOffset(row.GetDateTime(6)), row.GetFieldValue<byte[]>(7));
            var values = ImmutableArray.CreateBuilder<string?>(keys);
            for (var key = 0; key < keys; key++) values.Add(row.IsDBNull(8 + key) ? null : row.GetString(8 + key));
            var more = 8 + keys;
            var hasScore = query is not null && WordWriter.HasScore(query);
            decimal? score = hasScore && !row.IsDBNull(more) ? row.GetDecimal(more) : null;
            if (hasScore) more++;
            answer.Rows.Add(new Row(rid, version, values.MoveToImmutable(), score));
            if (!isFirst || query is null || at is not null) continue;
            answer = answer with { Snapshot = row.GetString(more) };
            if (SearchCompiler.IsUnfiltered(query)) answer = answer with { Live = row.GetInt64(more + 1) };
        }
        return answer;
    }

    private sealed record Row(long Rid, StoredVersion Version, ImmutableArray<string?> Keys, decimal? Score);

    /// <param name="Found">The number of matches, where the statement says it.</param>
    /// <param name="Snapshot">Of the first page.</param>
    /// <param name="Live">All resources of the types searched, where nothing filters; of the first page.</param>
    private sealed record Answer(List<Row> Rows, long? Found, string Snapshot, long? Live)
    {
        /// <summary>True if the statement was the wrong one to ask, and says nothing.</summary>
        public bool IsOpen { get; init; }
    }
}

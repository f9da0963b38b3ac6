using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Data;

using EventFhir.Core;
using EventFhir.Core.Events;
using EventFhir.Core.Search;
using EventFhir.Model;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Reading;
using EventFhir.Postgres.Sql;

using Npgsql;

namespace EventFhir.Postgres.Search;

/// <summary>Carries out searches. Bodies are the stored bytes; nothing is parsed.</summary>
public sealed class SearchReader(EventDatabase database, Release release)
{
    /// <summary>Up to here a total that was not asked for is counted.</summary>
    private const long FreeCountMax = 1_000;
    private readonly ConcurrentDictionary<TypeDefinition, bool> tables = new();

    /// <param name="at">From a link of another page; null for the first page.</param>
    public async Task<Outcome<SearchPage>> ReadAsync(SearchQuery query, SearchCursor? at, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await database.Searcher.OpenConnectionAsync(cancellationToken);
            var compiler = new SearchCompiler(HasTables);
            await LearnTablesAsync(connection, cancellationToken);
            if (query.Result.Count == 0 || query.Result.Summary is SummaryMode.Count)
            {
                var all = await CountAsync(connection, compiler.Count(query, long.MaxValue, snapshot: null), cancellationToken);
                return new SearchPage([], [], all, Next: null, Previous: null);
            }
            return at is null
                ? await FirstAsync(connection, compiler, query, cancellationToken)
                : await LaterAsync(connection, compiler, query, at, cancellationToken);
        }
        catch (PostgresException exception)
            when (exception.SqlState == PostgresErrorCodes.QueryCanceled && !cancellationToken.IsCancellationRequested)
        {
            return Refusal.Of(RefusalKind.TimedOut, "timeout", "The search took too long; narrow it.");
        }
    }

    private async Task<Outcome<SearchPage>> FirstAsync(
        NpgsqlConnection connection, SearchCompiler compiler, SearchQuery query, CancellationToken cancellationToken)
    {
        var rows = new List<Row>();
        var snapshot = "";
        long? live = null;
        var keys = query.Result.Sort.Length;
        await ReadAsync(connection, [compiler.FirstPage(query)], keys, rows, cancellationToken, row =>
        {
            snapshot = row.GetString(7 + keys);
            if (SearchCompiler.IsUnfiltered(query)) live = row.GetInt64(8 + keys);
        });
        var hasNext = rows.Count > query.Result.Count;
        if (hasNext) rows.RemoveAt(rows.Count - 1);
        var total = query.Result.Total is TotalMode.None ? null
            : !hasNext ? rows.Count
            : live ?? await TotalAsync(connection, compiler, query, snapshot, cancellationToken);
        var included = await IncludeAsync(connection, query, rows, snapshot, cancellationToken);
        if (included.IsRefused(out var refusal)) return refusal;
        return PageOf(rows, included.Value, total, hasNext ? Cursor(PageDirection.Forward, rows[^1], total, snapshot) : null, previous: null);
    }

    /// <summary>As of the snapshot of the first page.</summary>
    private async Task<Outcome<SearchPage>> LaterAsync(
        NpgsqlConnection connection, SearchCompiler compiler, SearchQuery query, SearchCursor at, CancellationToken cancellationToken)
    {
        if (at.Keys.Length != query.Result.Sort.Length) return Stale();
        var rows = new List<Row>();
        if (!await ReadAsync(connection, [IsKnown(at.Snapshot), compiler.Page(query, at)], at.Keys.Length, rows, cancellationToken)) return Stale();
        var isForward = at.Direction is PageDirection.Forward;
        var hasMore = rows.Count > query.Result.Count;
        if (hasMore) rows.RemoveAt(rows.Count - 1);
        if (!isForward) rows.Reverse();
        var included = await IncludeAsync(connection, query, rows, at.Snapshot, cancellationToken);
        if (included.IsRefused(out var refusal)) return refusal;
        if (rows.Count == 0) return new SearchPage([], [], at.Total, Next: null, Previous: null);
        // Whoever comes here from a page can go back to it.
        var next = isForward && !hasMore ? null : Cursor(PageDirection.Forward, rows[^1], at.Total, at.Snapshot);
        var previous = !isForward && !hasMore ? null : Cursor(PageDirection.Backward, rows[0], at.Total, at.Snapshot);
        return PageOf(rows, included.Value, at.Total, next, previous);
    }

    private static SearchCursor Cursor(PageDirection direction, Row row, long? total, string snapshot) =>
        new(direction, row.Keys, row.Rid, total, snapshot);

    private static SearchPage PageOf(List<Row> rows, List<Row> included, long? total, SearchCursor? next, SearchCursor? previous) =>
        new([.. rows.Select(row => row.Version)], [.. included.Select(row => row.Version)], total, next, previous);

    private static Refusal Stale() => Refusal.Of(
        RefusalKind.BadRequest, "value", "The link leads to a page of an answer that this database does not know; search again.");

    /// <summary>False for a snapshot from the future: it comes from another database cluster, or from before this one was set back in time.</summary>
    private static NpgsqlBatchCommand IsKnown(string snapshot)
    {
        var sql = new SqlBuilder();
        var seen = SearchCompiler.Seen(sql, snapshot);
        return sql.Append($"select pg_snapshot_xmax({seen}) <= pg_snapshot_xmax(pg_current_snapshot())").Statement();
    }

    private bool HasTables(TypeDefinition type) => tables.ContainsKey(type);

    /// <summary>Tables are made when a type is first written and never go away, so only what is missing has to be asked for again.</summary>
    private async Task LearnTablesAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (tables.Count == release.ResourceTypes.Length) return;
        await using var command = new NpgsqlCommand("select type from fhir.layout", connection);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) tables[release.TypeOfNumber(row.GetInt16(0))] = true;
    }

    /// <summary>As docs/conformance.md says of _total, where there is a next page.</summary>
    private static async Task<long?> TotalAsync(
        NpgsqlConnection connection, SearchCompiler compiler, SearchQuery query, string snapshot, CancellationToken cancellationToken)
    {
        var max = query.Result.Total is null ? FreeCountMax + 1 : long.MaxValue;
        var total = await CountAsync(connection, compiler.Count(query, max, snapshot), cancellationToken);
        return query.Result.Total is not null || total <= FreeCountMax ? total : null;
    }

    private static async Task<long> CountAsync(NpgsqlConnection connection, NpgsqlBatchCommand count, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(count);
        return (long)(await batch.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Round by round: the first follows every include from the matches, later ones those with :iterate from what was new.</summary>
    private async Task<Outcome<List<Row>>> IncludeAsync(
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
            var rows = new List<Row>();
            await ReadAsync(connection, [statement], 0, rows, cancellationToken);
            if (rows.Count == max)
                return Refusal.Of(RefusalKind.BadRequest, "too-costly",
                    $"A page may include at most {Limits.IncludedResourcesMax} resources; ask for a smaller _count.");
            included.AddRange(rows);
            from = [.. rows.Select(row => row.Rid)];
            found.UnionWith(from);
        }
        return included;
    }

    /// <summary>Reads the rows of the last statement; a statement before it is a condition. False if that does not hold.</summary>
    /// <param name="more">What else the first row has.</param>
    private async Task<bool> ReadAsync(
        NpgsqlConnection connection, ImmutableArray<NpgsqlBatchCommand> statements, int keys, List<Row> rows, CancellationToken cancellationToken,
        Action<NpgsqlDataReader>? more = null)
    {
        await using var batch = new NpgsqlBatch(connection);
        foreach (var statement in statements) batch.BatchCommands.Add(statement);
        await using var row = await batch.ExecuteReaderAsync(CommandBehavior.SequentialAccess, cancellationToken);
        if (statements.Length > 1)
        {
            if (!await row.ReadAsync(cancellationToken) || !row.GetBoolean(0)) return false;
            await row.NextResultAsync(cancellationToken);
        }
        while (await row.ReadAsync(cancellationToken))
        {
            var rid = row.GetInt64(0);
            var type = release.TypeOfNumber(row.GetInt16(1));
            if (!ResourceId.TryParse(row.GetString(2), out var id)) throw new InvalidDataException("A stored id is malformed.");
            var version = new StoredVersion(
                new ResourceKey(type, id), row.GetInt32(3), (VersionKind)row.GetInt16(4),
                new DateTimeOffset(row.GetDateTime(5)), row.GetFieldValue<byte[]>(6));
            var values = ImmutableArray.CreateBuilder<string?>(keys);
            for (var key = 0; key < keys; key++) values.Add(row.IsDBNull(7 + key) ? null : row.GetString(7 + key));
            if (rows.Count == 0) more?.Invoke(row);
            rows.Add(new Row(rid, version, values.ToImmutable()));
        }
        return true;
    }

    private sealed record Row(long Rid, StoredVersion Version, ImmutableArray<string?> Keys);
}

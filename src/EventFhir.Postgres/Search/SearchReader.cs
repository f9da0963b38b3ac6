using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Data;

using EventFhir.Core;
using EventFhir.Core.Events;
using EventFhir.Core.Search;
using EventFhir.Model;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Reading;
using EventFhir.Postgres.Terminology;

using Npgsql;

namespace EventFhir.Postgres.Search;

/// <summary>Carries out searches. Bodies are the stored bytes; nothing is parsed.</summary>
public sealed class SearchReader(EventDatabase database, Release release)
{
    /// <summary>Up to here a total that was not asked for is counted.</summary>
    private const long FreeCountMax = 1_000;
    private readonly ConcurrentDictionary<TypeDefinition, bool> tables = new();

    /// <summary>Expands the value sets that searches name.</summary>
    public TerminologyReader Terminology { get; } = new(database, release);

    /// <param name="after">From the link of the page before; null for the first page.</param>
    public async Task<Outcome<SearchPage>> ReadAsync(SearchQuery query, SearchCursor? after, CancellationToken cancellationToken)
    {
        try
        {
            var answered = await Terminology.AnswerAsync(query, cancellationToken);
            if (answered.IsRefused(out var unanswered)) return unanswered;
            query = answered.Value;
            await using var connection = await database.Searcher.OpenConnectionAsync(cancellationToken);
            var compiler = new SearchCompiler(HasTables);
            await LearnTablesAsync(connection, cancellationToken);
            if (query.Result.Count == 0 || query.Result.Summary is SummaryMode.Count)
                return new SearchPage([], [], await CountAsync(connection, compiler, query, long.MaxValue, cancellationToken), null);

            var rows = await RowsAsync(connection, compiler.Page(query, after), query.Result.Sort.Length, cancellationToken);
            var hasNext = rows.Count > query.Result.Count;
            if (hasNext) rows.RemoveAt(rows.Count - 1);
            var total = after is null ? await TotalAsync(connection, compiler, query, rows.Count, hasNext, cancellationToken) : after.Total;
            var included = await IncludeAsync(connection, query, rows, cancellationToken);
            if (included.IsRefused(out var refusal)) return refusal;
            var next = hasNext ? new SearchCursor(rows[^1].Keys, rows[^1].Rid, total) : null;
            return new SearchPage([.. rows.Select(row => row.Version)], [.. included.Value.Select(row => row.Version)], total, next)
            {
                Scores = WordWriter.HasScore(query) ? [.. rows.Select(row => row.Score)] : [],
            };
        }
        catch (PostgresException exception)
            when (exception.SqlState == PostgresErrorCodes.QueryCanceled && !cancellationToken.IsCancellationRequested)
        {
            return Refusal.Of(RefusalKind.TimedOut, "timeout", "The search took too long; narrow it.");
        }
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

    /// <summary>As docs/conformance.md says of _total.</summary>
    private static async Task<long?> TotalAsync(
        NpgsqlConnection connection, SearchCompiler compiler, SearchQuery query, int rows, bool hasNext, CancellationToken cancellationToken)
    {
        if (query.Result.Total is TotalMode.None) return null;
        if (!hasNext) return rows;
        var isAsked = query.Result.Total is not null || query.Types.All(type => type.Clauses.IsEmpty);
        var max = isAsked ? long.MaxValue : FreeCountMax + 1;
        var total = await CountAsync(connection, compiler, query, max, cancellationToken);
        return isAsked || total <= FreeCountMax ? total : null;
    }

    private static async Task<long> CountAsync(
        NpgsqlConnection connection, SearchCompiler compiler, SearchQuery query, long max, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(compiler.Count(query, max));
        return (long)(await batch.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Round by round: the first follows every include from the matches, later ones those with :iterate from what was new.</summary>
    private async Task<Outcome<List<Row>>> IncludeAsync(
        NpgsqlConnection connection, SearchQuery query, List<Row> matches, CancellationToken cancellationToken)
    {
        var included = new List<Row>();
        var found = matches.Select(row => row.Rid).ToHashSet();
        var from = found.ToArray();
        for (var round = 0; round <= Limits.IncludeDepthMax && from.Length > 0; round++)
        {
            var includes = query.Result.Includes.Where(include => round == 0 || include.Rounds is IncludeRounds.Iterate);
            var max = Limits.IncludedResourcesMax - included.Count + 1L;
            if (IncludeStatement.Of(query.Definitions, includes, from, [.. found], max, HasTables) is not { } statement) break;
            var rows = await RowsAsync(connection, statement, 0, cancellationToken);
            if (rows.Count == max)
                return Refusal.Of(RefusalKind.BadRequest, "too-costly",
                    $"A page may include at most {Limits.IncludedResourcesMax} resources; ask for a smaller _count.");
            included.AddRange(rows);
            from = [.. rows.Select(row => row.Rid)];
            found.UnionWith(from);
        }
        return included;
    }

    private async Task<List<Row>> RowsAsync(NpgsqlConnection connection, NpgsqlBatchCommand statement, int keys, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(statement);
        await using var row = await batch.ExecuteReaderAsync(CommandBehavior.SequentialAccess, cancellationToken);
        var rows = new List<Row>();
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
            decimal? score = row.FieldCount > 7 + keys && !row.IsDBNull(7 + keys) ? row.GetDecimal(7 + keys) : null;
            rows.Add(new Row(rid, version, values.ToImmutable(), score));
        }
        return rows;
    }

    private sealed record Row(long Rid, StoredVersion Version, ImmutableArray<string?> Keys, decimal? Score);
}

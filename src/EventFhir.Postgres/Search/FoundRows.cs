using System.Collections.Immutable;

using EventFhir.Core.Events;
using EventFhir.Core.Search;
using EventFhir.Model;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Reading;

using Npgsql;

namespace EventFhir.Postgres.Search;

/// <summary>A resource of a page.</summary>
/// <param name="Rid">Its surrogate.</param>
/// <param name="Keys">Its sort keys, as PostgreSQL writes them.</param>
internal sealed record FoundRow(long Rid, StoredVersion Version, ImmutableArray<string?> Keys, decimal? Score);

/// <summary>What a statement of a search found.</summary>
/// <param name="Matches">The number of matches, where the statement says it.</param>
/// <param name="Snapshot">Of the first page.</param>
/// <param name="Live">All resources of the types searched, where nothing filters; of the first page.</param>
internal sealed record FoundRows(List<FoundRow> Rows, long? Matches, string Snapshot, long? Live)
{
    /// <summary>True if the statement was the wrong one to ask, and says nothing.</summary>
    public bool IsOpen { get; private init; }

    /// <summary>Reads one result with the columns of <see cref="SearchCompiler.Few"/>.</summary>
    /// <param name="query">Null for what is included: without keys, and without what only the first page has.</param>
    public static async Task<FoundRows> ReadAsync(
        NpgsqlDataReader row, Release release, SearchQuery? query, SearchCursor? at, CancellationToken cancellationToken)
    {
        var found = new FoundRows([], Matches: null, Snapshot: "", Live: null);
        var keys = query?.Result.Sort.Length ?? 0;
        while (await row.ReadAsync(cancellationToken))
        {
            var isFirst = found.Rows.Count == 0;
            if (row.IsDBNull(1)) return found with { IsOpen = true };
            if (isFirst) found = found with { Matches = row.IsDBNull(0) ? null : row.GetInt64(0) };
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
            found.Rows.Add(new FoundRow(rid, version, values.MoveToImmutable(), score));
            if (!isFirst || query is null || at is not null) continue;
            found = found with { Snapshot = row.GetString(more) };
            if (SearchCompiler.IsUnfiltered(query)) found = found with { Live = row.GetInt64(more + 1) };
        }
        return found;
    }
}

using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Diagnostics;

using EventFhir.Core.Search;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Sql;

using Npgsql;

namespace EventFhir.Postgres.Search;

/// <summary>How many resources a search may match.</summary>
/// <param name="Share">Of all resources of the type.</param>
/// <param name="Rows">All resources of the type.</param>
internal readonly record struct MatchEstimate(double Share, double Rows)
{
    public double Matches => Share * Rows;
}

/// <summary>
/// Says beforehand which searches match much, as the statistics that ANALYZE makes tell. Only the order in which statements are tried depends on it,
/// and which total is counted for nothing; never what is found. Safe for all threads.
/// </summary>
internal sealed class MatchEstimates
{
    /// <summary>What is rarer need not be known: its matches are gathered in any case.</summary>
    private const float ShareMin = 0.0005f;

    private static readonly TimeSpan KeptFor = TimeSpan.FromMinutes(1);
    private static readonly string TermShares = SqlFile.Read("term-shares.sql");
    private static readonly string DateShares = SqlFile.Read("date-shares.sql");

    private readonly ConcurrentDictionary<TypeDefinition, Known> types = new();

    /// <summary>Reads what is not known yet, or not any more, of the type that a search is for.</summary>
    public async Task LearnAsync(NpgsqlConnection connection, SearchQuery query, CancellationToken cancellationToken)
    {
        if (query.Types is not [{ Clauses.IsEmpty: false } only]) return;
        var known = types.GetOrAdd(only.Type, static _ => new Known());
        if (!known.IsDue()) return;
        var name = only.Type.Name.ToLowerInvariant();
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(TermShares)
        {
            Parameters = { new NpgsqlParameter<string> { TypedValue = name }, new NpgsqlParameter<float> { TypedValue = ShareMin } },
        });
        batch.BatchCommands.Add(new NpgsqlBatchCommand(DateShares) { Parameters = { new NpgsqlParameter<string> { TypedValue = name } } });
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        if (!await row.ReadAsync(cancellationToken) || row.IsDBNull(0)) return;
        var (hashes, shares) = (row.GetFieldValue<long[]>(1), row.GetFieldValue<float[]>(2));
        // Every resource has a common term, be it a mark of what is missing: without any there was no ANALYZE yet.
        var rows = hashes.Length == 0 ? 0 : row.GetFloat(0);
        var terms = new Dictionary<long, float>(hashes.Length);
        for (var place = 0; place < hashes.Length; place++) terms[hashes[place]] = shares[place];
        await row.NextResultAsync(cancellationToken);
        var dates = new Dictionary<string, DateSpread>(StringComparer.Ordinal);
        while (await row.ReadAsync(cancellationToken))
        {
            dates[row.GetString(0)] = new DateSpread(
                row.GetFieldValue<double[]>(1), row.GetFieldValue<double[]>(2), row.GetFieldValue<float[]>(3), row.GetFloat(4));
        }
        known.Statistics = new TypeStatistics(rows, terms.ToFrozenDictionary(), dates.ToFrozenDictionary(StringComparer.Ordinal));
    }

    /// <summary>Null where the statistics say too little.</summary>
    public MatchEstimate? Of(SearchQuery query)
    {
        if (query.Types is not [{ Clauses.IsEmpty: false } only] || !types.TryGetValue(only.Type, out var known)) return null;
        var statistics = known.Statistics;
        if (statistics.Rows <= 0) return null;
        return new ClauseShares(query, only, statistics).All() is { } share ? new MatchEstimate(share, statistics.Rows) : null;
    }

    /// <summary>What is known of a type, and since when.</summary>
    private sealed class Known
    {
        private long readAt;

        public TypeStatistics Statistics { get; set; } = TypeStatistics.None;

        /// <summary>True for one of those who ask at a time: the others go by what is known.</summary>
        public bool IsDue()
        {
            var last = Volatile.Read(ref readAt);
            if (last != 0 && Stopwatch.GetElapsedTime(last) < KeptFor) return false;
            return Interlocked.CompareExchange(ref readAt, Stopwatch.GetTimestamp(), last) == last;
        }
    }
}

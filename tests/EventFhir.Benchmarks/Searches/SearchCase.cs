using System.Collections.Immutable;
using Npgsql;

namespace EventFhir.Benchmarks.Searches;

/// <summary>One search in both languages: what is asked of the server, and the hand-written SQL that answers the same (baseline B6).</summary>
/// <param name="Path">With its query, encoded.</param>
/// <param name="Sql">Its first column is the id of each resource of the page; or, of a count, the number.</param>
/// <param name="Parameters">Typed; cloned for each execution.</param>
public sealed record SearchCase(string Path, string Sql, params NpgsqlParameter[] Parameters);

/// <summary>A scenario draws its searches from the values that the loaded data holds.</summary>
/// <param name="Name">As in docs/performance.md.</param>
public sealed record SearchScenario(string Name, Func<Harvest, Random, SearchCase> Draw)
{
    private const int CaseCount = 1_000;
    private const int Seed = 20_240_131;

    /// <summary>The searches of a scenario, the same for the same data.</summary>
    public ImmutableArray<SearchCase> DrawAll(Harvest harvest, int count = CaseCount)
    {
        var random = new Random(Seed);
        return [.. Enumerable.Range(0, count).Select(_ => Draw(harvest, random))];
    }
}

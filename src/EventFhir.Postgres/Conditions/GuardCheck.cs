using System.Collections.Immutable;
using System.Data;

using EventFhir.Core.Conditions;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Search;
using EventFhir.Postgres.Writing;

using Npgsql;

namespace EventFhir.Postgres.Conditions;

/// <summary>
/// Asks, in the transaction that writes groups, whether what they were planned for still holds. Before that it takes a lock for each of their
/// criteria, so that of two nodes with the same ones the second sees what the first has written. It never waits for a lock: who finds one taken
/// comes back later, so that nobody is held up and nobody can wait in a circle.
/// </summary>
internal sealed class GuardCheck(EventDatabase database, Release release)
{
    /// <summary>Locks are of this many kinds, since PostgreSQL has room for some thousands in all; different criteria that share one only
    /// cost each other a little time.</summary>
    private const int Locks = 4_096;

    /// <summary>The first of the two numbers of an advisory lock; "cond".</summary>
    private const int LockClass = 0x636F6E64;

    /// <summary>The lanes of the write path plan by index whatever the search; that suits look-ups by key, and only those.</summary>
    private static readonly ImmutableArray<string> PlanFreely =
    [
        "set local plan_cache_mode = force_custom_plan", "set local enable_seqscan = on", "set local enable_hashjoin = on",
        "set local enable_mergejoin = on",
    ];

    private static readonly ImmutableArray<string> PlanAsBefore =
    [
        "set local plan_cache_mode = force_generic_plan", "set local enable_seqscan = off", "set local enable_hashjoin = off",
        "set local enable_mergejoin = off",
    ];

    private readonly CriteriaSearch search = new(database, release);

    /// <summary>Whether the guards of each group hold; true for a group without.</summary>
    /// <param name="connection">In a transaction that has taken no other lock yet.</param>
    /// <param name="generation">Of the search parameters by which the groups are indexed.</param>
    public async Task<bool[]> HoldAsync(
        NpgsqlConnection connection, IReadOnlyList<PendingGroup> groups, long generation, CancellationToken cancellationToken)
    {
        var hold = new bool[groups.Count];
        Array.Fill(hold, true);
        var guards = new List<(int Group, CriteriaGuard Guard)>();
        for (var group = 0; group < groups.Count; group++)
            foreach (var guard in groups[group].Group.Guards)
            {
                if (guard.Criteria.Query.Definitions.Generation == generation) guards.Add((group, guard));
                else hold[group] = false;
            }
        if (guards.Count == 0) return hold;
        var found = new List<CriteriaMatch>[guards.Count];
        for (var place = 0; place < found.Length; place++) found[place] = [];
        var refused = await AskAsync(connection, guards.ConvertAll(one => one.Guard), found, cancellationToken);
        for (var place = 0; place < guards.Count; place++)
        {
            var (group, guard) = guards[place];
            var isSame = found[place].Count == guard.Found.Length && found[place].TrueForAll(match => guard.Found.Contains(match.Key));
            hold[group] &= isSame && !refused.Contains(LockOf(guard));
        }
        return hold;
    }

    private static int LockOf(CriteriaGuard guard) => (int)(guard.Criteria.Hash & (Locks - 1));

    /// <summary>One round trip: the locks, then what is found under them.</summary>
    /// <returns>The locks that others have.</returns>
    private async Task<HashSet<int>> AskAsync(
        NpgsqlConnection connection, List<CriteriaGuard> guards, List<CriteriaMatch>[] found, CancellationToken cancellationToken)
    {
        ImmutableArray<CriteriaQuestion> questions =
            [.. guards.Select((guard, place) => new CriteriaQuestion(place, guard.Criteria, guard.Found.Length + 1))];
        var isFree = guards.Exists(guard => !KeyQueries.Is(guard.Criteria.Query));
        await using var batch = connection.CreateBatch();
        batch.BatchCommands.Add(TryLock([.. guards.Select(LockOf).Distinct().Order()]));
        if (isFree)
            foreach (var setting in PlanFreely) batch.BatchCommands.Add(new NpgsqlBatchCommand(setting));
        await search.AddToAsync(batch, connection, questions, cancellationToken);
        if (isFree)
            foreach (var setting in PlanAsBefore) batch.BatchCommands.Add(new NpgsqlBatchCommand(setting));
        await using var row = await batch.ExecuteReaderAsync(CommandBehavior.SequentialAccess, cancellationToken);
        var refused = new HashSet<int>();
        while (await row.ReadAsync(cancellationToken)) refused.Add(row.GetInt32(0));
        if (await row.NextResultAsync(cancellationToken)) await CriteriaSearch.ReadAsync(row, questions, found, cancellationToken);
        return refused;
    }

    private static NpgsqlBatchCommand TryLock(int[] locks) => new("select l from unnest($1) l where not pg_try_advisory_xact_lock($2, l)")
    {
        Parameters = { new NpgsqlParameter<int[]> { TypedValue = locks }, new NpgsqlParameter<int> { TypedValue = LockClass } },
    };
}

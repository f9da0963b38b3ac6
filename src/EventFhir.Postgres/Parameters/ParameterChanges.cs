using System.Collections.Immutable;

using EventFhir.Core.Search;
using EventFhir.Core.Search.Parameters;
using EventFhir.Model.Definitions;
using EventFhir.Model.Json;

using Npgsql;

namespace EventFhir.Postgres.Parameters;

/// <summary>What new versions of SearchParameter resources change in es.search_parameter. No I/O: rows come in, statements go out.</summary>
internal sealed class ParameterChanges(SearchDefinitions definitions, ParameterRows rows)
{
    private const string TotalOf = "(select coalesce(sum(c.live), 0) from es.counter c where c.tenant = 0 and c.type = any($2))";
    private readonly List<NpgsqlBatchCommand> statements = [];
    private readonly List<(long Rid, CustomParameter Custom)> customs = [.. rows.Rids.Zip(rows.Customs)];

    /// <summary>New ones have numbers below zero until the database gives them theirs.</summary>
    private int next = -1;

    /// <summary>Statements that only note what was looked at.</summary>
    private int sources;

    public bool IsEmpty => statements.Count == 0;

    /// <summary>True if writes have to extract something else than before.</summary>
    public bool ConcernWrites { get; private set; }

    public void Take(ParameterSource source)
    {
        sources++;
        statements.Add(new NpgsqlBatchCommand(
            "insert into es.search_source (rid, version) values ($1, $2) on conflict (rid) do update set version = excluded.version")
        {
            Parameters = { new NpgsqlParameter<long> { TypedValue = source.Rid }, new NpgsqlParameter<int> { TypedValue = source.Version } },
        });
        var wanted = Read(source);
        var known = customs.Where(each => each.Rid == source.Rid && each.Custom.State is not ParameterState.Dropping).ToList();
        if (wanted is { } same && known.Exists(each => Equal(each.Custom.Definition, same))) return;
        foreach (var (rid, custom) in known) Drop(rid, custom);
        if (wanted is not { } definition) return;
        customs.Add((source.Rid, new CustomParameter(next--, source.Id, definition, ParameterState.Waiting, new IndexingProgress(0, 0))));
    }

    /// <summary>Those whose code is free begin. A code is free when the rows of its former owner are gone: they have the same hashes.</summary>
    public void StartWaiting()
    {
        for (var place = 0; place < customs.Count; place++)
        {
            var (rid, custom) = customs[place];
            if (custom.State is not ParameterState.Waiting) continue;
            if (IsTaken(custom)) continue;
            customs[place] = (rid, custom with { State = ParameterState.Indexing });
            ConcernWrites = true;
            if (custom.Id > 0) statements.Add(Start(custom));
        }
        foreach (var (rid, custom) in customs)
            if (custom.Id < 0) statements.Add(ParameterRows.Insert(rid, custom.Owner, custom.Definition, custom.State, 0));
        if (customs.Exists(each => each.Custom is { Id: < 0, State: ParameterState.Indexing })) statements.Add(CountNew());
    }

    public IEnumerable<NpgsqlBatchCommand> Statements()
    {
        var generation = ConcernWrites ? 1L : 0L;
        var revision = statements.Count > sources ? 1L : 0L;
        return statements.Append(new NpgsqlBatchCommand("update es.search_set set generation = generation + $1, revision = revision + $2")
        {
            Parameters = { new NpgsqlParameter<long> { TypedValue = generation }, new NpgsqlParameter<long> { TypedValue = revision } },
        });
    }

    private CustomDefinition? Read(ParameterSource source)
    {
        if (source.Body is null || ResourceJsonReader.Read(source.Body, definitions.Release).Resource is not { } resource)
            return null;
        // It was checked when it was written. What can have come between is another one with the same code; then this one has no effect.
        var current = definitions.With(0, [.. customs.Select(each => each.Custom)]);
        var read = new CustomParameterReader(current).Read(resource, source.Id);
        return read.Refusal is null ? (read.Value as ParameterIntent.Define)?.Definition : null;
    }

    private bool IsTaken(CustomParameter custom) => customs.Exists(each => each.Custom.Id != custom.Id
        && each.Custom.Definition.Code == custom.Definition.Code
        && each.Custom.State is ParameterState.Dropping or ParameterState.Indexing or ParameterState.Usable
        && definitions.Release.ResourceTypes.Any(type => each.Custom.Definition.AppliesTo(type) && custom.Definition.AppliesTo(type)));

    private void Drop(long rid, CustomParameter custom)
    {
        var place = customs.FindIndex(each => each.Custom.Id == custom.Id);
        if (custom.Id < 0 || !custom.IsExtracted)
        {
            customs.RemoveAt(place);
            const string Delete = "delete from es.search_parameter where id = $1";
            if (custom.Id > 0) statements.Add(new NpgsqlBatchCommand(Delete) { Parameters = { Id(custom) } });
            return;
        }
        ConcernWrites = true;
        customs[place] = (rid, custom with { State = ParameterState.Dropping });
        statements.Add(new NpgsqlBatchCommand(
            "update es.search_parameter set state = 4, progress = 0, done = 0, changed_at = now() where id = $1") { Parameters = { Id(custom) } });
    }

    private NpgsqlBatchCommand Start(CustomParameter custom) => new(
        $"update es.search_parameter set state = 2, progress = 0, done = 0, changed_at = now(), total = {TotalOf} where id = $1")
    {
        Parameters = { Id(custom), new NpgsqlParameter<short[]> { TypedValue = Numbers(custom.Definition) } },
    };

    /// <summary>Totals of those that begin at once.</summary>
    private NpgsqlBatchCommand CountNew()
    {
        var started = customs.Where(each => each.Custom is { Id: < 0, State: ParameterState.Indexing }).ToList();
        var types = started.SelectMany(each => Numbers(each.Custom.Definition).Select(number => (each.Rid, Number: number))).ToList();
        return new NpgsqlBatchCommand("""
            update es.search_parameter p set total = t.total
            from (select k.rid, coalesce(sum(c.live), 0) as total from unnest($1, $2) k(rid, type)
                  left join es.counter c on c.tenant = 0 and c.type = k.type group by k.rid) t
            where p.rid = t.rid and p.state = 2 and p.done = 0
            """)
        {
            Parameters =
            {
                new NpgsqlParameter<long[]> { TypedValue = [.. types.Select(type => type.Rid)] },
                new NpgsqlParameter<short[]> { TypedValue = [.. types.Select(type => type.Number)] },
            },
        };
    }

    private short[] Numbers(CustomDefinition definition) =>
        [.. definitions.Release.ResourceTypes.Where(definition.AppliesTo).Select(type => (short)type.Number)];

    private static NpgsqlParameter<int> Id(CustomParameter custom) => new() { TypedValue = custom.Id };

    private static bool Equal(CustomDefinition one, CustomDefinition other) =>
        one.Code == other.Code && one.Url == other.Url && one.Type == other.Type && one.Expression == other.Expression
        && one.Bases.SequenceEqual(other.Bases) && one.Targets.SequenceEqual(other.Targets) && one.Components.SequenceEqual(other.Components);
}

using System.Collections.Immutable;
using System.Diagnostics;

using EventFhir.Core.Search;
using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Sql;

namespace EventFhir.Postgres.Search;

/// <summary>
/// Lowers clauses to conditions on the row x of a type's main table. Side tables are asked with "x.rid in (select …)", so that the planner may
/// start from either side. One rule per parameter type: <see cref="ValueWriter"/>. A clause reads index rows only through the tables that it is
/// given, never through names of its own making: they may stand for an earlier time.
/// </summary>
/// <param name="definitions">Those that the query was read with.</param>
/// <param name="hasTables">Types never written have no tables, and so no matches.</param>
/// <param name="snapshot">The pg_snapshot whose versions are read; null for the newest.</param>
internal sealed class ClauseWriter(SqlBuilder sql, SearchDefinitions definitions, Func<TypeDefinition, bool> hasTables, SqlText? snapshot = null)
{
    /// <summary>True if the rows are taken from the log by time, so that an index on times has served already.</summary>
    public bool IsByTime { get; init; }

    /// <summary>A chain whose targets are looked up elsewhere, and the array of them; null if all are joined where they stand.</summary>
    public (Clause.Chain Chain, SqlText Rids)? LookedUp { get; init; }

    public Release Release => definitions.Release;

    public bool HasTables(TypeDefinition type) => hasTables(type);

    /// <summary>Where the versions that are read have their rows: all of them together are each resource once.</summary>
    public ImmutableArray<TableNames> SourcesOf(TypeDefinition type)
    {
        var tables = new TableNames(definitions.LayoutOf(type));
        if (snapshot is not { } seen) return [tables];
        return [tables with { Versions = RowVersions.Unchanged, Snapshot = seen }, tables with { Versions = RowVersions.Past, Snapshot = seen }];
    }

    private ImmutableArray<TableNames> TablesOf(TypeDefinition type) => hasTables(type) ? SourcesOf(type) : [];

    /// <summary>"select x.rid from x_… x where …".</summary>
    public void Select(TypeQuery query) => Either(query.Type, tables => Select(query, tables));

    /// <summary>
    /// As <see cref="Select(TypeQuery)"/>, for the newest versions. What one look-up in a side table finds needs no other table: its rows come and go
    /// with those of x.
    /// </summary>
    public void SelectByKey(TypeQuery query)
    {
        Debug.Assert(snapshot is null, "Past rows of side tables say nothing by themselves.");
        var tables = new TableNames(definitions.LayoutOf(query.Type));
        if (query.Clauses is not [Clause.Matches { Values: [var value] } matches])
        {
            Select(query);
            return;
        }
        switch (Stored(PlacementOf(tables.Layout, matches.Parameter)), value)
        {
            case (ParameterPlacement.TokenIdentifiers identifiers, SearchValue.Token { Code: not null, LowerCode: null }):
                var hash = TokenHashes.Of(identifiers.Parameter.Code, value);
                sql.Append($"select distinct t.rid from {tables.Identifiers} t where t.hash = {hash}");
                break;
            case (ParameterPlacement.StringRows strings, SearchValue.Text { Match: StringMatch.StartsWith } text):
                sql.Append($"select distinct t.rid from {tables.Strings} t where t.parameter = {Hashing.Parameter(strings.Parameter.Code)} and ");
                new TextWriter(sql).WritePrefix(text.Folded);
                break;
            default:
                Select(query);
                break;
        }
    }

    private void Select(TypeQuery query, TableNames tables)
    {
        sql.Append($"select x.rid from {tables.Main} x where ");
        WriteAll(query, tables);
    }

    private void Either(TypeDefinition type, Action<TableNames> select)
    {
        var isFirst = true;
        foreach (var tables in SourcesOf(type))
        {
            if (!isFirst) sql.Append($" union all ");
            isFirst = false;
            select(tables);
        }
    }

    /// <summary>All clauses of a query, as one condition on the versions that are read.</summary>
    public void WriteAll(TypeQuery query, TableNames tables)
    {
        sql.Append($"{tables.IsRead}");
        if (query.Clauses.IsEmpty) sql.Append($"true");
        for (var place = 0; place < query.Clauses.Length; place++)
        {
            if (place > 0) sql.Append($" and ");
            Write(tables, query.Clauses[place]);
        }
        new DateWindow(sql).Write(query, tables);
    }

    private void Write(TableNames tables, Clause clause)
    {
        switch (clause)
        {
            case Clause.Matches matches:
                new ValueWriter(sql, Release, TablesOf).Write(tables, PlacementOf(tables.Layout, matches.Parameter), matches.Values);
                break;
            case Clause.Missing missing:
                sql.Append($"not ");
                new PresenceWriter(sql).Write(tables, PlacementOf(tables.Layout, missing.Parameter));
                break;
            case Clause.Not not:
                sql.Append($"not ");
                Write(tables, not.Inner);
                break;
            case Clause.AllOf all:
                WriteEach(tables, all.Clauses, new SqlText(" and "), new SqlText("true"));
                break;
            case Clause.AnyOf any:
                WriteEach(tables, any.Clauses, new SqlText(" or "), new SqlText("false"));
                break;
            case Clause.Chain chain:
                WriteChain(tables, chain);
                break;
            case Clause.Has has:
                WriteHas(tables.Type, has);
                break;
            case Clause.Words words:
                new WordWriter(sql).Write(tables, words);
                break;
            case Clause.Contains contains:
                if (contains.Reference is { } reference) WriteKeyless(tables, reference);
                sql.Append($"x.terms && {contains.Types.Select(type => Hashing.Contains(type.Name)).ToArray()}");
                break;
            case Clause.Id id:
                sql.Append($"x.rid in (select s.rid from es.stream s where s.tenant = {Tenant.Text} and s.type = {(short)tables.Type.Number}");
                sql.Append($" and s.id = any({id.Ids.ToArray()}))");
                break;
            case Clause.LastUpdated updated:
                WriteLastUpdated(tables, updated);
                break;
            default:
                throw new UnreachableException($"No SQL is defined for {clause.GetType().Name}.");
        }
    }

    /// <summary>Custom parameters have no such term.</summary>
    private void WriteKeyless(TableNames tables, SearchParameterDefinition reference)
    {
        if (Stored(PlacementOf(tables.Layout, reference)) is not { Home: TermHome.Terms } stored) return;
        sql.Append($"x.terms @> {new[] { Hashing.Term(stored.Parameter.Code, TermForm.Present) }} and ");
    }

    private void WriteEach(TableNames tables, ImmutableArray<Clause> clauses, SqlText between, SqlText none)
    {
        sql.Append($"(");
        for (var place = 0; place < clauses.Length; place++)
        {
            if (place > 0) sql.Append($"{between}");
            Write(tables, clauses[place]);
        }
        if (clauses.IsEmpty) sql.Append($"{none}");
        sql.Append($")");
    }

    private void WriteChain(TableNames tables, Clause.Chain chain)
    {
        var placement = PlacementOf(tables.Layout, chain.Parameter);
        var targets = TargetsOf(chain, placement, hasTables);
        if (targets.Count == 0)
        {
            sql.Append($"false");
            return;
        }
        switch (Stored(placement))
        {
            case ParameterPlacement.ReferenceColumn column:
                var reference = tables.Column(column.Column);
                if (LookedUp is { } known && ReferenceEquals(known.Chain, chain))
                {
                    sql.Append($"(x.{reference} is not null and x.{reference} = any({known.Rids}))");
                    break;
                }
                sql.Append($"(x.{reference} is not null and x.{reference} in (");
                WriteTargets(targets);
                sql.Append($"))");
                break;
            case ParameterPlacement.ReferenceRows rows:
                sql.Append($"x.rid in (select t.rid from {tables.References} t where t.parameter = {Hashing.Parameter(rows.Parameter.Code)}");
                sql.Append($" and t.target in (");
                WriteTargets(targets);
                sql.Append($"))");
                break;
            case ParameterPlacement.UriTerms uris:
                WriteCanonicalChain(tables, uris, targets);
                break;
            case var other:
                throw new UnreachableException($"{other.GetType().Name} holds no keys to chain to.");
        }
    }

    /// <summary>The targets of a chain that can have matches.</summary>
    public static List<TypeQuery> TargetsOf(Clause.Chain chain, ParameterPlacement placement, Func<TypeDefinition, bool> hasTables)
    {
        var only = (placement as ParameterPlacement.SameAs)?.Target;
        return [.. chain.Targets.Where(target => hasTables(target.Type) && (only is null || target.Type == only))];
    }

    private void WriteCanonicalChain(TableNames tables, ParameterPlacement.UriTerms uris, List<TypeQuery> targets)
    {
        sql.Append($"(false");
        foreach (var query in targets)
        {
            foreach (var target in SourcesOf(query.Type))
            {
                sql.Append($" or ");
                new CanonicalLinks(sql).WriteForward(tables, uris, target, () => WriteAll(query, target));
            }
        }
        sql.Append($")");
    }

    private void WriteTargets(List<TypeQuery> targets)
    {
        for (var place = 0; place < targets.Count; place++)
        {
            if (place > 0) sql.Append($" union all ");
            Select(targets[place]);
        }
    }

    private void WriteHas(TypeDefinition type, Clause.Has has)
    {
        var source = has.Source.Type;
        var placement = PlacementOf(definitions.LayoutOf(source), has.Parameter);
        if (!hasTables(source) || (placement is ParameterPlacement.SameAs { Target: { } only } && only != type))
        {
            sql.Append($"false");
            return;
        }
        if (Stored(placement) is ParameterPlacement.UriTerms uris)
        {
            WriteCanonicalHas(type, uris, has.Source);
            return;
        }
        sql.Append($"x.rid in (");
        Either(source, tables => SelectPointedTo(tables, Stored(placement), has.Source));
        sql.Append($")");
    }

    private void WriteCanonicalHas(TypeDefinition type, ParameterPlacement.UriTerms uris, TypeQuery source)
    {
        var target = new TableNames(definitions.LayoutOf(type));
        sql.Append($"(false");
        foreach (var tables in SourcesOf(source.Type))
        {
            sql.Append($" or ");
            new CanonicalLinks(sql).WriteReverse(tables, uris, target, () => WriteAll(source, tables));
        }
        sql.Append($")");
    }

    private void SelectPointedTo(TableNames tables, ParameterPlacement placement, TypeQuery source)
    {
        switch (placement)
        {
            case ParameterPlacement.ReferenceColumn column:
                var name = tables.Column(column.Column);
                sql.Append($"select x.{name} from {tables.Main} x where x.{name} is not null and ");
                WriteAll(source, tables);
                break;
            case ParameterPlacement.ReferenceRows rows:
                sql.Append($"select t.target from {tables.References} t where t.parameter = {Hashing.Parameter(rows.Parameter.Code)}");
                sql.Append($" and t.rid in (");
                Select(source, tables);
                sql.Append($")");
                break;
            case var other:
                throw new UnreachableException($"{other.GetType().Name} holds no keys to follow back.");
        }
    }

    /// <summary>What is asked for after some instant was written after it: the log has an index on times, for which no update has to pay as it
    /// would for one on the heads.</summary>
    private void WriteLastUpdated(TableNames tables, Clause.LastUpdated clause)
    {
        sql.Append($"(");
        if (tables.Versions is RowVersions.Past)
            sql.Append($"exists (select from (select e.recorded_at as updated from es.event e where e.seq = x.seq) s where (");
        else sql.Append($"exists (select from es.stream s where s.rid = x.rid and (");
        for (var place = 0; place < clause.Values.Length; place++)
        {
            if (place > 0) sql.Append($" or ");
            // The server's instants have milliseconds, so each stands for one.
            Comparison.Write(sql, clause.Values[place], new SqlText("s.updated"), new SqlText("(s.updated + interval '1 ms')"));
        }
        sql.Append($"))");
        if (!IsByTime && clause.Values is [var only] && Since(only) is { } since)
        {
            sql.Append($" and x.rid in (select e.rid from es.event e where e.tenant = {Tenant.Text} and e.type = {(short)tables.Type.Number}");
            sql.Append($" and e.recorded_at >= {since})");
        }
        sql.Append($")");
    }

    /// <summary>What is asked for was not written before; null if it can be as old as it likes.</summary>
    public static DateTimeOffset? Since(SearchValue.Date updated) =>
        updated.Prefix is Prefix.Less or Prefix.LessOrEqual or Prefix.EndsBefore or Prefix.NotEqual ? null
        : updated.Low.Ticks > TimeSpan.TicksPerMillisecond ? updated.Low.AddMilliseconds(-1) : updated.Low;

    public static ParameterPlacement PlacementOf(TypeLayout layout, SearchParameterDefinition parameter) =>
        layout.Find(parameter.Code) ?? throw new UnreachableException($"{layout.Type.Name} has no placement for {parameter.Code}.");

    /// <summary>Where the values really are.</summary>
    public static ParameterPlacement Stored(ParameterPlacement placement)
    {
        while (placement is ParameterPlacement.SameAs same) placement = same.Of;
        return placement;
    }
}

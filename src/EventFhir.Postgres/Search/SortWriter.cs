using System.Collections.Immutable;
using System.Diagnostics;

using EventFhir.Core.Search;
using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Sql;

namespace EventFhir.Postgres.Search;

/// <summary>
/// The value by which the row x of a main table is sorted: one rule for each <see cref="SortOrder"/>. Texts are compared by code points, as the
/// collation "C" does, and those that no index row holds are cut, for the links of pages have to hold them.
/// </summary>
internal sealed class SortWriter(SqlBuilder sql, ClauseWriter clauses, SortDirection direction)
{
    private SqlText Extreme => new(direction is SortDirection.Descending ? "max" : "min");

    public static SqlText CastOf(SortKind kind) => kind switch
    {
        SortKind.Instant => new SqlText("::timestamptz"),
        SortKind.Number => new SqlText("::numeric"),
        SortKind.Text => new SqlText("::text"),
        _ => throw new UnreachableException($"No type is defined for {kind}."),
    };

    public void Write(SortPath path, TableNames tables)
    {
        switch (path)
        {
            case SortPath.Id:
                sql.Append($"(select s.id from es.stream s where s.rid = x.rid)");
                break;
            case SortPath.LastUpdated when tables.Versions is RowVersions.Past:
                sql.Append($"(select e.recorded_at from es.event e where e.seq = x.seq)");
                break;
            case SortPath.LastUpdated:
                sql.Append($"(select s.updated from es.stream s where s.rid = x.rid)");
                break;
            case SortPath.Value { Order: SortOrder.Literal } value:
                WriteLiteral(tables, value.JsonPaths);
                break;
            case SortPath.Value value:
                WriteStored(tables, ClauseWriter.PlacementOf(tables.Layout, value.Parameter), target: null);
                break;
            case SortPath.Chain chain:
                WriteChain(tables, chain);
                break;
            default:
                throw new UnreachableException($"{path.GetType().Name} has no order here.");
        }
    }

    /// <param name="target">The only type whose references count; null for all.</param>
    private void WriteStored(TableNames tables, ParameterPlacement placement, TypeDefinition? target)
    {
        var code = placement.Parameter.Code;
        switch (placement)
        {
            case ParameterPlacement.SameAs same:
                WriteStored(tables, same.Of, same.Target ?? target);
                break;
            case ParameterPlacement.UnionOf union:
                WriteUnion(tables, union);
                break;
            case ParameterPlacement.DateColumns columns:
                sql.Append($"x.{tables.Column(columns.Low)}");
                break;
            case ParameterPlacement.NumberColumns columns:
                sql.Append($"x.{tables.Column(columns.Low)}");
                break;
            case ParameterPlacement.QuantityColumns columns:
                sql.Append($"x.{tables.Column(columns.Low)}");
                break;
            case ParameterPlacement.DateRows:
                sql.Append($"(select {Extreme}(t.low) from {tables.Dates} t where t.rid = x.rid and t.hash = {Hashing.Term(code, TermForm.Any)})");
                break;
            case ParameterPlacement.NumberRows or ParameterPlacement.QuantityRows:
                sql.Append($"(select {Extreme}(t.low) from {tables.Numbers} t where t.rid = x.rid and t.hash = {Hashing.Term(code, TermForm.Any)})");
                break;
            case ParameterPlacement.StringRows:
                // Rows of single words have no exact text.
                sql.Append($"(select {Extreme}(t.normalized) from {tables.Strings} t where t.rid = x.rid");
                sql.Append($" and t.parameter = {Hashing.Parameter(code)} and t.exact <> '')");
                break;
            case ParameterPlacement.UriRows:
                sql.Append(
                    $"(select {Extreme}(t.normalized) from {tables.Strings} t where t.rid = x.rid and t.parameter = {Hashing.Parameter(code)})");
                break;
            case ParameterPlacement.TokenTerms:
                sql.Append($"(select {Extreme}(l.normalized) from {LexiconOf(tables, placement)}");
                sql.Append($" and l.parameter = {LexiconEntry.NumberOf(code, LexiconKind.Code)})");
                break;
            case ParameterPlacement.UriTerms:
                sql.Append($"(select {Extreme}(left(l.normalized, 256)) from {LexiconOf(tables, placement)}");
                sql.Append($" and l.parameter = {LexiconEntry.NumberOf(code, LexiconKind.Canonical)})");
                break;
            case ParameterPlacement.ReferenceColumn column:
                sql.Append($"(select {Key()} from es.stream s where s.rid = x.{tables.Column(column.Column)}{Only(target)})");
                break;
            case ParameterPlacement.ReferenceRows:
                sql.Append($"(select {Extreme}({Key()}) from {tables.References} t join es.stream s on s.rid = t.target");
                sql.Append($" where t.rid = x.rid and t.parameter = {Hashing.Parameter(code)}{Only(target)})");
                break;
            default:
                throw new UnreachableException($"{placement.GetType().Name} has no order.");
        }
    }

    /// <summary>The texts l of the terms of the row x.</summary>
    private static SqlText LexiconOf(TableNames tables, ParameterPlacement placement) => placement.Home is TermHome.Identifiers
        ? SqlWriter.Text($"{tables.Identifiers} i join {tables.Lexicon} l on l.hash = i.hash where i.rid = x.rid")
        : SqlWriter.Text($"{tables.Lexicon} l where l.hash = any(x.terms)");

    /// <summary>Missing values are passed over by these functions of PostgreSQL.</summary>
    private void WriteUnion(TableNames tables, ParameterPlacement.UnionOf union)
    {
        sql.Append($"{new SqlText(direction is SortDirection.Descending ? "greatest" : "least")}(");
        for (var place = 0; place < union.Parts.Length; place++)
        {
            if (place > 0) sql.Append($", ");
            WriteStored(tables, union.Parts[place], target: null);
        }
        sql.Append($")");
    }

    /// <summary>"Type/id" of the stream s.</summary>
    private SqlText Key()
    {
        var types = ReferenceKeys.TypeNames(clauses.Release);
        return SqlWriter.Text($"(({sql.Value(types)}::text[])[s.type + 1] || '/' || s.id collate \"C\")");
    }

    private SqlText Only(TypeDefinition? target) =>
        target is null ? new SqlText("") : SqlWriter.Text($" and s.type = {sql.Value((short)target.Number)}");

    /// <summary>From the stored JSON: of these the index has hashes only, and a row for each would make every write dearer.</summary>
    private void WriteLiteral(TableNames tables, ImmutableArray<string> paths)
    {
        sql.Append($"(select {Extreme}(left(v #>> '{{}}', 256) collate \"C\") from ");
        if (tables.Versions is RowVersions.Past) sql.Append($"es.event e");
        else sql.Append($"es.stream s join es.event e on e.seq = s.seq");
        sql.Append($" cross join unnest({paths.ToArray()}::text[]) q(path) cross join jsonb_path_query(e.body::jsonb, q.path::jsonpath) v where ");
        sql.Append($"{new SqlText(tables.Versions is RowVersions.Past ? "e.seq = x.seq" : "s.rid = x.rid")})");
    }

    /// <summary>The lowest or highest key of the targets, as of the same time; null where nothing is followed.</summary>
    private void WriteChain(TableNames tables, SortPath.Chain chain)
    {
        var placement = ClauseWriter.PlacementOf(tables.Layout, chain.Parameter);
        var only = (placement as ParameterPlacement.SameAs)?.Target;
        var targets = chain.Targets.Where(target => clauses.HasTables(target.Type) && (only is null || only == target.Type)).ToList();
        if (targets.Count == 0)
        {
            sql.Append($"null{CastOf(chain.Kind)}");
            return;
        }
        sql.Append($"(select {Extreme}(c.k) from ");
        switch (ClauseWriter.Stored(placement))
        {
            case ParameterPlacement.ReferenceColumn column:
                sql.Append($"(select x.{tables.Column(column.Column)} as target) g cross join lateral (");
                WriteTargets(targets, target => sql.Append($"x.rid = g.target"));
                sql.Append($") c)");
                break;
            case ParameterPlacement.ReferenceRows rows:
                sql.Append($"{tables.References} g cross join lateral (");
                WriteTargets(targets, target => sql.Append($"x.rid = g.target"));
                sql.Append($") c where g.rid = x.rid and g.parameter = {Hashing.Parameter(rows.Parameter.Code)})");
                break;
            case ParameterPlacement.UriTerms uris:
                sql.Append($"(select x.rid as source) g cross join lateral (");
                WriteTargets(targets, target => new CanonicalLinks(sql).WriteReverse(
                    tables, uris, target, () => sql.Append($"x.rid = g.source")));
                sql.Append($") c)");
                break;
            case var other:
                throw new UnreachableException($"{other.GetType().Name} holds no keys to follow.");
        }
    }

    /// <summary>Fenced: pulled up into the aggregate, it would be planned once more for the lowest value by an index, and so would what is nested in
    /// it, each time again.</summary>
    private void WriteTargets(List<SortPath> targets, Action<TableNames> writeLink)
    {
        var isFirst = true;
        foreach (var target in targets)
        {
            foreach (var tables in clauses.SourcesOf(target.Type))
            {
                if (!isFirst) sql.Append($" union all ");
                isFirst = false;
                sql.Append($"select ");
                Write(target, tables);
                sql.Append($" as k from {tables.Main} x where {tables.IsRead}");
                writeLink(tables);
            }
        }
        sql.Append($" offset 0");
    }
}

using System.Globalization;

using EventFhir.Core.Search;
using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Sql;

using Npgsql;

namespace EventFhir.Postgres.Search;

/// <summary>One round of _include and _revinclude: from the surrogates of resources to those that they point to, or that point to them.</summary>
internal static class IncludeStatement
{
    /// <summary>Columns as of <see cref="SearchCompiler.Page"/>; null if nothing can be followed.</summary>
    /// <param name="found">What the answer holds already.</param>
    /// <param name="snapshot">The versions that it saw are followed and included.</param>
    public static NpgsqlBatchCommand? Of(
        SearchDefinitions definitions, IEnumerable<Include> includes, long[] from, long[] found, long max,
        Func<TypeDefinition, bool> hasTables, string snapshot)
    {
        var sql = new SqlBuilder();
        var seen = SearchCompiler.Seen(sql, snapshot);
        var clauses = new ClauseWriter(sql, definitions, hasTables, seen);
        sql.Append($"with i as materialized (select distinct r.rid from (");
        var isFirst = true;
        foreach (var include in includes.Where(include => hasTables(include.Source)))
        {
            foreach (var parameter in include.Parameters)
            {
                var placement = ClauseWriter.PlacementOf(definitions.LayoutOf(include.Source), parameter);
                if (ClauseWriter.Stored(placement) is ParameterPlacement.UriTerms)
                {
                    foreach (var target in parameter.Targets)
                    {
                        if (!hasTables(target) || (include.Target is { } only && only != target)) continue;
                        foreach (var source in clauses.SourcesOf(include.Source))
                        {
                            foreach (var named in clauses.SourcesOf(target))
                            {
                                if (!isFirst) sql.Append($" union all ");
                                isFirst = false;
                                WriteCanonical(sql, include, source, placement, named, from);
                            }
                        }
                    }
                }
                if (ClauseWriter.Stored(placement) is not (ParameterPlacement.ReferenceColumn or ParameterPlacement.ReferenceRows)) continue;
                foreach (var tables in clauses.SourcesOf(include.Source))
                {
                    if (!isFirst) sql.Append($" union all ");
                    isFirst = false;
                    Write(sql, include, tables, placement, from);
                }
            }
        }
        if (isFirst) return null;
        sql.Append($"""
            ) r where r.rid <> all({found}) limit {new SqlText(max.ToString(CultureInfo.InvariantCulture))})
            select null::bigint, b.rid, b.type, b.id, b.version, b.kind, b.updated, b.body from es.seen(array(select i.rid from i), {seen}) b
            """);
        return sql.Statement();
    }

    private static void Write(SqlBuilder sql, Include include, TableNames tables, ParameterPlacement placement, long[] from)
    {
        var target = include.Target ?? (placement as ParameterPlacement.SameAs)?.Target;
        var stored = ClauseWriter.Stored(placement);
        var isForward = include.Direction is IncludeDirection.Forward;
        if (stored is ParameterPlacement.ReferenceColumn column)
        {
            var name = tables.Column(column.Column);
            if (isForward)
                sql.Append($"select x.{name} as rid from {tables.Main} x where {tables.IsRead}x.rid = any({from}) and x.{name} is not null");
            else sql.Append($"select x.rid from {tables.Main} x where {tables.IsRead}x.{name} = any({from})");
            if (target is not null) WriteTarget(sql, SqlWriter.Text($"x.{name}"), target);
            return;
        }
        var parameter = Hashing.Parameter(stored.Parameter.Code);
        if (isForward) sql.Append($"select t.target as rid from {tables.References} t where t.parameter = {parameter} and t.rid = any({from})");
        else sql.Append($"select t.rid from {tables.References} t where t.parameter = {parameter} and t.target = any({from})");
        if (tables.Versions is RowVersions.Unchanged)
            sql.Append($" and exists (select from {tables.Main} x where {tables.IsRead}x.rid = t.rid)");
        if (target is not null) WriteTarget(sql, new SqlText("t.target"), target);
    }

    private static void WriteCanonical(
        SqlBuilder sql, Include include, TableNames source, ParameterPlacement placement, TableNames target, long[] from)
    {
        var links = new CanonicalLinks(sql);
        var uris = (ParameterPlacement.UriTerms)ClauseWriter.Stored(placement);
        var isForward = include.Direction is IncludeDirection.Forward;
        var (here, there) = isForward ? (target, source) : (source, target);
        sql.Append($"select x.rid from {here.Main} x where {here.IsRead}");
        if (isForward) links.WriteReverse(source, uris, target, () => sql.Append($"{there.IsRead}x.rid = any({from})"));
        else links.WriteForward(source, uris, target, () => sql.Append($"{there.IsRead}x.rid = any({from})"));
    }

    private static void WriteTarget(SqlBuilder sql, SqlText column, TypeDefinition target) =>
        sql.Append($" and exists (select from es.stream o where o.rid = {column} and o.type = {(short)target.Number})");
}

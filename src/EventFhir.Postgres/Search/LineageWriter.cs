using System.Collections.Immutable;

using EventFhir.Core.Search;
using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Sql;

namespace EventFhir.Postgres.Search;

/// <summary>
/// The rids of a place in a hierarchy and of all above or below it, as an array that is made before the rest of the search: steps go by the index
/// on the parent, or by key. A place need not be there, and a circle, which a hierarchy should not have, ends where it began.
/// </summary>
/// <param name="sourcesOf">Where the versions of a type's resources that are read have their rows; none if the type was never written.</param>
internal sealed class LineageWriter(SqlBuilder sql, Func<TypeDefinition, ImmutableArray<TableNames>> sourcesOf)
{
    public void WriteArray(LineagePlace place, LineageDirection direction)
    {
        sql.Append($"array(with recursive h(rid) as (select s.rid from es.stream s where s.tenant = {Tenant.Text}");
        sql.Append($" and s.type = {(short)place.Type.Number} and s.id = {place.Id}");
        var sources = sourcesOf(place.Type);
        if (place.Parent is { } parent && !sources.IsEmpty)
        {
            sql.Append($" union select {new SqlText(direction is LineageDirection.Below ? "p.child" : "p.parent")} from h join (");
            for (var number = 0; number < sources.Length; number++)
            {
                if (number > 0) sql.Append($" union all ");
                WritePairs(sources[number], parent);
            }
            sql.Append($") p on h.rid = {new SqlText(direction is LineageDirection.Below ? "p.parent" : "p.child")}");
        }
        sql.Append($") select h.rid from h)");
    }

    private void WritePairs(TableNames tables, SearchParameterDefinition parent)
    {
        if (ClauseWriter.PlacementOf(tables.Layout, parent) is ParameterPlacement.ReferenceColumn column)
        {
            var name = tables.Column(column.Column);
            sql.Append($"select x.rid as child, x.{name} as parent from {tables.Main} x where {tables.IsRead}x.{name} is not null");
            return;
        }
        sql.Append($"select t.rid as child, t.target as parent from {tables.References} t join {tables.Main} x on x.rid = t.rid");
        sql.Append($" where {tables.IsRead}t.parameter = {Hashing.Parameter(parent.Code)}");
    }
}

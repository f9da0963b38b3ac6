using System.Diagnostics;

using EventFhir.Core.Search.Indexing;
using EventFhir.Postgres.Sql;

namespace EventFhir.Postgres.Search;

/// <summary>The condition that a resource has a value for a parameter, as each <see cref="ParameterPlacement"/> records it; for :missing.</summary>
internal sealed class PresenceWriter(SqlBuilder sql)
{
    public void Write(TableNames tables, ParameterPlacement placement)
    {
        switch (placement)
        {
            case ParameterPlacement.Head:
                sql.Append($"true");
                break;
            case ParameterPlacement.SameAs { Target: { } target } same:
                WriteTarget(tables, same, (short)target.Number);
                break;
            case ParameterPlacement.SameAs same:
                Write(tables, same.Of);
                break;
            case ParameterPlacement.UnionOf union:
                sql.Append($"(false");
                foreach (var part in union.Parts)
                {
                    sql.Append($" or ");
                    Write(tables, part);
                }
                sql.Append($")");
                break;
            case ParameterPlacement.ReferenceColumn column:
                sql.Append($"(x.{tables.Column(column.Column)} is not null or x.terms @> {Term(placement, TermForm.Present)})");
                break;
            case ParameterPlacement.ReferenceRows:
                sql.Append($"(");
                WritePresent(tables, placement);
                sql.Append($" or ");
                WriteRow(tables.References, Hashing.Parameter(placement.Parameter.Code));
                sql.Append($")");
                break;
            case ParameterPlacement.DateColumns columns:
                sql.Append($"(x.{tables.Column(columns.Low)} is not null)");
                break;
            case ParameterPlacement.NumberColumns columns:
                sql.Append($"(x.{tables.Column(columns.Low)} is not null)");
                break;
            case ParameterPlacement.QuantityColumns columns:
                sql.Append($"(x.{tables.Column(columns.Low)} is not null)");
                break;
            case ParameterPlacement.Coordinates at:
                sql.Append($"(x.{tables.Column(at.Latitude)} is not null)");
                break;
            case ParameterPlacement.DateRows:
                WriteHash(tables.Dates, Hashing.Term(placement.Parameter.Code, TermForm.Any));
                break;
            case ParameterPlacement.NumberRows or ParameterPlacement.QuantityRows:
                WriteHash(tables.Numbers, Hashing.Term(placement.Parameter.Code, TermForm.Any));
                break;
            case ParameterPlacement.StringRows or ParameterPlacement.UriRows:
                WriteRow(tables.Strings, Hashing.Parameter(placement.Parameter.Code));
                break;
            case ParameterPlacement.Composite:
                WritePresent(tables, placement);
                break;
            case ParameterPlacement.Conjunction conjunction:
                sql.Append($"(true");
                foreach (var component in conjunction.Components)
                {
                    sql.Append($" and ");
                    Write(tables, component);
                }
                sql.Append($")");
                break;
            case ParameterPlacement.TokenTerms terms:
                WriteMark(tables, placement, terms.Mark);
                break;
            case ParameterPlacement.TokenIdentifiers identifiers:
                WriteMark(tables, placement, identifiers.Mark);
                break;
            case ParameterPlacement.UriTerms uris:
                WriteMark(tables, placement, uris.Mark);
                break;
            default:
                throw new UnreachableException($"{placement.GetType().Name} does not record whether there is a value.");
        }
    }

    /// <summary>The type of a key is that of its stream; a reference without key has a mark of its own.</summary>
    private void WriteTarget(TableNames tables, ParameterPlacement.SameAs placement, short type)
    {
        sql.Append($"(x.terms @> {Term(placement, TermForm.Present)} or exists (select from ");
        var stored = ClauseWriter.Stored(placement);
        if (stored is ParameterPlacement.ReferenceColumn column)
            sql.Append($"es.stream s where s.rid = x.{tables.Column(column.Column)} and s.type = {type}))");
        else
            sql.Append($"""
                {tables.References} t join es.stream s on s.rid = t.target
                where t.rid = x.rid and t.parameter = {Hashing.Parameter(stored.Parameter.Code)} and s.type = {type}))
                """);
    }

    private void WriteMark(TableNames tables, ParameterPlacement placement, ValueMark mark)
    {
        if (mark is ValueMark.Present) WritePresent(tables, placement);
        else sql.Append($"(not x.terms @> {Term(placement, TermForm.Absent)})");
    }

    private void WritePresent(TableNames tables, ParameterPlacement placement)
    {
        if (placement.Home is TermHome.Identifiers) WriteHash(tables.Identifiers, Hashing.Term(placement.Parameter.Code, TermForm.Present));
        else sql.Append($"(x.terms @> {Term(placement, TermForm.Present)})");
    }

    private void WriteRow(SqlText table, int parameter) =>
        sql.Append($"exists (select from {table} t where t.rid = x.rid and t.parameter = {parameter})");

    private void WriteHash(SqlText table, long hash) => sql.Append($"exists (select from {table} t where t.rid = x.rid and t.hash = {hash})");

    private static long[] Term(ParameterPlacement placement, TermForm form) => [Hashing.Term(placement.Parameter.Code, form)];
}

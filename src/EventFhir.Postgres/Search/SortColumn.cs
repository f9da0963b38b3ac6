using System.Collections.Immutable;
using System.Diagnostics;

using EventFhir.Core.Search;
using EventFhir.Core.Search.Indexing;
using EventFhir.Postgres.Sql;

namespace EventFhir.Postgres.Search;

/// <summary>A sort key as a column k1, k2, … of the matches. Of several values the lowest counts, or the highest when descending.</summary>
/// <param name="CastFromText">The type to which a key of a cursor, which is text, is cast back.</param>
internal sealed record SortColumn(SqlName Name, SortKey Key, SqlText CastFromText)
{
    public bool IsDescending => Key.Direction is SortDirection.Descending;

    public static ImmutableArray<SortColumn> Of(SearchQuery query) =>
    [
        .. query.Result.Sort.Select((key, place) => new SortColumn(
            new SqlName($"k{(char)('a' + place)}"), key, CastOf(query.Definitions.LayoutOf(query.Types[0].Type), key))),
    ];

    private static SqlText CastOf(TypeLayout layout, SortKey key) => key.Code switch
    {
        SearchCatalog.Id => new SqlText("::text"),
        SearchCatalog.LastUpdated => new SqlText("::timestamptz"),
        SearchCatalog.Score => new SqlText("::numeric"),
        _ => ClauseWriter.Stored(layout.Find(key.Code)!) switch
        {
            ParameterPlacement.DateColumns or ParameterPlacement.DateRows => new SqlText("::timestamptz"),
            ParameterPlacement.StringRows or ParameterPlacement.UriRows => new SqlText("::text"),
            _ => new SqlText("::numeric"),
        },
    };

    /// <summary>The value of the key for the row x of the main table.</summary>
    /// <param name="query">What a score is about.</param>
    public void Write(SqlBuilder sql, TypeQuery query, TableNames tables)
    {
        if (Key.Code is SearchCatalog.LastUpdated && tables.Versions is RowVersions.Past)
        {
            sql.Append($"(select e.recorded_at from es.event e where e.seq = x.seq)");
            return;
        }
        if (Key.Code is SearchCatalog.Score)
        {
            new WordWriter(sql).WriteScore(query, tables, new SqlText("x.rid"));
            return;
        }
        if (Key.Code is SearchCatalog.Id or SearchCatalog.LastUpdated)
        {
            sql.Append($"(select s.{new SqlName(Key.Code is SearchCatalog.Id ? "id" : "updated")} from es.stream s where s.rid = x.rid)");
            return;
        }
        var placement = ClauseWriter.Stored(tables.Layout.Find(Key.Code)!);
        var extreme = new SqlText(IsDescending ? "max" : "min");
        var code = placement.Parameter.Code;
        switch (placement)
        {
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
                sql.Append($"(select {extreme}(t.low) from {tables.Dates} t where t.rid = x.rid and t.hash = {Hashing.Term(code, TermForm.Any)})");
                break;
            case ParameterPlacement.NumberRows or ParameterPlacement.QuantityRows:
                sql.Append($"(select {extreme}(t.low) from {tables.Numbers} t where t.rid = x.rid and t.hash = {Hashing.Term(code, TermForm.Any)})");
                break;
            case ParameterPlacement.StringRows:
                // Rows of single words have no exact text.
                sql.Append($"(select {extreme}(t.normalized) from {tables.Strings} t where t.rid = x.rid");
                sql.Append($" and t.parameter = {Hashing.Parameter(code)} and t.exact <> '')");
                break;
            case ParameterPlacement.UriRows:
                sql.Append(
                    $"(select {extreme}(t.normalized) from {tables.Strings} t where t.rid = x.rid and t.parameter = {Hashing.Parameter(code)})");
                break;
            default:
                throw new UnreachableException($"{placement.GetType().Name} has no order.");
        }
    }
}

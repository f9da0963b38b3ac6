using System.Collections.Immutable;

using EventFhir.Core.Search;
using EventFhir.Postgres.Sql;

namespace EventFhir.Postgres.Search;

/// <summary>A sort key as a column ka, kb, … of the matches. Of several values the lowest counts, or the highest when descending.</summary>
/// <param name="CastFromText">The type to which a key of a cursor, which is text, is cast back.</param>
internal sealed record SortColumn(SqlName Name, SortKey Key, SqlText CastFromText)
{
    public bool IsDescending => Key.Direction is SortDirection.Descending;

    public static ImmutableArray<SortColumn> Of(SearchQuery query) =>
        [.. query.Result.Sort.Select((key, place) => new SortColumn(new SqlName($"k{(char)('a' + place)}"), key, SortWriter.CastOf(key.Kind)))];

    /// <summary>The value of the key for the row x of the main table.</summary>
    /// <param name="clauses">Tells where the versions that are read have their rows.</param>
    /// <param name="query">What a score is about.</param>
    public void Write(SqlBuilder sql, ClauseWriter clauses, TypeQuery query, TableNames tables)
    {
        var path = Key.Paths.First(path => path.Type == query.Type);
        if (path is SortPath.Score) new WordWriter(sql).WriteScore(query, tables, new SqlText("x.rid"));
        else new SortWriter(sql, clauses, Key.Direction).Write(path, tables);
    }
}

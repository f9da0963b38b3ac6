using System.Collections.Immutable;

using EventFhir.Postgres.Sql;

namespace EventFhir.Postgres.Search;

/// <summary>
/// The order of the matches and what lies beyond a cursor, in either direction. Missing values come last whether a key ascends or descends; the
/// surrogate comes after all keys and makes the order total.
/// </summary>
internal static class PageKeys
{
    /// <param name="at">Null for the first page.</param>
    /// <param name="source">Named, because the page also puts the keys out as text under the same names.</param>
    public static void WriteOrder(SqlBuilder sql, ImmutableArray<SortColumn> keys, SearchCursor? at, SqlName source)
    {
        var isForward = at is not { Direction: PageDirection.Backward };
        sql.Append($" order by ");
        foreach (var key in keys)
        {
            var order = (key.IsDescending == isForward ? " desc" : "") + (isForward ? " nulls last, " : " nulls first, ");
            sql.Append($"{source}.{key.Name}{new SqlText(order)}");
        }
        sql.Append($"{source}.rid{new SqlText(isForward ? "" : " desc")}");
    }

    /// <summary>Equal in the first keys and beyond the cursor in the next.</summary>
    public static void WriteBeyond(SqlBuilder sql, ImmutableArray<SortColumn> keys, SearchCursor at)
    {
        if (at.IsStart) return;
        var isForward = at.Direction is PageDirection.Forward;
        sql.Append($" where (");
        for (var place = 0; place < keys.Length; place++)
        {
            var key = keys[place];
            var value = at.Keys[place];
            if (value is null && isForward) continue;
            WriteEqual(sql, keys[..place], at);
            if (value is null)
            {
                sql.Append($"{key.Name} is not null or ");
                continue;
            }
            var comparison = new SqlText(key.IsDescending == isForward ? "<" : ">");
            if (isForward) sql.Append($"({key.Name} {comparison} {value}{key.CastFromText} or {key.Name} is null) or ");
            else sql.Append($"{key.Name} {comparison} {value}{key.CastFromText} or ");
        }
        WriteEqual(sql, keys, at);
        sql.Append($"rid {new SqlText(isForward ? ">" : "<")} {at.Rid})");
    }

    private static void WriteEqual(SqlBuilder sql, ImmutableArray<SortColumn> keys, SearchCursor at)
    {
        for (var place = 0; place < keys.Length; place++)
        {
            if (at.Keys[place] is { } value) sql.Append($"{keys[place].Name} = {value}{keys[place].CastFromText} and ");
            else sql.Append($"{keys[place].Name} is null and ");
        }
    }
}

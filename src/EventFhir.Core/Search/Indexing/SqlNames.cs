using System.Collections.Frozen;

namespace EventFhir.Core.Search.Indexing;

/// <summary>Names of columns: lower case, underscores, and never one that PostgreSQL reserves or the x_ tables use themselves.</summary>
internal static class SqlNames
{
    private static readonly FrozenSet<string> Reserved = FrozenSet.ToFrozenSet(
    [
        "rid", "terms", "tenant", "xmin", "xmax", "cmin", "cmax", "ctid", "tableoid",
        "all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "authorization", "binary", "both", "case", "cast", "check",
        "collate", "collation", "column", "concurrently", "constraint", "create", "cross", "current_catalog", "current_date", "current_role",
        "current_schema", "current_time", "current_timestamp", "current_user", "default", "deferrable", "desc", "distinct", "do", "else", "end",
        "except", "false", "fetch", "for", "foreign", "freeze", "from", "full", "grant", "group", "having", "ilike", "in", "initially", "inner",
        "intersect", "into", "is", "isnull", "join", "lateral", "leading", "left", "like", "limit", "localtime", "localtimestamp", "natural", "not",
        "notnull", "null", "offset", "on", "only", "or", "order", "outer", "overlaps", "placing", "primary", "references", "returning", "right",
        "select", "session_user", "similar", "some", "symmetric", "system_user", "table", "tablesample", "then", "to", "trailing", "true", "union",
        "unique", "user", "using", "variadic", "verbose", "when", "where", "window", "with",
    ], StringComparer.Ordinal);

    public static string Column(string code, string suffix)
    {
        var name = code.Replace('-', '_').ToLowerInvariant() + suffix;
        return Reserved.Contains(name) ? name + "_" : name;
    }
}

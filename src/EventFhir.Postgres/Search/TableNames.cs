using System.Collections.Concurrent;

using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Projections;
using EventFhir.Postgres.Sql;

namespace EventFhir.Postgres.Search;

/// <summary>Which versions of the resources are read.</summary>
internal enum RowVersions
{
    /// <summary>The newest ones.</summary>
    Newest,

    /// <summary>Those of the newest ones that a snapshot saw.</summary>
    Unchanged,

    /// <summary>Those that a snapshot saw and that have been superseded since.</summary>
    Past,
}

/// <summary>
/// The tables and columns of one resource type, by the names that TypeTables gives them; the main one stands for x. Where past versions are
/// read, a table is a selection of the rows that were there in the snapshot, with the same columns.
/// </summary>
/// <param name="Snapshot">pg_snapshot; not used for the newest versions.</param>
internal readonly record struct TableNames(TypeLayout Layout, RowVersions Versions = RowVersions.Newest, SqlText Snapshot = default)
{
    /// <summary>Each name is made once.</summary>
    private static readonly ConcurrentDictionary<(TypeDefinition Type, string Prefix), SqlText> Known = new();

    public TypeDefinition Type => Layout.Type;
    public SqlText Main => Name("x");
    public SqlText Identifiers => Name("ident");
    public SqlText References => Name("ref");
    public SqlText Strings => Name("str");
    public SqlText Numbers => Name("num");
    public SqlText Dates => Name("date");
    public SqlText Text => Name("text");
    public SqlText Content => Name("content");

    /// <summary>Texts are only ever added to it, so there is one for all versions.</summary>
    public SqlText Lexicon => Newest("lex");

    /// <summary>Whether the row x holds a version to be read, for every statement about x; rows of side tables follow their x.</summary>
    public SqlText IsRead => Versions is RowVersions.Unchanged
        ? SqlWriter.Text($"(x.since < pg_snapshot_xmin({Snapshot}) or pg_visible_in_snapshot(x.since, {Snapshot})) and ")
        : default;

    /// <summary>A column that says which event holds the body; null where the stream says it. None of the newest versions.</summary>
    public SqlText Body => new(Versions switch
    {
        RowVersions.Unchanged => ", null::bigint as seq",
        RowVersions.Past => ", x.seq",
        _ => "",
    });

    /// <summary>A column of the x_ table, by its place in the layout.</summary>
    public SqlName Column(int place) => new(Layout.Columns[place].Name);

    private SqlText Name(string prefix)
    {
        if (Versions is not RowVersions.Past) return Newest(prefix);
        // The first condition follows from the last; the index on it finds what has changed since the snapshot.
        return SqlWriter.Text($"""
            (select * from {TypeTables.PastName(Type, prefix)} o where o.until >= pg_snapshot_xmin({Snapshot})
            and pg_visible_in_snapshot(o.since, {Snapshot}) and not pg_visible_in_snapshot(o.until, {Snapshot}))
            """);
    }

    private SqlText Newest(string prefix) => Known.GetOrAdd((Type, prefix), static of =>
        SqlWriter.Text($"{new SqlName($"{TypeTables.Schema}.{of.Prefix}_{of.Type.Name.ToLowerInvariant()}")}"));
}

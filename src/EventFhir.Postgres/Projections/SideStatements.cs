using EventFhir.Postgres.Sql;

namespace EventFhir.Postgres.Projections;

/// <summary>
/// One side table of a type. Parameters: $1 positions, then one array per column; Replace has the positions of all written resources of the
/// type last, those without rows and the deleted ones included.
/// </summary>
internal sealed class SideStatements
{
    public SideStatements(SideTable side, SqlName table)
    {
        (Side, Table) = (side, table);
        var columns = side.Columns;
        Columns = SqlWriter.Text($"{SqlWriter.Join("", columns.Select(column => SqlWriter.Text($"{new SqlName(column.Name)}, ")))}rid");
        Create = SqlWriter.Text(
            $"create table {table} ({SqlWriter.Join("", columns.Select(Definition))}rid bigint not null);\n");
        CreateRidIndex = SqlWriter.Text($"create index on {table} (rid);\n");
        CreateLookup = side.Lookup is { } lookup
            ? SqlWriter.Text($"create index on {table} ({lookup}, rid);\n")
            : SqlWriter.Text($"create index on {table} using gin (words);\n");
        Copy = SqlWriter.Text($"copy {table} ({Columns}) from stdin (format binary)").Text;

        var arrays = SqlWriter.Join("", columns.Select((column, index) => SqlWriter.Text($", {IndexSql.Parameter(index + 2, column.Kind)}")));
        var elements = SqlWriter.Join("", columns.Select((_, index) => SqlWriter.Text($", {IndexSql.Element(index)}")));
        var values = SqlWriter.Join("", columns.Select((column, index) => SqlWriter.Text(
            $"{SqlTypes.Value(column.Kind, SqlWriter.Text($"n.{IndexSql.Element(index)}"))} as {new SqlName(column.Name)}, ")));
        var rows = SqlWriter.Text($"""
            select {values}w.rids[n.pos] as rid from unnest($1::int[]{arrays}) n(pos{elements}), {IndexSql.Written} where w.rids[n.pos] <> 0
            """);
        var same = SqlWriter.Join("", columns.Select(column => SqlWriter.Text($" and t.{new SqlName(column.Name)} = n.{new SqlName(column.Name)}")));
        var named = SqlWriter.Join("", columns.Select(column => SqlWriter.Text($"n.{new SqlName(column.Name)}, ")));
        Insert = SqlWriter.Text($"insert into {table} ({Columns}) {rows}").Text;
        Replace = SqlWriter.Text($"""
            with n as materialized ({rows}), gone as (
                delete from {table} t
                using (select -w.rids[p.pos] as rid
                       from unnest({IndexSql.Parameter(columns.Length + 2, ValueKind.Parameter)}) p(pos), {IndexSql.Written}
                       where w.rids[p.pos] < 0) old
                where t.rid = old.rid and not exists (select from n where -n.rid = t.rid{same}))
            insert into {table} ({Columns}) select {named}abs(n.rid) from n
            where n.rid > 0 or not exists (select from {table} t where t.rid = -n.rid{same})
            """).Text;
    }

    public SideTable Side { get; }
    public SqlName Table { get; }
    public SqlText Create { get; }

    /// <summary>The index by which rows are replaced.</summary>
    public SqlText CreateRidIndex { get; }

    /// <summary>The index that searches use.</summary>
    public SqlText CreateLookup { get; }

    public SqlText Columns { get; }
    public string Copy { get; }
    public string Insert { get; }
    public string Replace { get; }

    private static SqlText Definition(SideColumn column) =>
        SqlWriter.Text($"{new SqlName(column.Name)} {SqlTypes.Column(column.Kind)} not null, ");
}

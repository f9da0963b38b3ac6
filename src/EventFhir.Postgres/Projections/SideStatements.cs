using EventFhir.Core.Search.Indexing;
using EventFhir.Postgres.Sql;

namespace EventFhir.Postgres.Projections;

/// <summary>
/// One side table of a type, and the table of the rows of past versions. Parameters: $1 positions, then one array per column; Replace has the
/// positions of all written resources of the type last, those without rows and the deleted ones included.
/// </summary>
internal sealed class SideStatements
{
    /// <param name="main">Its rows still tell, when Replace runs, since when the version has been there.</param>
    public SideStatements(SideTable side, SqlName table, SqlName past, SqlName main)
    {
        (Side, Table, Past) = (side, table, past);
        var columns = side.Columns;
        Columns = SqlWriter.Text($"{SqlWriter.Join("", columns.Select(column => SqlWriter.Text($"{new SqlName(column.Name)}, ")))}rid");
        var definitions = SqlWriter.Join("", columns.Select(Definition));
        Create = SqlWriter.Text($"""
            create table {table} ({definitions}rid bigint not null);
            create table {past} ({definitions}rid bigint not null, since xid8 not null, until xid8 not null);

            """);
        CreateRidIndex = SqlWriter.Text($"create index on {table} (rid);\ncreate index on {past} (rid);\n");
        CreateLookup = side.Flag is SideTables.Strings
            ? SqlWriter.Text($"create index on {table} ({side.Lookup!.Value}, rid);\nselect es.index_trigrams('{table}');\n")
            : side.Lookup is { } lookup ? SqlWriter.Text($"create index on {table} ({lookup}, rid);\n")
            : SqlWriter.Text($"create index on {table} using gin (words);\n");
        Copy = SqlWriter.Text($"copy {table} ({Columns}) from stdin (format binary)").Text;

        var arrays = SqlWriter.Join("", columns.Select((column, index) => SqlWriter.Text($", {IndexSql.Parameter(index + 2, column.Kind)}")));
        var elements = SqlWriter.Join("", columns.Select((_, index) => SqlWriter.Text($", {IndexSql.Element(index)}")));
        var values = SqlWriter.Join("", columns.Select((column, index) => SqlWriter.Text(
            $"{SqlTypes.Value(column.Kind, SqlWriter.Text($"n.{IndexSql.Element(index)}"))} as {new SqlName(column.Name)}, ")));
        SqlText Rows(SqlText written, SqlText more) => SqlWriter.Text($"""
            select {values}w.rids[n.pos] as rid{more} from unnest($1::int[]{arrays}) n(pos{elements}), {written} where w.rids[n.pos] <> 0
            """);
        var rows = Rows(IndexSql.Written, SqlWriter.Text($""));
        var same = SqlWriter.Join("", columns.Select(column => SqlWriter.Text($" and t.{new SqlName(column.Name)} = n.{new SqlName(column.Name)}")));
        var named = SqlWriter.Join("", columns.Select(column => SqlWriter.Text($"n.{new SqlName(column.Name)}, ")));
        var before = SqlWriter.Join("", columns.Select(column => SqlWriter.Text($"t.{new SqlName(column.Name)}, ")));
        Insert = SqlWriter.Text($"insert into {table} ({Columns}) {rows}").Text;
        Remove = SqlWriter.Text($"delete from {table} t using ({rows}) n where t.rid = abs(n.rid){same}").Text;
        Replace = SqlWriter.Text($"""
            with n as materialized ({rows}), old as materialized (
                select m.rid, m.since
                from unnest({IndexSql.Parameter(columns.Length + 2, ValueKind.Parameter)}) p(pos), {IndexSql.Written}, {main} m
                where w.rids[p.pos] < 0 and m.rid = -w.rids[p.pos]
            ), kept as (
                insert into {past} ({Columns}, since, until)
                select {before}t.rid, old.since, pg_current_xact_id() from old join {table} t on t.rid = old.rid
            ), gone as (
                delete from {table} t using old where t.rid = old.rid and not exists (select from n where -n.rid = t.rid{same}))
            insert into {table} ({Columns}) select {named}abs(n.rid) from n
            where n.rid > 0 or not exists (select from {table} t where t.rid = -n.rid{same})
            """).Text;
        var plain = SqlWriter.Text($"{SqlWriter.Join("", columns.Select(column => SqlWriter.Text($"{new SqlName(column.Name)}, ")))}rid");
        Renew = SqlWriter.Text($"""
            with touched as materialized (
                select abs(w.rids[p.pos]) as rid
                from unnest({IndexSql.Parameter(columns.Length + 2, ValueKind.Parameter)}) p(pos), {IndexSql.Written} where w.rids[p.pos] <> 0
            ), n as materialized (
                select {named}abs(n.rid) as rid from ({rows}) n
            ), have as materialized (
                select {before}t.rid from {table} t where t.rid = any (array(select rid from touched))
            ), changed as materialized (
                select rid from (select {plain} from n except all select {plain} from have) m
                union
                select rid from (select {plain} from have except all select {plain} from n) w
            ), gone as (
                delete from {table} t using changed c where t.rid = c.rid
            )
            insert into {table} ({Columns}) select {plain} from n where rid in (select rid from changed)
            """).Text;
        Clear = SqlWriter.Text($"delete from {table} t where {IndexSql.Orphaned}").Text;
        ReplayPast = SqlWriter.Text($"""
            insert into {past} ({Columns}, since, until) {Rows(IndexSql.Replayed, SqlWriter.Text($", w.sinces[n.pos], w.untils[n.pos]"))}
            """).Text;
    }

    /// <summary>Makes the rows of resources these, without any trace of what they were: no version ends. Parameters as of Replace.</summary>
    public string Renew { get; }

    /// <summary>Removes rows that belong to no live resource. Parameters: $1 and $2, the rids between which to look.</summary>
    public string Clear { get; }

    /// <summary>Removes these rows where they are.</summary>
    public string Remove { get; }

    public SideTable Side { get; }
    public SqlName Table { get; }
    public SqlName Past { get; }
    public SqlText Create { get; }

    /// <summary>The index by which rows are replaced.</summary>
    public SqlText CreateRidIndex { get; }

    /// <summary>The index that searches use.</summary>
    public SqlText CreateLookup { get; }

    public SqlText Columns { get; }
    public string Copy { get; }
    public string Insert { get; }
    public string Replace { get; }

    /// <summary>For a rebuild: rows of past versions.</summary>
    public string ReplayPast { get; }

    private static SqlText Definition(SideColumn column) =>
        SqlWriter.Text($"{new SqlName(column.Name)} {SqlTypes.Column(column.Kind)} not null, ");
}

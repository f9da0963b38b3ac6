using System.Collections.Immutable;

using EventFhir.Core.Search.Indexing;
using EventFhir.Postgres.Sql;

namespace EventFhir.Postgres.Projections;

/// <summary>
/// The x_ table of a type: typed columns and the array of hashed terms; and the table of the rows of its past versions. "since" is the transaction
/// that wrote the version, "until" the one that replaced or deleted it. Parameters of all but Remove: $1 positions of the resources in the append,
/// $2 and $3 first and last of their terms in $4, then one array per column. Parameter of Remove: $1 positions.
/// </summary>
internal sealed class MainStatements
{
    public MainStatements(TypeLayout layout, SqlName table, SqlName past)
    {
        (Table, Past) = (table, past);
        var columns = layout.Columns.Select(column => (Name: new SqlName(column.Name), Kind: SqlTypes.Of(column.Kind))).ToImmutableArray();
        var names = SqlWriter.Text($"{SqlWriter.Join("", columns.Select(column => SqlWriter.Text($"{column.Name}, ")))}terms");
        var definitions = SqlWriter.Join("", columns.Select(column => SqlWriter.Text($"{column.Name} {SqlTypes.Column(column.Kind)}, ")));
        Create = SqlWriter.Text($"""
            create table {table} (rid bigint primary key, since xid8 not null default pg_current_xact_id(), {definitions}terms bigint[] not null)
                with (fillfactor = 90, autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.2);
            alter table {table} alter column terms set statistics 2000;
            create table {past} (rid bigint not null, since xid8 not null, until xid8 not null, seq bigint not null,
                {definitions}terms bigint[] not null);

            """);
        CreateLookups = SqlWriter.Join("", columns.Select(column => column.Kind is ValueKind.Text
            ? SqlWriter.Text($"create index on {table} (left({column.Name}, 200)) where {column.Name} is not null;\n")
            : SqlWriter.Text($"create index on {table} ({column.Name}) where {column.Name} is not null;\n"))
            .Append(SqlWriter.Text($"create index on {table} using gin (terms);\ncreate index on {past} (until);\n"))
            .Concat(layout.Placements.OfType<ParameterPlacement.DateColumns>().Select(date =>
            {
                var (low, high) = (columns[date.Low].Name, columns[date.High].Name);
                return SqlWriter.Text($"create index on {table} ({low}) where {LongDate(new SqlText(low.Text), new SqlText(high.Text))};\n");
            })));
        Columns = SqlWriter.Text($"rid, {names}");
        Copy = SqlWriter.Text($"copy {table} ({Columns}) from stdin (format binary)").Text;

        var arrays = SqlWriter.Join("", columns.Select((column, index) => SqlWriter.Text($", {IndexSql.Parameter(index + 5, column.Kind)}")));
        var elements = SqlWriter.Join("", columns.Select((_, index) => SqlWriter.Text($", {IndexSql.Element(index)}")));
        var values = SqlWriter.Join("", columns.Select((column, index) => SqlWriter.Text(
            $"{SqlTypes.Value(column.Kind, SqlWriter.Text($"n.{IndexSql.Element(index)}"))} as {column.Name}, ")));
        SqlText Rows(SqlText written, SqlText more) => SqlWriter.Text($"""
            select w.rids[n.pos] as rid, {values}($4::bigint[])[n.lo:n.hi] as terms{more}
            from unnest($1::int[], $2::int[], $3::int[]{arrays}) n(pos, lo, hi{elements}), {written}
            where w.rids[n.pos] <> 0
            """);
        var rows = Rows(IndexSql.Written, SqlWriter.Text($""));
        // Rows of a version that is just being superseded: its event is the one before the newest.
        var superseded = SqlWriter.Text($"""
            t.since, pg_current_xact_id(),
            (select e.seq from es.stream s join es.event e on e.rid = s.rid and e.version = s.version - 1 where s.rid = t.rid)
            """);
        Insert = SqlWriter.Text($"insert into {table} ({Columns}) {rows}").Text;
        // A live resource has its row, and the lock of its stream keeps other writers away: no upsert is needed.
        Replace = SqlWriter.Text($"""
            with n as materialized ({rows}), kept as (
                insert into {past} ({Columns}, since, until, seq)
                select t.rid, {Prefixed("t", columns)}, {superseded} from n join {table} t on t.rid = -n.rid
            ), changed as (
                update {table} t set ({names}, since) = row({Prefixed("n", columns)}, pg_current_xact_id()) from n where t.rid = -n.rid)
            insert into {table} ({Columns}) select n.rid, {Prefixed("n", columns)} from n where n.rid > 0
            """).Text;
        Remove = SqlWriter.Text($"""
            with t as (
                delete from {table} t using unnest($1::int[]) n(pos), {IndexSql.Written}
                where t.rid = abs(w.rids[n.pos]) and w.rids[n.pos] <> 0 returning t.*)
            insert into {past} ({Columns}, since, until, seq) select t.rid, {Prefixed("t", columns)}, {superseded} from t
            """).Text;
        var renewed = SqlWriter.Text($"""
            n as materialized ({rows}), o as materialized (
                select s.rid, e.xid from n join es.stream s on s.rid = abs(n.rid) join es.event e on e.seq = s.seq)
            """);
        Renew = SqlWriter.Text($"""
            with {renewed}, changed as (
                update {table} t set ({names}, since) = row({Prefixed("n", columns)}, o.xid)
                from n join o on o.rid = abs(n.rid)
                where t.rid = o.rid and row({Prefixed("t", columns)}, t.since) is distinct from row({Prefixed("n", columns)}, o.xid)
            )
            insert into {table} ({Columns}, since) select o.rid, {Prefixed("n", columns)}, o.xid from n join o on o.rid = abs(n.rid)
            where not exists (select from {table} t where t.rid = o.rid)
            """).Text;
        Clear = SqlWriter.Text($"delete from {table} t where {IndexSql.Orphaned}").Text;
        Replay = SqlWriter.Text($"insert into {table} ({Columns}, since) {Rows(IndexSql.Replayed, SqlWriter.Text($", w.sinces[n.pos]"))}").Text;
        ReplayPast = SqlWriter.Text($"""
            insert into {past} ({Columns}, since, until, seq)
            {Rows(IndexSql.Replayed, SqlWriter.Text($", w.sinces[n.pos], w.untils[n.pos], w.seqs[n.pos]"))}
            """).Text;
    }

    public SqlName Table { get; }
    public SqlName Past { get; }
    public SqlText Create { get; }

    /// <summary>The indexes that searches use; rows are replaced by the primary key.</summary>
    public SqlText CreateLookups { get; }

    /// <summary>The columns of the index, with commas.</summary>
    public SqlText Columns { get; }

    public string Copy { get; }

    /// <summary>For resources that have no rows yet.</summary>
    public string Insert { get; }

    public string Replace { get; }

    /// <summary>Makes the rows of resources these, without any trace of what they were: no version ends.</summary>
    public string Renew { get; }

    /// <summary>Removes rows that belong to no live resource. Parameters: $1 and $2, the rids between which to look.</summary>
    public string Clear { get; }

    public string Remove { get; }

    /// <summary>For a rebuild: rows of current versions, and of past ones.</summary>
    public string Replay { get; }

    public string ReplayPast { get; }

    /// <summary>
    /// True of a date that is longer than a day. The planner cannot know that the two ends of a date are near each other, and would read half of the
    /// type for a window of time; so the few long ones have an index of their own (docs/storage.md). In UTC, since only that is the same for ever.
    /// The last condition holds for every date: the planner takes a third of all for the long ones, and a two-hundredth of them with it; as part of
    /// the index it makes it take the index for as small as it is.
    /// </summary>
    public static SqlText LongDate(SqlText low, SqlText high) =>
        SqlWriter.Text($"({high} at time zone 'UTC') > ({low} at time zone 'UTC') + interval '24:00:00' and num_nonnulls({low}, {high}) = 2");

    private static SqlText Prefixed(string alias, ImmutableArray<(SqlName Name, ValueKind Kind)> columns)
    {
        var name = new SqlName(alias);
        return SqlWriter.Text($"{SqlWriter.Join("", columns.Select(column => SqlWriter.Text($"{name}.{column.Name}, ")))}{name}.terms");
    }
}

using System.Collections.Immutable;

using EventFhir.Core.Search.Indexing;
using EventFhir.Postgres.Sql;

namespace EventFhir.Postgres.Projections;

/// <summary>
/// The x_ table of a type: typed columns and the array of hashed terms. Parameters of Insert and Replace: $1 positions of the resources in the
/// append, $2 and $3 first and last of their terms in $4, then one array per column. Parameter of Remove: $1 positions.
/// </summary>
internal sealed class MainStatements
{
    public MainStatements(TypeLayout layout, SqlName table)
    {
        Table = table;
        var columns = layout.Columns.Select(column => (Name: new SqlName(column.Name), Kind: SqlTypes.Of(column.Kind))).ToImmutableArray();
        var names = SqlWriter.Text($"{SqlWriter.Join("", columns.Select(column => SqlWriter.Text($"{column.Name}, ")))}terms");
        Create = SqlWriter.Text($"""
            create table {table} (rid bigint primary key, {SqlWriter.Join("", columns.Select(
                column => SqlWriter.Text($"{column.Name} {SqlTypes.Column(column.Kind)}, ")))}terms bigint[] not null)
                with (fillfactor = 90, autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.2);
            alter table {table} alter column terms set statistics 2000;

            """);
        CreateLookups = SqlWriter.Join("", columns.Select(column => column.Kind is ValueKind.Text
            ? SqlWriter.Text($"create index on {table} (left({column.Name}, 200)) where {column.Name} is not null;\n")
            : SqlWriter.Text($"create index on {table} ({column.Name}) where {column.Name} is not null;\n"))
            .Append(SqlWriter.Text($"create index on {table} using gin (terms);\n"))
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
        var rows = SqlWriter.Text($"""
            select w.rids[n.pos] as rid, {values}($4::bigint[])[n.lo:n.hi] as terms
            from unnest($1::int[], $2::int[], $3::int[]{arrays}) n(pos, lo, hi{elements}), {IndexSql.Written}
            where w.rids[n.pos] <> 0
            """);
        Insert = SqlWriter.Text($"insert into {table} ({Columns}) {rows}").Text;
        // A live resource has its row, and the lock of its stream keeps other writers away: no upsert is needed, and an equal row is not touched.
        Replace = SqlWriter.Text($"""
            with n as materialized ({rows}), changed as (
                update {table} t set ({names}) = row({Prefixed("n", columns)})
                from n where t.rid = -n.rid and ({Prefixed("t", columns)}) is distinct from ({Prefixed("n", columns)}))
            insert into {table} ({Columns}) select n.rid, {Prefixed("n", columns)} from n where n.rid > 0
            """).Text;
        Remove = SqlWriter.Text($"""
            delete from {table} t using unnest($1::int[]) n(pos), {IndexSql.Written} where t.rid = abs(w.rids[n.pos]) and w.rids[n.pos] <> 0
            """).Text;
    }

    public SqlName Table { get; }
    public SqlText Create { get; }

    /// <summary>The indexes that searches use; rows are replaced by the primary key.</summary>
    public SqlText CreateLookups { get; }

    /// <summary>All columns, with commas.</summary>
    public SqlText Columns { get; }

    public string Copy { get; }

    /// <summary>For resources that have no rows yet.</summary>
    public string Insert { get; }

    public string Replace { get; }
    public string Remove { get; }

    /// <summary>
    /// True of a date that is longer than a day. The planner cannot know that the two ends of a date are near each other, and would read half of the
    /// type for a window of time; so the few long ones have an index of their own (docs/storage.md). In UTC, since only that is the same for ever.
    /// </summary>
    public static SqlText LongDate(SqlText low, SqlText high) =>
        SqlWriter.Text($"({high} at time zone 'UTC') > ({low} at time zone 'UTC') + interval '24:00:00'");

    private static SqlText Prefixed(string alias, ImmutableArray<(SqlName Name, ValueKind Kind)> columns)
    {
        var name = new SqlName(alias);
        return SqlWriter.Text($"{SqlWriter.Join("", columns.Select(column => SqlWriter.Text($"{name}.{column.Name}, ")))}{name}.terms");
    }
}

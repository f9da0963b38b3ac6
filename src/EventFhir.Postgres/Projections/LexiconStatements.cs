using EventFhir.Postgres.Sql;

namespace EventFhir.Postgres.Projections;

/// <summary>
/// The lexicon of a type: which term stands for which text, for the whole text and for each word in it. Rows have no rid and are only ever added,
/// so that a text which many resources share is written once. Parameters of Insert: $1 parameters, $2 texts, $3 terms.
/// </summary>
internal sealed class LexiconStatements
{
    public LexiconStatements(SqlName table)
    {
        Table = table;
        Create = SqlWriter.Text(
            $"create table {table} (parameter int not null, normalized text collate \"C\" not null, hash bigint not null);\n");
        CreateIndexes = SqlWriter.Text(
            $"create index on {table} (parameter, left(normalized, 200), hash);\ncreate index on {table} (hash);\n");
        // Not a unique index: it would make writers wait for each other, and a row that two of them add at once says nothing wrong.
        Insert = SqlWriter.Text($"""
            insert into {table} ({Columns}) select n.parameter, n.normalized, n.hash
            from unnest($1::int[], $2::text[], $3::bigint[]) n(parameter, normalized, hash)
            where not exists (select from {table} t where t.hash = n.hash)
            """).Text;
    }

    public static SqlText Columns => SqlWriter.Text($"parameter, normalized, hash");
    public SqlName Table { get; }
    public SqlText Create { get; }
    public SqlText CreateIndexes { get; }
    public string Insert { get; }
}

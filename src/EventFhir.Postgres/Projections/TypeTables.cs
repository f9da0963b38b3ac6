using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Sql;

namespace EventFhir.Postgres.Projections;

/// <summary>
/// The tables of one resource type in one schema, those of past versions in a schema beside it, and every statement on them. Made once per layout
/// and kept.
/// </summary>
internal sealed class TypeTables
{
    public const string Schema = "fhir";
    public const string Temporary = "pg_temp";

    /// <summary>Goes up when rows of the same tables come to mean something else, so that tables of an older build are not taken for ours.</summary>
    private const int ContentVersion = 5;

    /// <param name="mark">Ends the kind in the names of the tables: empty for those in use.</param>
    public TypeTables(TypeLayout layout, string schema = Schema, string mark = "")
    {
        Layout = layout;
        var kinds = layout.SideTables | layout.CustomTables;
        Side =
        [
            .. SideTable.All.Where(side => kinds.HasFlag(side.Flag))
                .Select(side => new SideStatements(side, Name(side.Prefix), Past(side.Prefix), Name("x"))),
        ];
        Main = new MainStatements(layout, Name("x"), Past("x"));
        Lexicon = new LexiconStatements(Name("lex"));
        SqlName Name(string prefix) => new($"{schema}.{prefix}{mark}_{layout.Type.Name.ToLowerInvariant()}");
        SqlName Past(string prefix) => PastName(layout.Type, prefix + mark, schema);
    }

    public TypeLayout Layout { get; }
    public MainStatements Main { get; }
    public ImmutableArray<SideStatements> Side { get; }

    /// <summary>Those that only custom parameters need: they may be missing where the others are.</summary>
    public IEnumerable<SideStatements> CustomSide => Side.Where(side => !Layout.SideTables.HasFlag(side.Side.Flag));

    public LexiconStatements Lexicon { get; }

    /// <summary>The tables whose rows belong to a resource, by its rid: the x_ table first.</summary>
    public IEnumerable<SqlName> TableNames => Side.Select(side => side.Table).Prepend(Main.Table);

    /// <summary>Without the indexes: a rebuild makes those when the rows are in.</summary>
    public SqlText CreateTables => SqlWriter.Join("", Side.Select(side => side.Create).Prepend(Main.Create).Append(Lexicon.Create));

    public SqlText CreateIndexes => SqlWriter.Join("", [CreateWriteIndexes, CreateLookups]);

    /// <summary>What writes need: to replace the rows of a resource, and to see which texts the lexicon has.</summary>
    public SqlText CreateWriteIndexes => SqlWriter.Join("", Side.Select(side => side.CreateRidIndex).Append(Lexicon.CreateIndexes));

    /// <summary>What only searches need, and what makes most of the work of a write.</summary>
    public SqlText CreateLookups => SqlWriter.Join("", Side.Select(side => side.CreateLookup).Prepend(Main.CreateLookups));

    /// <summary>"fhir_past.x_patient"; temporary tables are all in one schema, so there the name says it.</summary>
    public static SqlName PastName(TypeDefinition type, string prefix, string schema = Schema) =>
        new((schema == Temporary ? "pg_temp.past_" : schema.Replace("fhir", "fhir_past", StringComparison.Ordinal) + ".")
            + $"{prefix}_{type.Name.ToLowerInvariant()}");

    /// <summary>Equal fingerprints are equal tables.</summary>
    public static string Fingerprint(TypeLayout layout)
    {
        var text = new StringBuilder("past contains ").Append(layout.Type.Name).Append(' ');
        text.Append(((int)layout.SideTables).ToString(CultureInfo.InvariantCulture));
        foreach (var code in layout.Off) text.Append(" -").Append(code);
        text.Append(CultureInfo.InvariantCulture, $" content {ContentVersion}");
        foreach (var column in layout.Columns) text.Append(' ').Append(column.Name).Append(':').Append(column.Kind);
        foreach (var side in SideTable.All)
            if (side.Form > 1 && layout.SideTables.HasFlag(side.Flag)) text.Append(CultureInfo.InvariantCulture, $" {side.Prefix}:{side.Form}");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())).AsSpan(0, 16));
    }
}

/// <summary>The parts that all index statements share.</summary>
internal static class IndexSql
{
    /// <summary>What es.append left for the statements after it; "offset 0" keeps the planner from reading the settings once per row.</summary>
    public static readonly SqlText Written = SqlWriter.Text(
        $"(select current_setting('es.rids')::bigint[] as rids, current_setting('es.refs')::bigint[] as refs offset 0) w");

    /// <summary>The same for a replay, which also says between which transactions each version was the newest, and its number in the log.</summary>
    public static readonly SqlText Replayed = SqlWriter.Text($"""
        (select current_setting('es.rids')::bigint[] as rids, current_setting('es.refs')::bigint[] as refs,
         current_setting('es.sinces')::xid8[] as sinces, current_setting('es.untils')::xid8[] as untils,
         current_setting('es.seqs')::bigint[] as seqs offset 0) w
        """);

    /// <summary>A row t that belongs to no live resource. What others write meanwhile cannot be seen before both it and its head can.</summary>
    public static readonly SqlText Orphaned = SqlWriter.Text($"""
        t.rid > $1 and t.rid <= $2
        and not exists (select from es.stream s where s.rid = t.rid and s.version > 0 and not s.deleted)
        """);

    /// <summary>"$3::text[]".</summary>
    public static SqlText Parameter(int number, ValueKind kind) => new(string.Create(CultureInfo.InvariantCulture, $"${number}::{kind switch
    {
        ValueKind.Reference or ValueKind.Parameter => "int",
        ValueKind.Hash => "bigint",
        ValueKind.Instant => "timestamptz",
        ValueKind.Number => "numeric",
        ValueKind.Coordinate => "float8",
        _ => "text",
    }}[]"));

    public static SqlText Element(int index) => new(string.Create(CultureInfo.InvariantCulture, $"c{index}"));
}

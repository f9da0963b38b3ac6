using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Projections;
using EventFhir.Postgres.Sql;

namespace EventFhir.Postgres.Search;

/// <summary>The tables and columns of one resource type, by the names that TypeTables gives them; the main one stands for x.</summary>
internal readonly record struct TableNames(TypeLayout Layout)
{
    public TypeDefinition Type => Layout.Type;
    public SqlName Main => Name("x");
    public SqlName Identifiers => Name("ident");
    public SqlName References => Name("ref");
    public SqlName Strings => Name("str");
    public SqlName Numbers => Name("num");
    public SqlName Lexicon => Name("lex");
    public SqlName Dates => Name("date");
    public SqlName Text => Name("text");

    /// <summary>A column of the x_ table, by its place in the layout.</summary>
    public SqlName Column(int place) => new(Layout.Columns[place].Name);

    private SqlName Name(string prefix) => new($"{TypeTables.Schema}.{prefix}_{Type.Name.ToLowerInvariant()}");
}

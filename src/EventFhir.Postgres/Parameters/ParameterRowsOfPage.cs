using System.Collections.Immutable;

using EventFhir.Core.Search.Indexing;
using EventFhir.Core.Search.Parameters;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Projections;
using EventFhir.Postgres.Replay;
using EventFhir.Postgres.Sql;

using Npgsql;

namespace EventFhir.Postgres.Parameters;

/// <summary>The index rows of one custom parameter for a page of resources. Kept and refilled.</summary>
internal sealed class ParameterRowsOfPage
{
    private readonly Dictionary<TypeDefinition, (TypeTables Tables, ImmutableArray<SideRows> Sides, LexiconRows Lexicon)> sides = [];
    private readonly SingleExtractor extractor;
    private readonly Release release;

    /// <param name="mark">Ends the kind in the names of the tables: empty for those in use.</param>
    public ParameterRowsOfPage(IndexExtractor all, CustomParameter custom, string schema = TypeTables.Schema, string mark = "")
    {
        release = all.Definitions.Release;
        extractor = all.OnlyFor(custom);
        foreach (var type in release.ResourceTypes)
        {
            if (!custom.Definition.AppliesTo(type)) continue;
            var tables = new TypeTables(all.Definitions.LayoutOf(type, custom), schema, mark);
            sides.Add(type, (tables, [.. tables.Side.Select(side => new SideRows(side))], new LexiconRows(tables.Lexicon)));
        }
        Types = [.. sides.Keys.Select(type => (short)type.Number)];
    }

    public short[] Types { get; }
    public References References { get; } = new();

    public IndexEntries Extract(TypeDefinition type, ReadOnlyMemory<byte> body) => extractor.Extract(ReplayRules.Read(release, type, body));

    public void Fill(List<WalkedResource> page)
    {
        References.Clear();
        foreach (var (_, ofType, lexicon) in sides.Values)
        {
            foreach (var side in ofType) side.Clear();
            lexicon.Clear();
        }
        for (var place = 0; place < page.Count; place++)
        {
            var (_, ofType, lexicon) = sides[page[place].Type];
            foreach (var side in ofType) side.Add(place + 1, page[place].Entries, References);
            lexicon.Add(page[place].Entries);
        }
    }

    /// <summary>To follow a setting of es.rids: adds the rows that are missing, or removes those that are there.</summary>
    public void AddTo(NpgsqlBatch batch, ParameterState state)
    {
        foreach (var (_, ofType, lexicon) in sides.Values)
        {
            foreach (var side in ofType)
                if (!side.IsEmpty) batch.BatchCommands.Add(state is ParameterState.Dropping ? side.Remove() : side.Replace(IndexRows.Array([])));
            if (state is not ParameterState.Dropping && !lexicon.IsEmpty) batch.BatchCommands.Add(lexicon.Insert());
        }
    }

    /// <summary>To follow a setting of es.rids: adds all rows.</summary>
    public void InsertTo(NpgsqlBatch batch)
    {
        foreach (var (_, ofType, _) in sides.Values)
            foreach (var side in ofType)
                if (!side.IsEmpty) batch.BatchCommands.Add(side.Insert());
    }

    public TypeTables? TablesOf(TypeDefinition type) => sides.TryGetValue(type, out var found) ? found.Tables : null;

    /// <summary>Takes the texts of the parameter out of the lexicons: nobody writes any, and the next one with its code waits.</summary>
    public async Task ForgetTextsAsync(NpgsqlConnection connection, string code, CancellationToken cancellationToken)
    {
        var made = await connection.ReadAllAsync<short>("select type from fhir.layout", cancellationToken);
        int[] numbers = [.. Enum.GetValues<LexiconKind>().Select(kind => LexiconEntry.NumberOf(code, kind))];
        foreach (var (type, (tables, _, _)) in sides)
        {
            if (!made.Contains((short)type.Number)) continue;
            await using var batch = new NpgsqlBatch(connection);
            batch.BatchCommands.Add(new SqlBuilder().Append($"delete from {tables.Lexicon.Table} where parameter = any({numbers})").Statement());
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    /// <summary>So that the first searches are planned well.</summary>
    public async Task AnalyzeAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var made = await connection.ReadAllAsync<short>("select type from fhir.layout", cancellationToken);
        foreach (var (type, (tables, _, _)) in sides)
            if (made.Contains((short)type.Number))
                foreach (var side in tables.Side) await connection.RunAsync($"analyze {side.Table.Text}", cancellationToken);
    }
}

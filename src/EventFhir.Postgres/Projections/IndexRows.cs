using System.Collections.Immutable;
using System.Runtime.InteropServices;

using EventFhir.Core.Search.Indexing;

using EventFhir.Postgres.Bulk;

using Npgsql;

using NpgsqlTypes;

namespace EventFhir.Postgres.Projections;

/// <summary>
/// The index rows of the resources of one type in one append, gathered into arrays and sent as one statement per table. A resource is named by
/// its position in the append (1-based), since its rid is known only inside. Kept and refilled; hot path, measured by create-observation.
/// </summary>
internal sealed class IndexRows
{
    private readonly TypeTables tables;
    private readonly List<int> positions = [];
    private readonly List<int> termsFirst = [];
    private readonly List<int> termsLast = [];
    private readonly List<long> terms = [];
    private readonly List<int> removed = [];
    private readonly List<int> touched = [];
    private readonly ImmutableArray<ColumnBuffer> columns;
    private readonly ImmutableArray<SideRows> sides;
    private readonly LexiconRows lexicon;

    public IndexRows(TypeTables tables)
    {
        this.tables = tables;
        columns = [.. tables.Layout.Columns.Select(column => new ColumnBuffer(SqlTypes.Of(column.Kind)))];
        sides = [.. tables.Side.Select(side => new SideRows(side))];
        lexicon = new LexiconRows(tables.Lexicon);
    }

    public bool IsEmpty => touched.Count == 0;

    /// <summary>True once a resource is among them that may have index rows already.</summary>
    public bool HasReplacements { get; private set; }

    public void AddNew(int position, IndexEntries entries, References references)
    {
        touched.Add(position);
        positions.Add(position);
        termsFirst.Add(terms.Count + 1);
        terms.AddRange(entries.Terms.AsSpan());
        termsLast.Add(terms.Count);
        for (var index = 0; index < columns.Length; index++) columns[index].Add(entries.Columns[index], references);
        foreach (var side in sides) side.Add(position, entries, references);
        lexicon.Add(entries);
    }

    public void AddReplacement(int position, IndexEntries entries, References references)
    {
        HasReplacements = true;
        AddNew(position, entries, references);
    }

    public void AddRemoval(int position)
    {
        HasReplacements = true;
        touched.Add(position);
        removed.Add(position);
    }

    /// <summary>The statements, to follow es.append in the same transaction.</summary>
    public void AddTo(NpgsqlBatch batch)
    {
        // Before the x_ table, which tells them since when the rows that they replace have been there.
        foreach (var side in sides)
            if (HasReplacements) batch.BatchCommands.Add(side.Replace(Array(touched)));
            else if (!side.IsEmpty) batch.BatchCommands.Add(side.Insert());
        if (removed.Count > 0) batch.BatchCommands.Add(new NpgsqlBatchCommand(tables.Main.Remove) { Parameters = { Array(removed) } });
        if (positions.Count > 0) batch.BatchCommands.Add(MainRows(HasReplacements ? tables.Main.Replace : tables.Main.Insert));
        if (!lexicon.IsEmpty) batch.BatchCommands.Add(lexicon.Insert());
    }

    /// <summary>The statements that put right what is there, to follow a setting of es.rids.</summary>
    public void AddRenewalTo(NpgsqlBatch batch)
    {
        foreach (var side in sides) batch.BatchCommands.Add(side.Renew(Array(touched)));
        batch.BatchCommands.Add(MainRows(tables.Main.Renew));
        if (!lexicon.IsEmpty) batch.BatchCommands.Add(lexicon.Insert());
    }

    /// <summary>The statements of a rebuild, to follow a setting of what es.append would leave and of the transactions.</summary>
    public void AddReplayTo(NpgsqlBatch batch)
    {
        foreach (var side in sides)
            if (!side.IsEmpty) batch.BatchCommands.Add(side.Insert());
        batch.BatchCommands.Add(MainRows(tables.Main.Replay));
        if (!lexicon.IsEmpty) batch.BatchCommands.Add(lexicon.Insert());
    }

    /// <summary>The same, for rows of past versions.</summary>
    public void AddPastReplayTo(NpgsqlBatch batch)
    {
        foreach (var side in sides)
            if (!side.IsEmpty) batch.BatchCommands.Add(side.ReplayPast());
        batch.BatchCommands.Add(MainRows(tables.Main.ReplayPast));
        if (!lexicon.IsEmpty) batch.BatchCommands.Add(lexicon.Insert());
    }

    private NpgsqlBatchCommand MainRows(string statement)
    {
        var main = new NpgsqlBatchCommand(statement) { Parameters = { Array(positions), Array(termsFirst), Array(termsLast), Array(terms) } };
        foreach (var column in columns) main.Parameters.Add(column.Parameter());
        return main;
    }

    /// <summary>Copies the rows of resources that have none yet; but for what <see cref="AddRestTo"/> sends.</summary>
    public async Task CopyAsync(NpgsqlConnection connection, CopyRows rows, BatchRids batch, CancellationToken cancellationToken)
    {
        rows.Clear();
        CopyMainTo(rows, batch);
        await rows.SendAsync(connection, tables.Main.Copy, cancellationToken);
        foreach (var side in sides)
        {
            if (side.IsEmpty || !side.CanCopy) continue;
            rows.Clear();
            side.CopyTo(rows, batch);
            await rows.SendAsync(connection, side.Copy, cancellationToken);
        }
    }

    /// <summary>The statements for what COPY cannot carry; they read es.rids like those of <see cref="AddTo"/>.</summary>
    public void AddRestTo(NpgsqlBatch batch)
    {
        foreach (var side in sides)
            if (!side.IsEmpty && !side.CanCopy) batch.BatchCommands.Add(side.Insert());
        if (!lexicon.IsEmpty) batch.BatchCommands.Add(lexicon.Insert());
    }

    public void Clear()
    {
        positions.Clear();
        termsFirst.Clear();
        termsLast.Clear();
        terms.Clear();
        removed.Clear();
        touched.Clear();
        HasReplacements = false;
        foreach (var column in columns) column.Clear();
        foreach (var side in sides) side.Clear();
        lexicon.Clear();
    }

    private void CopyMainTo(CopyRows rows, in BatchRids batch)
    {
        var allTerms = CollectionsMarshal.AsSpan(terms);
        for (var row = 0; row < positions.Count; row++)
        {
            rows.StartRow(columns.Length + 2);
            rows.Add(batch.Rids[positions[row] - 1]);
            foreach (var column in columns) column.CopyTo(rows, row, batch.Refs);
            rows.Add(allTerms[(termsFirst[row] - 1)..termsLast[row]]);
        }
    }

    public static NpgsqlParameter Array(List<int> values) =>
        new NpgsqlParameter<List<int>> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Integer };

    private static NpgsqlParameter<List<long>> Array(List<long> values) =>
        new() { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint };
}

using System.Collections.Immutable;
using System.Diagnostics;

using EventFhir.Core.Search.Indexing;

using EventFhir.Postgres.Bulk;

using Npgsql;

namespace EventFhir.Postgres.Projections;

/// <summary>The rows of one side table in one append.</summary>
internal sealed class SideRows(SideStatements statements)
{
    private readonly List<int> positions = [];
    private readonly ImmutableArray<ColumnBuffer> columns = [.. statements.Side.Columns.Select(column => new ColumnBuffer(column.Kind))];

    public bool IsEmpty => positions.Count == 0;

    public void Add(int position, IndexEntries entries, References references)
    {
        switch (statements.Side.Flag)
        {
            case SideTables.Identifiers:
                foreach (var hash in entries.Identifiers) Add(position).Add(hash);
                break;
            case SideTables.References:
                foreach (var entry in entries.References)
                {
                    Add(position).Add(entry.Parameter);
                    columns[1].Add(references.NumberOf(entry.Target));
                }
                break;
            case SideTables.Strings:
                foreach (var entry in entries.Strings)
                {
                    Add(position).Add(entry.Parameter);
                    columns[1].Add(entry.Normalized);
                    columns[2].Add(entry.Exact);
                }
                break;
            case SideTables.Numbers:
                foreach (var entry in entries.Numbers)
                {
                    Add(position).Add(entry.Hash);
                    columns[1].Add(entry.Low);
                    columns[2].Add(entry.High);
                }
                break;
            case SideTables.Dates:
                foreach (var entry in entries.Dates)
                {
                    Add(position).Add(entry.Hash);
                    columns[1].Add(entry.Low);
                    columns[2].Add(entry.High);
                }
                break;
            case SideTables.Text:
                if (entries.Narrative is { } narrative) Add(position).Add(WordVector.Of(narrative));
                break;
            case SideTables.Content:
                if (entries.Content is { } content) Add(position).Add(WordVector.Of(content));
                break;
            default:
                throw new UnreachableException($"No rows are defined for {statements.Side.Flag}.");
        }
    }

    /// <summary>True if COPY can carry the rows: words become a tsvector only in a statement.</summary>
    public bool CanCopy => statements.Side.Lookup is not null;

    public string Copy => statements.Copy;

    public void CopyTo(CopyRows rows, in BatchRids batch)
    {
        for (var row = 0; row < positions.Count; row++)
        {
            rows.StartRow(columns.Length + 1);
            foreach (var column in columns) column.CopyTo(rows, row, batch.Refs);
            rows.Add(batch.Rids[positions[row] - 1]);
        }
    }

    public NpgsqlBatchCommand Remove() => With(new NpgsqlBatchCommand(statements.Remove));

    public NpgsqlBatchCommand Insert() => With(new NpgsqlBatchCommand(statements.Insert));

    public NpgsqlBatchCommand ReplayPast() => With(new NpgsqlBatchCommand(statements.ReplayPast));

    public NpgsqlBatchCommand Renew(NpgsqlParameter touched)
    {
        var command = With(new NpgsqlBatchCommand(statements.Renew));
        command.Parameters.Add(touched);
        return command;
    }

    public NpgsqlBatchCommand Replace(NpgsqlParameter touched)
    {
        var command = With(new NpgsqlBatchCommand(statements.Replace));
        command.Parameters.Add(touched);
        return command;
    }

    public void Clear()
    {
        positions.Clear();
        foreach (var column in columns) column.Clear();
    }

    private ColumnBuffer Add(int position)
    {
        positions.Add(position);
        return columns[0];
    }

    private NpgsqlBatchCommand With(NpgsqlBatchCommand command)
    {
        command.Parameters.Add(IndexRows.Array(positions));
        foreach (var column in columns) command.Parameters.Add(column.Parameter());
        return command;
    }
}

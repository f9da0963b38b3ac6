using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;

using Npgsql;

namespace EventFhir.Postgres.Sql;

/// <summary>
/// A statement put together piece by piece. In each piece the literal parts are text, names and earlier texts are put in as they are, and any
/// other hole is a value that becomes a parameter: nothing that a caller sends can become part of the text. Hot path, measured by bench search.
/// </summary>
internal sealed class SqlBuilder
{
    private readonly NpgsqlBatchCommand command = new();
    private char[] text = ArrayPool<char>.Shared.Rent(2_048);
    private int length;

    /// <summary>The piece has written itself by the time it gets here.</summary>
    public SqlBuilder Append([InterpolatedStringHandlerArgument("")] Piece piece)
    {
        _ = piece;
        return this;
    }

    /// <summary>A value that the text names more than once.</summary>
    public SqlText Value<T>(T value)
    {
        command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
        return new SqlText(string.Create(CultureInfo.InvariantCulture, $"${command.Parameters.Count}"));
    }

    /// <summary>Ends the statement.</summary>
    public NpgsqlBatchCommand Statement()
    {
        command.CommandText = StatementTexts.Of(text.AsSpan(0, length));
        ArrayPool<char>.Shared.Return(text);
        text = [];
        return command;
    }

    private void Write(ReadOnlySpan<char> part)
    {
        if (part.Length > text.Length - length) Grow(part.Length);
        part.CopyTo(text.AsSpan(length));
        length += part.Length;
    }

    private void Grow(int more)
    {
        var larger = ArrayPool<char>.Shared.Rent(Math.Max(text.Length * 2, length + more));
        text.AsSpan(0, length).CopyTo(larger);
        ArrayPool<char>.Shared.Return(text);
        text = larger;
    }

    private void WriteNumber(int number)
    {
        Span<char> digits = stackalloc char[11];
        number.TryFormat(digits, out var count, provider: CultureInfo.InvariantCulture);
        Write(digits[..count]);
    }

    [InterpolatedStringHandler]
    internal readonly ref struct Piece
    {
        private readonly SqlBuilder sql;

        public Piece(int literalLength, int formattedCount, SqlBuilder sql)
        {
            _ = (literalLength, formattedCount);
            this.sql = sql;
        }

        public void AppendLiteral(string literal) => sql.Write(literal);
        public void AppendFormatted(SqlName name) => sql.Write(name.Text);
        public void AppendFormatted(SqlText part) => sql.Write(part.Text);

        public void AppendFormatted<T>(T value)
        {
            sql.command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
            sql.Write("$");
            sql.WriteNumber(sql.command.Parameters.Count);
        }
    }
}

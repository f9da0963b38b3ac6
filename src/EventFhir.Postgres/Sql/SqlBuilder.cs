using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

using Npgsql;

namespace EventFhir.Postgres.Sql;

/// <summary>
/// A statement put together piece by piece. In each piece the literal parts are text, names and earlier texts are put in as they are, and any
/// other hole is a value that becomes a parameter: nothing that a caller sends can become part of the text.
/// </summary>
internal sealed class SqlBuilder
{
    private readonly StringBuilder text = new(512);
    private readonly NpgsqlBatchCommand command = new();

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

    public NpgsqlBatchCommand Statement()
    {
        command.CommandText = text.ToString();
        return command;
    }

    [InterpolatedStringHandler]
    internal readonly ref struct Piece
    {
        private readonly SqlBuilder sql;

        public Piece(int literalLength, int formattedCount, SqlBuilder sql)
        {
            this.sql = sql;
            sql.text.EnsureCapacity(sql.text.Length + literalLength + (formattedCount * 4));
        }

        public void AppendLiteral(string literal) => sql.text.Append(literal);
        public void AppendFormatted(SqlName name) => sql.text.Append(name.Text);
        public void AppendFormatted(SqlText part) => sql.text.Append(part.Text);

        public void AppendFormatted<T>(T value)
        {
            sql.command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
            sql.text.Append('$').Append(sql.command.Parameters.Count);
        }
    }
}

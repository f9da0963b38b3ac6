using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text;

using Npgsql;

namespace EventFhir.Postgres.Sql;

/// <summary>A name that may stand in SQL text: lower-case letters, digits, underscores and dots between parts. Nothing else can be put into one.</summary>
internal readonly record struct SqlName
{
    public SqlName(string name)
    {
        foreach (var c in name)
            if (c is not ((>= 'a' and <= 'z') or (>= '0' and <= '9') or '_' or '.'))
                throw new ArgumentException($"'{name}' is not a name of this schema.", nameof(name));
        Text = name;
    }

    /// <summary>Quoted, since a parameter may be called "date" or "group".</summary>
    public string Text => field is null ? "" : $"\"{field.Replace(".", "\".\"", StringComparison.Ordinal)}\"";
}

/// <summary>SQL text that SqlWriter has made.</summary>
internal readonly record struct SqlText(string Text);

/// <summary>
/// Builds SQL: the literal parts are text, a hole is a name, an earlier text, or else a value and becomes a parameter. Nothing that a caller
/// sends can thus become part of a statement.
/// </summary>
[InterpolatedStringHandler]
internal ref struct SqlWriter(int literalLength, int formattedCount)
{
    private readonly StringBuilder text = new(literalLength + (formattedCount * 16));
    private readonly ImmutableArray<NpgsqlParameter>.Builder parameters = ImmutableArray.CreateBuilder<NpgsqlParameter>();

    public readonly void AppendLiteral(string literal) => text.Append(literal);
    public readonly void AppendFormatted(SqlName name) => text.Append(name.Text);
    public readonly void AppendFormatted(SqlText part) => text.Append(part.Text);

    public readonly void AppendFormatted<T>(T value)
    {
        parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
        text.Append('$').Append(parameters.Count);
    }

    /// <summary>Text without values.</summary>
    public static SqlText Text(SqlWriter written) =>
        written.parameters.Count == 0 ? new SqlText(written.text.ToString()) : throw new ArgumentException("Text cannot hold values.", nameof(written));

    /// <summary>Parts with a separator between them.</summary>
    public static SqlText Join(string separator, IEnumerable<SqlText> parts) => new(string.Join(separator, parts.Select(part => part.Text)));

    public static NpgsqlBatchCommand Statement(SqlWriter written)
    {
        var command = new NpgsqlBatchCommand(written.text.ToString());
        foreach (var parameter in written.parameters) command.Parameters.Add(parameter);
        return command;
    }
}

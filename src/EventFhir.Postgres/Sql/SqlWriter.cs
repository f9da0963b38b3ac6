using System.Runtime.CompilerServices;
using System.Text;

namespace EventFhir.Postgres.Sql;

/// <summary>A name that may stand in SQL text: lower-case letters, digits, underscores, and dots between parts; nothing else fits into one.</summary>
internal readonly record struct SqlName
{
    public SqlName(string name)
    {
        foreach (var c in name)
            if (c is not ((>= 'a' and <= 'z') or (>= '0' and <= '9') or '_' or '.'))
                throw new ArgumentException($"'{name}' is not a name of this schema.", nameof(name));
        Text = $"\"{name.Replace(".", "\".\"", StringComparison.Ordinal)}\"";
    }

    /// <summary>Quoted, since a parameter may be called "date" or "group".</summary>
    public string Text => field ?? "";
}

/// <summary>SQL text without values, made by <see cref="SqlWriter"/>.</summary>
internal readonly record struct SqlText(string Text);

/// <summary>Makes SQL texts: the literal parts are text, a hole is a name or an earlier text, and nothing else fits into one.</summary>
[InterpolatedStringHandler]
internal readonly ref struct SqlWriter(int literalLength, int formattedCount)
{
    private readonly StringBuilder text = new(literalLength + (formattedCount * 16));

    public void AppendLiteral(string literal) => text.Append(literal);
    public void AppendFormatted(SqlName name) => text.Append(name.Text);
    public void AppendFormatted(SqlText part) => text.Append(part.Text);

    public static SqlText Text(SqlWriter written) => new(written.text.ToString());

    /// <summary>Parts with a separator between them.</summary>
    public static SqlText Join(string separator, IEnumerable<SqlText> parts) => new(string.Join(separator, parts.Select(part => part.Text)));
}

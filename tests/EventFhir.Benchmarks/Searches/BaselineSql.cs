using System.Collections.Frozen;

namespace EventFhir.Benchmarks.Searches;

/// <summary>The statements of Baselines.sql, each under its name, with its holes filled.</summary>
public static class BaselineSql
{
    private static readonly FrozenDictionary<string, string> Statements = SqlFile.Read("search-baselines").Split("-- # ")[1..]
        .Select(static section => section.Split('\n', 2))
        .ToFrozenDictionary(static section => section[0].Trim(), static section => section[1].Trim(), StringComparer.Ordinal);

    public static string Named(string name) => Statements[name].Replace("{bodies}", Statements["bodies"], StringComparison.Ordinal);

    /// <summary>A statement that serves several tables.</summary>
    public static string Named(string name, params ReadOnlySpan<(string Hole, string Text)> holes)
    {
        var text = Named(name);
        foreach (var (hole, with) in holes) text = text.Replace($"{{{hole}}}", with, StringComparison.Ordinal);
        return text;
    }
}

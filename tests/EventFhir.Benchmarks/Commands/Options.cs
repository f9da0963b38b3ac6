using System.Globalization;

namespace EventFhir.Benchmarks.Commands;

/// <summary>Options of the form <c>--name value</c>; a name without a value is a switch.</summary>
public sealed class Options
{
    private readonly Dictionary<string, string> values = new(StringComparer.Ordinal);

    public static Options Parse(string[] arguments)
    {
        var options = new Options();
        for (var index = 0; index < arguments.Length; index++)
        {
            var hasValue = index + 1 < arguments.Length && !arguments[index + 1].StartsWith("--", StringComparison.Ordinal);
            options.values[arguments[index].TrimStart('-')] = hasValue ? arguments[++index] : "";
        }

        return options;
    }

    public bool Has(string name) => values.ContainsKey(name);

    public string? Text(string name) => values.GetValueOrDefault(name);

    public double Number(string name, double otherwise) =>
        values.TryGetValue(name, out var text) ? double.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}

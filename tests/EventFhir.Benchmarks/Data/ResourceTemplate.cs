using System.Collections.Concurrent;
using System.Text;

namespace EventFhir.Benchmarks.Data;

/// <summary>One file of Data/Templates, cut at its holes <c>{{name}}</c>.</summary>
public sealed class ResourceTemplate
{
    private static readonly ConcurrentDictionary<string, ResourceTemplate> Templates = new(StringComparer.Ordinal);

    private readonly string[] literals;
    private readonly string[] holes;

    private ResourceTemplate(string text)
    {
        var parts = text.TrimEnd().Split("{{");
        literals = new string[parts.Length];
        holes = new string[parts.Length - 1];
        literals[0] = parts[0];
        for (var index = 1; index < parts.Length; index++)
        {
            var end = parts[index].IndexOf("}}", StringComparison.Ordinal);
            holes[index - 1] = parts[index][..end];
            literals[index] = parts[index][(end + 2)..];
        }
    }

    public static ResourceTemplate Named(string name) => Templates.GetOrAdd(name, static key =>
    {
        using var reader = new StreamReader(typeof(ResourceTemplate).Assembly.GetManifestResourceStream(key)
            ?? throw new FileNotFoundException($"{key}.json is not embedded."));
        return new ResourceTemplate(reader.ReadToEnd());
    });

    public byte[] Fill(TemplateValues values)
    {
        var text = new StringBuilder(literals[0]);
        for (var index = 0; index < holes.Length; index++)
            text.Append(values.ValueOf(holes[index])).Append(literals[index + 1]);
        return Encoding.UTF8.GetBytes(text.ToString());
    }
}

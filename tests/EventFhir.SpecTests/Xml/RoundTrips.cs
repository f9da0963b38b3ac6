using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;

using EventFhir.Model.Definitions;
using EventFhir.Model.Json;
using EventFhir.Model.Xml;
using EventFhir.Tests;

using Xunit;

namespace EventFhir.SpecTests.Xml;

/// <summary>
/// JSON → XML → JSON is the identity on every resource of the official package: nothing is lost, no digit changes, arrays stay arrays. Members may
/// come back in the order of the definitions, which XML prescribes.
/// </summary>
public sealed class RoundTrips
{
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 128 };
    private readonly ConcurrentDictionary<string, string> failures = [];
    private int written;

    [Theory]
    [InlineData("R4", 5_200)]
    [InlineData("R4B", 2_800)]
    [InlineData("R5", 2_800)]
    public void Every_official_example_comes_back_from_xml_as_it_was(string name, int least)
    {
        var release = Release.Find(name)!;
        Parallel.ForEach(Directory.GetFiles(OfficialPackages.ExamplesOf(name), "*.json"), file => Check(file, release, XmlLayout.Compact));
        Assert.True(failures.IsEmpty, string.Join('\n', failures.Select(failure => $"{failure.Key}: {failure.Value}")));
        Assert.True(written > least, $"Only {written} examples were found.");
    }

    [Fact]
    public void Indented_xml_says_the_same()
    {
        var files = Directory.GetFiles(OfficialPackages.R4Examples, "*.json").Order(StringComparer.Ordinal).Where((_, index) => index % 10 == 0);
        Parallel.ForEach(files, file => Check(file, Release.R4, XmlLayout.Indented));
        Assert.True(failures.IsEmpty, string.Join('\n', failures.Select(failure => $"{failure.Key}: {failure.Value}")));
        Assert.True(written > 500, $"Only {written} examples were found.");
    }

    private void Check(string file, Release release, XmlLayout layout)
    {
        var json = File.ReadAllBytes(file);
        // Examples that break the rules of their release are not stored, so they are never written.
        if (ResourceJsonReader.Read(json, release).Verdict is not ReadVerdict.Valid) return;
        var xml = new ArrayBufferWriter<byte>();
        ResourceXmlWriter.Write(json, release, xml, layout);
        var back = ResourceXmlReader.Read(xml.WrittenMemory, release);
        Interlocked.Increment(ref written);
        if (back.Verdict is not ReadVerdict.Valid) failures[Path.GetFileName(file)] = string.Join("; ", back.Issues);
        else if (Difference(Ordered(json), Ordered(back.Resource!.Json)) is { } difference) failures[Path.GetFileName(file)] = difference;
    }

    private static string? Difference(string expected, string actual)
    {
        if (expected == actual) return null;
        var at = Math.Max(0, expected.AsSpan().CommonPrefixLength(actual) - 20);
        return $"{expected.AsSpan(at)[..Math.Min(60, expected.Length - at)]} became {actual.AsSpan(at)[..Math.Min(60, actual.Length - at)]}";
    }

    /// <summary>The text with the members of every object in alphabetical order.</summary>
    private static string Ordered(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json, Deep);
        var text = new StringBuilder();
        Append(text, document.RootElement);
        return text.ToString();
    }

    private static void Append(StringBuilder text, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                text.Append('{');
                foreach (var property in element.EnumerateObject().OrderBy(property => property.Name, StringComparer.Ordinal))
                {
                    text.Append(property.Name).Append(':');
                    Append(text, property.Value);
                    text.Append(',');
                }
                text.Append('}');
                break;
            case JsonValueKind.Array:
                text.Append('[');
                foreach (var item in element.EnumerateArray())
                {
                    Append(text, item);
                    text.Append(',');
                }
                text.Append(']');
                break;
            case JsonValueKind.String:
                text.Append('"').Append(element.GetString()).Append('"');
                break;
            default:
                text.Append(element.GetRawText());
                break;
        }
    }
}

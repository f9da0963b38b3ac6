using System.Buffers;
using System.Text;

using EventFhir.Model.Definitions;
using EventFhir.Model.Json;
using EventFhir.Model.Validation;
using EventFhir.Model.Xml;
using EventFhir.Tests;

using Xunit;

namespace EventFhir.SpecTests.Xml;

/// <summary>Whatever XML arrives, reading ends with a verdict and with issues that have a place; what is accepted is written and read as the same.</summary>
public sealed class DamagedXml
{
    private const int Seed = 20261121;
    private const int PerExample = 40;
    private const int ExampleBytesMax = 8_000;

    private static readonly string[] Pieces =
    [
        "<", ">", "/>", "</", "\"", "'", "=", " ", "\n", "&", "&amp;", "&#xFFFF;", "&x;", "<!--", "-->", "--", "<![CDATA[", "]]>", "<?x?>", "<!DOCTYPE x>", "value", "xmlns",
        "xmlns=\"\"", "id=\"a\"", "<extension url=\"http://x\"/>", "<x/>", "<div/>", ":", "\u0001", "\uFFFF", "😀", "1", "true", "<text/>", "<contained/>", "_", "resourceType",
    ];

    [Fact]
    public void Always_gets_a_verdict()
    {
        var random = new Random(Seed);
        var (damaged, accepted, wrong) = (0, 0, new List<string>());
        foreach (var file in Directory.GetFiles(OfficialPackages.R4Examples, "*-example*.json").Order(StringComparer.Ordinal))
        {
            if (new FileInfo(file).Length > ExampleBytesMax) continue;
            var json = File.ReadAllBytes(file);
            if (ResourceJsonReader.Read(json, Release.R4).Verdict is not ReadVerdict.Valid) continue;
            var xml = Encoding.UTF8.GetString(Written(json));
            for (var round = 0; round < PerExample; round++)
            {
                var text = Damaged(xml, random);
                var lines = text.Count(character => character == '\n') + 1;
                var read = ResourceXmlReader.Read(Encoding.UTF8.GetBytes(text), Release.R4);
                if (read.Verdict is ReadVerdict.Valid) accepted++;
                else if (read.Issues.IsEmpty || read.Issues.Any(issue => issue.Line < 1 || issue.Line > lines)) wrong.Add($"{text}\n{string.Join('\n', read.Issues)}");
                if (read is { Verdict: ReadVerdict.Valid, Resource: { } resource } && Written(ResourceXmlReader.Read(Written(resource.Json), Release.R4)) != Written(read))
                    wrong.Add(text);
                damaged++;
            }
        }
        Assert.True(wrong.Count == 0, string.Join("\n\n", wrong.Take(5)));
        Assert.True(damaged > 5_000, $"Only {damaged} were tried.");
        Assert.True(accepted > 100, $"Only {accepted} were accepted.");
    }

    private static string Written(ReadResult read) => read.Resource is { } resource ? Encoding.UTF8.GetString(Written(resource.Json)) : "";

    private static byte[] Written(ReadOnlyMemory<byte> json)
    {
        var xml = new ArrayBufferWriter<byte>();
        ResourceXmlWriter.Write(json, Release.R4, xml);
        return xml.WrittenSpan.ToArray();
    }

    private static string Damaged(string xml, Random random)
    {
        for (var damages = random.Next(1, 4); damages > 0; damages--)
        {
            var at = random.Next(xml.Length);
            var length = Math.Min(random.Next(0, 12), xml.Length - at);
            xml = random.Next(3) switch
            {
                0 => xml.Remove(at, length),
                1 => xml.Insert(at, Pieces[random.Next(Pieces.Length)]),
                _ => xml.Insert(random.Next(xml.Length), xml.Substring(at, length)),
            };
        }
        return xml;
    }
}

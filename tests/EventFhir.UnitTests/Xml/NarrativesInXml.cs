using System.Buffers;
using System.Text;
using System.Text.Json;

using EventFhir.Model.Definitions;
using EventFhir.Model.Json;
using EventFhir.Model.Xml;

using Xunit;

namespace EventFhir.UnitTests.Xml;

/// <summary>Whatever narrative JSON brings in, XML can bring out: what our own syntax accepts is well-formed to any XML parser.</summary>
public sealed class NarrativesInXml
{
    private const int Seed = 20261121;

    private static readonly string[] Pieces =
    [
        "<p>", "</p>", "<p>x</p>", "<br/>", "<b>", "</b>", "<!--", "-->", "<!-- - -->", "-", "--", ">", "]]>", "<![CDATA[", "]]>", "&amp;", "&lt;", "&#x20;", "&#xFFFF;", "&#xD800;",
        "&#0;", "&nbsp;", "x", " ", "\n", "\r\n", "\t", "\"", "'", "<p title=\"", "\">", "<p title='&#10;'/>", "<a href=\"http://x\">", "</a>", "\u0001", "\uFFFE", "ü", "😀",
        "<p class=\"a\"class=\"b\"/>", "<p id='a'\n/>", "<img src='x' alt=''/>", "<p  >", "</p >", "< p>", "<p:b/>", "<p xmlns=\"http://www.w3.org/1999/xhtml\"/>",
    ];

    [Fact]
    public void All_that_are_accepted_come_back_to_the_letter()
    {
        var random = new Random(Seed);
        var accepted = 0;
        for (var round = 0; round < 60_000; round++)
        {
            var content = string.Concat(Enumerable.Range(0, random.Next(1, 6)).Select(_ => Pieces[random.Next(Pieces.Length)]));
            var div = $"<div xmlns=\"http://www.w3.org/1999/xhtml\">{content}</div>";
            var json = Encoding.UTF8.GetBytes(
                $"{{\"resourceType\":\"Patient\",\"text\":{{\"status\":\"generated\",\"div\":{JsonSerializer.Serialize(div)}}}}}");
            if (ResourceJsonReader.Read(json, Release.R4).Verdict is not ReadVerdict.Valid) continue;
            accepted++;
            var xml = new ArrayBufferWriter<byte>();
            ResourceXmlWriter.Write(json, Release.R4, xml);
            var read = ResourceXmlReader.Read(xml.WrittenMemory, Release.R4);
            Assert.True(read.Verdict is ReadVerdict.Valid, div);
            Assert.Equal(div, read.Resource!.Root.FirstChild("text")!.Value.FirstChild("div")!.Value.Text);
        }
        Assert.True(accepted > 1_000, $"Only {accepted} were accepted.");
    }
}

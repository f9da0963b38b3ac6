using System.Buffers;
using System.Text;

using EventFhir.Model.Definitions;
using EventFhir.Model.Json;
using EventFhir.Model.Xml;

using Xunit;

namespace EventFhir.UnitTests.Xml;

public sealed class WritingXml
{
    [Theory]
    [InlineData("\"active\":true,\"id\":\"a\"", "<id value=\"a\"/><active value=\"true\"/>")]
    [InlineData("\"_birthDate\":{\"id\":\"b\"},\"birthDate\":\"1974\"", "<birthDate id=\"b\" value=\"1974\"/>")]
    [InlineData(
        "\"name\":[{\"_given\":[null,{\"extension\":[{\"valueString\":\"J\",\"url\":\"http://x\",\"id\":\"e\"}]}],\"given\":[\"Peter\",null]}]",
        "<name><given value=\"Peter\"/><given><extension id=\"e\" url=\"http://x\"><valueString value=\"J\"/></extension></given></name>")]
    [InlineData(
        "\"extension\":[{\"url\":\"http://x\",\"valueDecimal\":1.10},{\"url\":\"http://x\",\"valueDecimal\":-1e+5}]",
        "<extension url=\"http://x\"><valueDecimal value=\"1.10\"/></extension><extension url=\"http://x\"><valueDecimal value=\"-1e+5\"/></extension>")]
    [InlineData(
        "\"contained\":[{\"resourceType\":\"Organization\",\"name\":\"A & B\",\"id\":\"o\"}]",
        "<contained><Organization><id value=\"o\"/><name value=\"A &amp; B\"/></Organization></contained>")]
    [InlineData(
        "\"text\":{\"div\":\"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\">a &amp;<br/>\\n</div>\",\"status\":\"generated\"}",
        "<text><status value=\"generated\"/><div xmlns=\"http://www.w3.org/1999/xhtml\">a &amp;<br/>\n</div></text>")]
    [InlineData("\"name\":[{\"text\":\" \\t\\n\\r<>\\\"'&\\u00fc\\uFFFF\"}]", "<name><text value=\" &#9;&#10;&#13;&lt;&gt;&quot;'&amp;ü\uFFFD\"/></name>")]
    [InlineData("\"name\":[{\"text\":\"\\uFF01\"}]", "<name><text value=\"\uFF01\"/></name>")]
    public void Xml_says_the_same(string json, string xml) =>
        Assert.Equal(
            $"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Patient xmlns=\"http://hl7.org/fhir\">{xml}</Patient>",
            Write($"{{\"resourceType\":\"Patient\",{json}}}"));

    [Fact]
    public void A_resource_without_content() =>
        Assert.Equal("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Patient xmlns=\"http://hl7.org/fhir\"/>", Write("{\"resourceType\":\"Patient\"}"));

    [Fact]
    public void What_a_summary_has_emptied_is_left_out() =>
        Assert.Contains(
            "fhir\"><active value=\"true\"/></Patient>", Write("{\"resourceType\":\"Patient\",\"active\":true,\"contact\":[{},{}]}"), StringComparison.Ordinal);

    [Fact]
    public void A_layout_for_people() =>
        Assert.Equal(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <Bundle xmlns="http://hl7.org/fhir">
              <type value="collection"/>
              <entry>
                <resource>
                  <Patient>
                    <active value="true"/>
                  </Patient>
                </resource>
              </entry>
            </Bundle>

            """,
            Write(
                "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{\"resource\":{\"resourceType\":\"Patient\",\"active\":true}}]}",
                XmlLayout.Indented),
            ignoreLineEndingDifferences: true);

    [Fact]
    public void A_resource_as_deep_as_can_be_stored_fits_into_a_bundle()
    {
        const int Levels = (Model.Limits.DepthMax - 1) / 2;
        var patient = "{\"resourceType\":\"Patient\"," + string.Concat(Enumerable.Repeat("\"extension\":[{\"url\":\"http://x\",", Levels)).TrimEnd(',')
            + ",\"valueBoolean\":true" + string.Concat(Enumerable.Repeat("}]", Levels)) + "}";
        Assert.Equal(ReadVerdict.Valid, ResourceJsonReader.Read(Encoding.UTF8.GetBytes(patient), Release.R4).Verdict);
        Assert.Contains("valueBoolean", Write($"{{\"resourceType\":\"Bundle\",\"entry\":[{{\"resource\":{patient}}}]}}"), StringComparison.Ordinal);
    }

    private static string Write(string json, XmlLayout layout = XmlLayout.Compact)
    {
        var target = new ArrayBufferWriter<byte>();
        ResourceXmlWriter.Write(Encoding.UTF8.GetBytes(json), Release.R4, target, layout);
        return Encoding.UTF8.GetString(target.WrittenSpan);
    }
}

using System.Text;

using EventFhir.Model.Definitions;
using EventFhir.Model.Json;
using EventFhir.Model.Xml;

using Xunit;

namespace EventFhir.UnitTests.Xml;

public sealed class ReadingXml
{
    [Theory]
    [InlineData("""<active value="true"/>""", "\"active\":true")]
    [InlineData("""<id value="a"/><birthDate value="1974-12-25" id="b"/>""", "\"id\":\"a\",\"birthDate\":\"1974-12-25\",\"_birthDate\":{\"id\":\"b\"}")]
    [InlineData(
        """<name><given value="Peter"/><given><extension url="http://x"><valueString value="J"/></extension></given></name>""",
        """
        "name":[{"given":["Peter",null],"_given":[null,{"extension":[{"url":"http://x","valueString":"J"}]}]}]
        """)]
    [InlineData("""<multipleBirthInteger value="2"/>""", "\"multipleBirthInteger\":2")]
    [InlineData(
        """<contained><Organization><id value="o"/><name value="Clinic &amp; Co"/></Organization></contained><managingOrganization><reference value="#o"/></managingOrganization>""",
        """
        "contained":[{"resourceType":"Organization","id":"o","name":"Clinic & Co"}],"managingOrganization":{"reference":"#o"}
        """)]
    [InlineData(
        """<text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml">a <b>b</b></div></text>""",
        """
        "text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">a <b>b</b></div>"}
        """)]
    public void Json_says_the_same(string xml, string json)
    {
        var result = Read(xml);
        Assert.Equal(ReadVerdict.Valid, result.Verdict);
        Assert.Equal($"{{\"resourceType\":\"Patient\",{json.Trim()}}}", Encoding.UTF8.GetString(result.Resource!.Json.Span));
    }

    [Theory]
    [InlineData("<active  value=' true '/>", "\"active\":true")]
    [InlineData("<birthDate value=\"\n 1974 \"/>", "\"birthDate\":\"1974\"")]
    [InlineData("<language value=\"de&#x2D;CH\"/>", "\"language\":\"de-CH\"")]
    [InlineData("<name><text value=\" a&#10;b\tc \"/></name>", "\"name\":[{\"text\":\" a\\nb c \"}]")]
    [InlineData("<!-- no --><active value=\"true\"><!-- no --></active><?no no?>", "\"active\":true")]
    [InlineData("<f:active xmlns:f=\"http://hl7.org/fhir\" value=\"true\"/>", "\"active\":true")]
    [InlineData(
        "<extension url=\"http://x\"><valueDecimal value=\"1.10\"/></extension><extension url=\"http://x\"><valueDecimal value=\"1E2\"/></extension>",
        "\"extension\":[{\"url\":\"http://x\",\"valueDecimal\":1.10},{\"url\":\"http://x\",\"valueDecimal\":1E2}]")]
    [InlineData(
        "<name><family id=\"a\"><extension url=\"http://x\"><valueCode value=\"k\"/></extension></family></name>",
        "\"name\":[{\"_family\":{\"id\":\"a\",\"extension\":[{\"url\":\"http://x\",\"valueCode\":\"k\"}]}}]")]
    public void What_xml_may_write_in_several_ways(string xml, string json)
    {
        var result = Read(xml);
        Assert.Equal(ReadVerdict.Valid, result.Verdict);
        Assert.Equal($"{{\"resourceType\":\"Patient\",{json}}}", Encoding.UTF8.GetString(result.Resource!.Json.Span));
    }

    [Theory]
    [InlineData("<div xmlns=\"http://www.w3.org/1999/xhtml\">\r\n  <p  class='a'>1 &lt; 2<!-- kept --></p><br /></div>")]
    [InlineData("<div xmlns=\"http://www.w3.org/1999/xhtml\"><![CDATA[<b>]]> ü 😀 &#160;</div>")]
    public void A_narrative_stays_as_it_is_written(string div) =>
        Assert.Equal(div, Read($"\n<text>\r<status value=\"generated\"/>\r\n {div}</text>").Resource!.Root.FirstChild("text")!.Value.FirstChild("div")!.Value.Text);

    [Fact]
    public void A_narrative_with_prefixes_is_written_without_them()
    {
        var result = Read("<text><status value=\"generated\"/><h:div xmlns:h=\"http://www.w3.org/1999/xhtml\"><h:p title='&lt;&quot;'>1 &lt; 2</h:p> <h:br/></h:div></text>");
        Assert.Equal(ReadVerdict.Valid, result.Verdict);
        Assert.Equal(
            "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p title=\"&lt;&quot;\">1 &lt; 2</p> <br/></div>",
            result.Resource!.Root.FirstChild("text")!.Value.FirstChild("div")!.Value.Text);
    }

    [Theory]
    [InlineData("""<nothing value="1"/>""", "Patient.nothing", 4)]
    [InlineData("""<name><given value="a"/><given value="b"/></name><name><nothing/></name>""", "Patient.name[1].nothing", 59)]
    [InlineData("""<active value="yes"/>""", "Patient.active", 4)]
    [InlineData("""<active value=""/>""", "Patient.active", 4)]
    [InlineData("""<active/>""", "Patient.active", 4)]
    [InlineData("""<name><given/></name>""", "Patient.name[0].given[0]", 10)]
    [InlineData("""<name/>""", "Patient.name[0]", 4)]
    [InlineData("""<birthDate value="yesterday"/>""", "Patient.birthDate", 4)]
    [InlineData("""<birthDate value="1974"/><birthDate value="1975"/>""", "Patient.birthDate", 29)]
    [InlineData("""<multipleBirthInteger value="2x"/>""", "Patient.multipleBirth", 4)]
    [InlineData("""<multipleBirthInteger value="1"/><multipleBirthBoolean value="true"/>""", "Patient.multipleBirth", 37)]
    [InlineData("""<_birthDate id="a"/>""", "Patient", 4)]
    [InlineData("""<resourceType value="Observation"/>""", "Patient", 4)]
    [InlineData("""<contact><name><text value="x"/></name><gender value="none"/></contact>""", "Patient.contact[0].gender", 43)]
    public void What_is_wrong_is_named_with_its_place(string xml, string path, int column)
    {
        var result = Read(xml);
        Assert.Equal(ReadVerdict.Invalid, result.Verdict);
        var issue = result.Issues[0];
        Assert.Equal((path, 2, column), (issue.Expression, issue.Line, issue.Column));
    }

    [Theory]
    [InlineData("""<active value="true" extra="1"/>""", "Patient.active", 24)]
    [InlineData("""<name value="a"/>""", "Patient.name[0]", 9)]
    [InlineData("""<active value="true" x:id="1" xmlns:x="http://x"/>""", "Patient.active", 24)]
    [InlineData("""<active xmlns="http://example.org" value="true"/>""", "Patient", 4)]
    [InlineData("""<active xmlns="" value="true"/>""", "Patient", 4)]
    [InlineData("""<active value="true"/><id value="a"/>""", "Patient.id", 26)]
    [InlineData("""<name/><active value="true"/><name/>""", "Patient.active", 11)]
    [InlineData("""<active>true</active>""", "Patient.active", 11)]
    [InlineData("""<active><![CDATA[true]]></active>""", "Patient.active", 20)]
    [InlineData("""<contained><Patient/><Patient/></contained>""", "Patient.contained[0]", 25)]
    [InlineData("""<contained><patient/></contained>""", "Patient.contained[0]", 15)]
    [InlineData("""<text><status value="generated"/><div>text</div></text>""", "Patient.text", 37)]
    public void What_is_no_fhir_is_refused_at_its_place(string xml, string path, int column)
    {
        var result = Read(xml);
        Assert.Equal(ReadVerdict.NotFhir, result.Verdict);
        var issue = Assert.Single(result.Issues);
        Assert.Equal((path, 2, column), (issue.Expression, issue.Line, issue.Column));
    }

    [Theory]
    [InlineData("<Patient xmlns=\"http://hl7.org/fhir\"><active></Patient>")]
    [InlineData("<!DOCTYPE Patient [<!ENTITY x \"y\">]><Patient xmlns=\"http://hl7.org/fhir\"/>")]
    [InlineData("<!DOCTYPE Patient SYSTEM \"file:///etc/passwd\"><Patient xmlns=\"http://hl7.org/fhir\"/>")]
    [InlineData("<Patient xmlns=\"http://hl7.org/fhir\"><language value=\"&x;\"/></Patient>")]
    [InlineData("<Patient xmlns=\"http://hl7.org/fhir\"><language value=\"de\" value=\"de\"/></Patient>")]
    [InlineData("<Patient xmlns=\"http://hl7.org/fhir\"><language value=\"&#0;\"/></Patient>")]
    [InlineData("<Patient xmlns=\"http://hl7.org/fhir\"/><Patient/>")]
    [InlineData("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><Patient xmlns=\"http://hl7.org/fhir\"/>")]
    [InlineData("<Patient/>")]
    [InlineData("<Nothing xmlns=\"http://hl7.org/fhir\"/>")]
    [InlineData("<Resource xmlns=\"http://hl7.org/fhir\"/>")]
    [InlineData("<Patient xmlns=\"http://hl7.org/fhir\">text</Patient>")]
    [InlineData("<Patient xmlns=\"http://hl7.org/fhir\"><contained/></Patient>")]
    [InlineData("{}")]
    [InlineData("")]
    public void What_is_no_fhir_xml(string xml) =>
        Assert.Equal(ReadVerdict.NotFhir, ResourceXmlReader.Read(Encoding.UTF8.GetBytes(xml), Release.R4).Verdict);

    [Fact]
    public void Text_that_is_no_utf_8() =>
        Assert.Equal(ReadVerdict.NotFhir, ResourceXmlReader.Read(Encoding.Latin1.GetBytes("<Patient xmlns=\"http://hl7.org/fhir\"><language value=\"ü\"/></Patient>"), Release.R4).Verdict);

    [Fact]
    public void Depth_is_limited_also_where_nobody_looks()
    {
        Assert.Equal(ReadVerdict.NotFhir, Read(Nested("extension url=\"http://x\"", "extension", 200)).Verdict);
        Assert.Equal(ReadVerdict.Invalid, Read(Nested("nothing", "nothing", 200_000)).Verdict);
        var narrative = $"<div xmlns=\"http://www.w3.org/1999/xhtml\">{Nested("p", "p", 200_000)}</div>";
        Assert.Equal(ReadVerdict.Invalid, Read($"<text><status value=\"generated\"/>{narrative}</text>").Verdict);
    }

    [Theory]
    [InlineData("<active value=\"true\"/>")]
    [InlineData("<multipleBirthInteger value=\"x\"/>")]
    [InlineData("<contact><relationship><coding><userSelected value=\"x\"/></coding></relationship></contact>")]
    public void Issues_are_named_up_to_their_limit(string wrong)
    {
        var result = Read(string.Concat(Enumerable.Repeat(wrong, 1_000)));
        Assert.Equal((ReadVerdict.Invalid, Model.Limits.IssuesMax), (result.Verdict, result.Issues.Length));
    }

    private static string Nested(string start, string end, int depth) =>
        string.Concat(Enumerable.Repeat($"<{start}>", depth)) + string.Concat(Enumerable.Repeat($"</{end}>", depth));

    private static ReadResult Read(string content) =>
        ResourceXmlReader.Read(Encoding.UTF8.GetBytes($"<Patient xmlns=\"http://hl7.org/fhir\">\n  {content}\n</Patient>"), Release.R4);
}

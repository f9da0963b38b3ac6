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
    [InlineData("""<nothing value="1"/>""", "Patient.nothing")]
    [InlineData("""<active value="yes"/>""", "Patient.active")]
    [InlineData("""<multipleBirthInteger value="2x"/>""", "Patient.multipleBirth")]
    [InlineData("""<birthDate value="1974"/><birthDate value="1975"/>""", "Patient.birthDate")]
    public void The_reader_of_json_finds_what_is_wrong(string xml, string path)
    {
        var result = Read(xml);
        Assert.Equal(ReadVerdict.Invalid, result.Verdict);
        Assert.StartsWith(path, result.Issues[0].Expression, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<Patient xmlns=\"http://hl7.org/fhir\"><active></Patient>")]
    [InlineData("<!DOCTYPE Patient [<!ENTITY x \"y\">]><Patient xmlns=\"http://hl7.org/fhir\"/>")]
    [InlineData("<Patient/>")]
    [InlineData("<Nothing xmlns=\"http://hl7.org/fhir\"/>")]
    [InlineData("<Patient xmlns=\"http://hl7.org/fhir\">text</Patient>")]
    [InlineData("<Patient xmlns=\"http://hl7.org/fhir\"><contained/></Patient>")]
    [InlineData("")]
    public void What_is_no_fhir_xml(string xml) =>
        Assert.Equal(ReadVerdict.NotFhir, ResourceXmlReader.Read(Encoding.UTF8.GetBytes(xml), Release.R4).Verdict);

    [Fact]
    public void Depth_is_limited()
    {
        var deep = string.Concat(Enumerable.Repeat("<extension url=\"http://x\">", 200)) + string.Concat(Enumerable.Repeat("</extension>", 200));
        Assert.Equal(ReadVerdict.NotFhir, Read(deep).Verdict);
    }

    private static ReadResult Read(string content) =>
        ResourceXmlReader.Read(Encoding.UTF8.GetBytes($"<Patient xmlns=\"http://hl7.org/fhir\">\n  {content}\n</Patient>"), Release.R4);
}

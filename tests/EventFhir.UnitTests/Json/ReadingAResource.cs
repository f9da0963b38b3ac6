using System.Text;

using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.Json;

using Xunit;

namespace EventFhir.UnitTests.Json;

public sealed class ReadingAResource
{
    [Fact]
    public void Gives_a_typed_view_over_the_text()
    {
        var resource = Valid("""{"resourceType":"Observation","id":"o1","status":"final","code":{"coding":[{"code":"a\u0062"},{"code":"c"}]},"""
            + """ "valueQuantity":{"value":1.10}}""");
        Assert.Equal("Observation", resource.Type.Name);
        Assert.Equal("o1", resource.Id);
        var codings = resource.Root.FirstChild("code")!.Value.ChildrenNamed("coding");
        Assert.Equal(["ab", "c"], Texts(codings, "code"));
        var value = resource.Root.FirstChild("value")!.Value;
        Assert.Equal("Quantity", value.Type.Name);
        Assert.Equal("1.10", value.FirstChild("value")!.Value.Text);
        Assert.Equal("Observation.code.coding[1].code", resource.Root.FirstChild("code")!.Value.Children.Last().FirstChild("code")!.Value.Path);
    }

    [Theory]
    [InlineData("""{"resourceType":"Patient","birthDate":"1974","_birthDate":{"id":"a","extension":[{"url":"http://x","valueCode":"b"}]},"""
        + """ "active":true}""")]
    [InlineData("""{"resourceType":"Patient","_birthDate":{"id":"a","extension":[{"url":"http://x","valueCode":"b"}]},"birthDate":"1974","""
        + """ "active":true}""")]
    [InlineData("""{"resourceType":"Patient","birthDate":"1974","active":true,"_birthDate":{"id":"a","extension":[{"url":"http://x","""
        + """ "valueCode":"b"}]}}""")]
    [InlineData("""{"_birthDate":{"id":"a","extension":[{"url":"http://x","valueCode":"b"}]},"active":true,"birthDate":"1974","""
        + """ "resourceType":"Patient"}""")]
    public void Joins_a_primitive_with_its_extensions_wherever_they_stand(string json)
    {
        var resource = Valid(json);
        var birthDate = resource.Root.FirstChild("birthDate")!.Value;
        Assert.Equal("1974", birthDate.Text);
        Assert.Equal(["id", "extension"], Names(birthDate));
        var extension = birthDate.FirstChild("extension")!.Value;
        Assert.Equal("b", extension.FirstChild("value")!.Value.Text);
        Assert.Equal("Patient.birthDate.extension[0].value", extension.FirstChild("value")!.Value.Path);
        Assert.Equal("true", resource.Root.FirstChild("active")!.Value.Text);
        Assert.Equal(resource.Root, birthDate.Parent);
    }

    [Theory]
    [InlineData("""{"resourceType":"Patient","name":[{"given":["A",null,"C"],"family":"F","_given":[null,{"extension":[{"url":"http://x","""
        + """ "valueCode":"b"}]},{"id":"c"}]},{"text":"T"}]}""")]
    [InlineData("""{"resourceType":"Patient","name":[{"_given":[null,{"extension":[{"url":"http://x","valueCode":"b"}]},{"id":"c"}],"""
        + """ "family":"F","given":["A",null,"C"]},{"text":"T"}]}""")]
    public void Joins_the_items_of_two_arrays(string json)
    {
        var resource = Valid(json);
        var given = resource.Root.FirstChild("name")!.Value.ChildrenNamed("given").ToList();
        Assert.Equal(3, given.Count);
        Assert.Equal(("A", true, false), (given[0].Text, given[0].HasValue, given[0].HasChildren));
        Assert.Equal(("", false, true), (given[1].Text, given[1].HasValue, given[1].HasChildren));
        Assert.Equal("Patient.name[0].given[1].extension[0].url", given[1].FirstChild("extension")!.Value.FirstChild("url")!.Value.Path);
        Assert.Equal("c", given[2].FirstChild("id")!.Value.Text);
        Assert.Equal("F", resource.Root.FirstChild("name")!.Value.FirstChild("family")!.Value.Text);
        Assert.Equal("T", resource.Root.Children.Last().FirstChild("text")!.Value.Text);
    }

    [Fact]
    public void Tolerates_a_byte_order_mark_and_names_with_escapes()
    {
        var resource = Valid("\uFEFF{\"resource\\u0054ype\":\"Patient\",\"i\\u0064\":\"a\"}");
        Assert.Equal("a", resource.Id);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("[]")]
    [InlineData("\"Patient\"")]
    [InlineData("{}")]
    [InlineData("{\"resourceType\":\"Patient\"")]
    [InlineData("{\"resourceType\":\"Patient\"} x")]
    [InlineData("{\"resourceType\":\"Patient\",}")]
    [InlineData("{\"resourceType\":\"Patient\",\"active\":tru}")]
    [InlineData("{\"resourceType\":\"Patient\",\"active\":01}")]
    [InlineData("{\"resourceType\":\"Patient\" \"active\":true}")]
    [InlineData("{\"resourceType\":\"Patient\",\"id\":\"\u0001\"}")]
    [InlineData("{\"resourceType\":\"Patient\",\"id\":\"\\x\"}")]
    [InlineData("{\"resourceType\":\"Patient\",\"id\":\"\\uD800\"}")]
    [InlineData("{\"resourceType\":\"Patient\",\"id\":\"\\uDC00\\uD800\"}")]
    [InlineData("{\"resourceType\":\"Patient\",\"id\":\"\\uD83D\\u0041\"}")]
    [InlineData("{\"resourceType\":\"patient\"}")]
    [InlineData("{\"resourceType\":\"Unicorn\"}")]
    [InlineData("{\"resourceType\":\"Resource\"}")]
    [InlineData("{\"resourceType\":\"Quantity\"}")]
    [InlineData("{\"resourceType\":7}")]
    [InlineData("{\"resourcetype\":\"Patient\"}")]
    [InlineData("{\"id\":\"a\"}")]
    public void Knows_what_is_not_FHIR(string json)
    {
        var result = Read(json);
        Assert.Equal(ReadVerdict.NotFhir, result.Verdict);
        Assert.Null(result.Resource);
        Assert.True(Assert.Single(result.Issues).IsError);
    }

    [Fact]
    public void Says_where_the_text_breaks()
    {
        var issue = Assert.Single(Read("{\n  \"resourceType\": \"Patient\",\n  \"active\": yes\n}").Issues);
        Assert.Equal((3, 13), (issue.Line, issue.Column));
    }

    [Fact]
    public void Refuses_text_that_is_not_UTF_8()
    {
        var result = ResourceJsonReader.Read(new byte[] { (byte)'{', (byte)'"', 0xFF, (byte)'"' }, Release.R4);
        Assert.Equal((ReadVerdict.NotFhir, 3), (result.Verdict, result.Issues[0].Column));
    }

    [Theory]
    [InlineData(30, ReadVerdict.Valid)]
    [InlineData(31, ReadVerdict.NotFhir)]
    public void Nests_to_a_limit(int items, ReadVerdict verdict)
    {
        var json = new StringBuilder("""{"resourceType":"QuestionnaireResponse","status":"completed","item":""");
        for (var item = 0; item < items; item++) json.Append("""[{"linkId":"a","item":""");
        json.Append("""[{"linkId":"z"}]""").Insert(json.Length, "}]", items).Append('}');
        Assert.Equal(verdict, Read(json.ToString()).Verdict);
        Assert.Equal(ReadVerdict.NotFhir, Read(new string('[', 100_000)).Verdict);
        Assert.Equal(ReadVerdict.NotFhir, Read("{\"resourceType\":\"Patient\",\"x\":" + new string('[', 100_000)).Verdict);
    }

    [Fact]
    public void Reports_at_most_100_issues()
    {
        var json = "{\"resourceType\":\"Patient\",\"name\":[" + string.Join(",", Enumerable.Repeat("{}", 1_000)) + "]}";
        Assert.Equal(100, Read(json).Issues.Length);
    }

    [Fact]
    public void Lets_a_resource_be_taken_out_of_a_bundle()
    {
        var bundle = Valid("""
            {"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"http://x/1"},{"resource":
            {"resourceType":"Patient","id":"p","name":[{"text":"A"},{"text":"B"}],"active":true}},{"fullUrl":"http://x/2"}]}
            """);
        var patient = bundle.Extract(bundle.Root.ChildrenNamed("entry").ToList()[1].FirstChild("resource")!.Value);
        Assert.Equal(("Patient", "p", "true"), (patient.Type.Name, patient.Id, patient.Root.FirstChild("active")!.Value.Text));
        Assert.Equal(["A", "B"], Texts(patient.Root.ChildrenNamed("name"), "text"));
        Assert.Equal("Patient.name[1].text", patient.Root.ChildrenNamed("name").Last().FirstChild("text")!.Value.Path);
        Assert.StartsWith("{\"resourceType\":\"Patient\"", Encoding.UTF8.GetString(patient.Json.Span), StringComparison.Ordinal);
        Assert.EndsWith("true}", Encoding.UTF8.GetString(patient.Json.Span), StringComparison.Ordinal);
    }

    [Fact]
    public void Holds_a_thousand_contained_resources_and_no_more()
    {
        static string Json(int contained) => "{\"resourceType\":\"Patient\",\"contained\":[" + string.Join(
            ",", Enumerable.Range(0, contained).Select(number => $"{{\"resourceType\":\"Organization\",\"id\":\"o{number}\"}}")) + "]}";
        Assert.Equal(ReadVerdict.Valid, Read(Json(1_000)).Verdict);
        Assert.Equal(("too-costly", "Patient.contained"), (Read(Json(1_001)).Issues[0].Code, Read(Json(1_001)).Issues[0].Expression));
    }

    private static ReadResult Read(string json) => ResourceJsonReader.Read(Encoding.UTF8.GetBytes(json), Release.R4);

    private static Resource Valid(string json)
    {
        var result = Read(json);
        Assert.Empty(result.Issues);
        Assert.Equal(ReadVerdict.Valid, result.Verdict);
        return result.Resource!;
    }

    private static List<string> Texts(ElementChildren elements, string child) =>
        [.. elements.ToList().Select(element => element.FirstChild(child)!.Value.Text)];

    private static List<string> Names(Element element) => [.. element.Children.ToList().Select(child => child.Name)];
}

internal static class ElementLists
{
    public static List<Element> ToList(this ElementChildren children)
    {
        var list = new List<Element>();
        foreach (var child in children) list.Add(child);
        return list;
    }

    public static Element Last(this ElementChildren children) => children.ToList()[^1];
}

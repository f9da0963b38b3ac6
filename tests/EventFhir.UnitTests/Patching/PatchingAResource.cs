using System.Text;

using EventFhir.Model;
using EventFhir.Model.Definitions;
using EventFhir.Model.Json;
using EventFhir.Model.Patching;

using Xunit;

namespace EventFhir.UnitTests.Patching;

/// <summary>What the official suites do not ask: texts that stay as they were, primitives with extensions, limits.</summary>
public sealed class PatchingAResource
{
    [Fact]
    public void What_a_JSON_Patch_does_not_touch_keeps_its_text()
    {
        const string Before = """{"resourceType":"X","b":1.10,"a":1e2,"text":"\u00e9\/","list":[-0.0,{"z":1,"y":0.00}]}""";
        Assert.Equal(
            """{"resourceType":"X","b":1.10,"a":1e2,"text":"\u00e9\/","list":[-0.0,{"z":1,"y":0.00,"x":5.000}]}""",
            Json(Before, """[{"op":"add","path":"/list/1/x","value":5.000}]"""));
    }

    [Theory]
    [InlineData("/id", "remove")]
    [InlineData("/id", "replace")]
    [InlineData("/resourceType", "replace")]
    [InlineData("/meta/versionId", "replace")]
    [InlineData("/meta/versionId", "remove")]
    [InlineData("", "replace")]
    public void What_says_which_resource_it_is_stays(string path, string verb) =>
        Assert.Contains("cannot be patched", JsonFault($$"""[{"op":"{{verb}}","path":"{{path}}","value":"x"}]"""), StringComparison.Ordinal);

    [Fact]
    public void An_id_may_be_tested_and_meta_be_replaced()
    {
        Assert.Null(JsonFault("""[{"op":"test","path":"/id","value":"p"}]"""));
        Assert.Null(JsonFault("""[{"op":"replace","path":"/meta","value":{"tag":[{"code":"x"}]}}]"""));
        Assert.NotNull(JsonFault("""[{"op":"replace","path":"/meta","value":{"versionId":"9"}}]"""));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("[")]
    [InlineData("""[{"op":"add","path":"a","value":1}]""")]
    [InlineData("""[{"op":"add","path":"/a~2","value":1}]""")]
    [InlineData("""[{"op":"add","path":"/a"}]""")]
    [InlineData("""[{"op":"spam","path":"/a","value":1}]""")]
    [InlineData("""[{"op":"move","path":"/a"}]""")]
    [InlineData("""[{"op":"add","op":"remove","path":"/a","value":1}]""")]
    public void What_is_no_patch_is_malformed(string patch)
    {
        Assert.Null(ResourcePatch.OfJsonPatch(Encoding.UTF8.GetBytes(patch), out var fault));
        Assert.Equal(PatchFaultKind.Malformed, fault!.Kind);
    }

    private static readonly string Large = $$"""{"op":"add","path":"/a","value":["{{new string('x', 10_000)}}"]}""";

    [Fact]
    public void Copies_of_copies_end_at_a_limit()
    {
        var copies = string.Join(',', Enumerable.Range(0, 60).Select(_ => """{"op":"copy","from":"/name","path":"/name/0/extension"}"""));
        Assert.NotNull(JsonFault($"[{copies}]"));
        var doubling = string.Join(',', Enumerable.Range(0, 40).Select(step => $$"""{"op":"copy","from":"/a","path":"/a/{{step + 1}}"}"""));
        Assert.Contains("large", JsonFault($"[{Large},{doubling}]"), StringComparison.Ordinal);
        var many = string.Join(',', Enumerable.Repeat("""{"op":"test","path":"/id","value":"p"}""", Limits.PatchOperationsMax + 1));
        Assert.NotNull(JsonFault($"[{many}]"));
    }

    [Theory]
    [InlineData("1", "1.0", true)]
    [InlineData("100", "1e2", true)]
    [InlineData("0.1e-3", "1E-4", true)]
    [InlineData("0", "-0.00", true)]
    [InlineData("1", "1.01", false)]
    [InlineData("\"a\"", "\"\\u0061\"", true)]
    [InlineData("{\"a\":1,\"b\":[2]}", "{\"b\":[2.0],\"a\":1}", true)]
    [InlineData("[1,2]", "[2,1]", false)]
    [InlineData("null", "false", false)]
    public void A_test_compares_values(string left, string right, bool equal) => Assert.Equal(
        equal ? null : "The value to be tested is another one.",
        JsonPatch.Parse(Encoding.UTF8.GetBytes($$"""[{"op":"test","path":"/v","value":{{right}}}]"""), out _)!
            .Apply(Encoding.UTF8.GetBytes($$"""{"v":{{left}}}""")).Fault?.Diagnostics);

    private const string Given = """
        {"resourceType":"Patient","id":"p","meta":{"versionId":"1"},"name":[{"given":["a","b","c"],"_given":[null,{"id":"g"},null]}],"_birthDate":{"id":"x"},"birthDate":"2000-01-01","deceasedBoolean":false}
        """;

    [Theory]
    [InlineData("delete", "Patient.name.given[0]", "", """{"given":["b","c"],"_given":[{"id":"g"},null]}""")]
    [InlineData("delete", "Patient.name.given[1]", "", """{"given":["a","c"]}""")]
    [InlineData("insert", "Patient.name.given", ",{\"name\":\"index\",\"valueInteger\":1},{\"name\":\"value\",\"valueString\":\"x\"}",
        """{"given":["a","x","b","c"],"_given":[null,null,{"id":"g"},null]}""")]
    [InlineData("move", "Patient.name.given", ",{\"name\":\"source\",\"valueInteger\":1},{\"name\":\"destination\",\"valueInteger\":2}",
        """{"given":["a","c","b"],"_given":[null,null,{"id":"g"}]}""")]
    [InlineData("replace", "Patient.name.given[1]", ",{\"name\":\"value\",\"valueString\":\"x\"}", """{"given":["a","x","c"]}""")]
    [InlineData("replace", "Patient.name.given[0]", ",{\"name\":\"value\",\"_valueString\":{\"id\":\"h\"}}",
        """{"given":[null,"b","c"],"_given":[{"id":"h"},{"id":"g"},null]}""")]
    [InlineData("add", "Patient.name.given[0]",
        ",{\"name\":\"name\",\"valueString\":\"extension\"},{\"name\":\"value\",\"valueExtension\":{\"url\":\"u\",\"valueCode\":\"c\"}}",
        """{"given":["a","b","c"],"_given":[{"extension":[{"url":"u","valueCode":"c"}]},{"id":"g"},null]}""")]
    [InlineData("delete", "Patient.name.given[1].id", "", """{"given":["a","b","c"]}""")]
    public void Extensions_stay_with_their_primitives(string type, string path, string parts, string name) =>
        Assert.Contains($"\"name\":[{name}]", Parameters(Operation(type, path, parts)), StringComparison.Ordinal);

    [Theory]
    [InlineData("replace", "Patient.birthDate", ",{\"name\":\"value\",\"valueDate\":\"1999\"}", "\"birthDate\":\"1999\",\"deceased")]
    [InlineData("replace", "Patient.deceased", ",{\"name\":\"value\",\"valueDateTime\":\"1999\"}", "\"deceasedDateTime\":\"1999\"}")]
    [InlineData("insert", "Patient.address", ",{\"name\":\"index\",\"valueInteger\":0},{\"name\":\"value\",\"valueAddress\":{\"city\":\"X\"}}",
        "\"address\":[{\"city\":\"X\"}]")]
    [InlineData("delete", "Patient.gender", "", "\"deceasedBoolean\":false}")]
    public void Elements_have_the_property_of_their_type(string type, string path, string parts, string expected)
    {
        var after = Parameters(Operation(type, path, parts));
        Assert.Contains(expected, after, StringComparison.Ordinal);
        Assert.Equal(type == "replace" && path.EndsWith("birthDate", StringComparison.Ordinal), !after.Contains("_birthDate", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("delete", "Patient.id", "")]
    [InlineData("replace", "Patient.meta.versionId", ",{\"name\":\"value\",\"valueId\":\"7\"}")]
    [InlineData("add", "Patient", ",{\"name\":\"name\",\"valueString\":\"birthDate\"},{\"name\":\"value\",\"valueDate\":\"1999\"}")]
    [InlineData("add", "Patient", ",{\"name\":\"name\",\"valueString\":\"unknown\"},{\"name\":\"value\",\"valueDate\":\"1999\"}")]
    [InlineData("add", "Patient.name.given", ",{\"name\":\"name\",\"valueString\":\"id\"},{\"name\":\"value\",\"valueString\":\"1\"}")]
    [InlineData("replace", "Patient.gender", ",{\"name\":\"value\",\"valueCode\":\"male\"}")]
    [InlineData("replace", "Patient", ",{\"name\":\"value\",\"valueCode\":\"male\"}")]
    [InlineData("replace", "Patient.deceased", ",{\"name\":\"value\",\"valueCode\":\"x\"}")]
    [InlineData("delete", "Patient.name.given", "")]
    [InlineData("delete", "Patient.name.given.count()", "")]
    [InlineData("delete", "Patient.name.given.where(", "")]
    [InlineData("insert", "Patient.name.given", ",{\"name\":\"index\",\"valueInteger\":4},{\"name\":\"value\",\"valueString\":\"x\"}")]
    [InlineData("insert", "Patient.name.given[0]", ",{\"name\":\"index\",\"valueInteger\":0},{\"name\":\"value\",\"valueString\":\"x\"}")]
    [InlineData("move", "Patient.name.given", ",{\"name\":\"source\",\"valueInteger\":0},{\"name\":\"destination\",\"valueInteger\":3}")]
    [InlineData("move", "Patient.birthDate", ",{\"name\":\"source\",\"valueInteger\":0},{\"name\":\"destination\",\"valueInteger\":0}")]
    [InlineData("move", "Patient.name.given", "")]
    [InlineData("upsert", "Patient.birthDate", "")]
    [InlineData("delete", "Patient.birthDate", ",{\"name\":\"reason\",\"valueString\":\"x\"}")]
    public void What_cannot_be_done_is_refused(string type, string path, string parts) => Assert.NotNull(Fault(Operation(type, path, parts)));

    [Fact]
    public void A_value_without_a_type_name_is_made_of_its_parts()
    {
        var parts = """
            ,{"name":"name","valueString":"contact"},{"name":"value","part":[{"name":"gender","valueCode":"male"},
            {"name":"telecom","valueContactPoint":{"value":"1"}},{"name":"telecom","valueContactPoint":{"value":"2"}}]}
            """;
        Assert.Contains(
            """
            "contact":[{"gender":"male","telecom":[{"value":"1"},{"value":"2"}]}]
            """, Parameters(Operation("add", "Patient", parts)), StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_FHIRPath_Patch_does_not_touch_keeps_its_text()
    {
        const string Before = """{"resourceType":"Observation","valueQuantity":{"value":1.50},"note":[{"text":"\u00e9"}],"status":"final","code":{"text":"x"}}""";
        Assert.Equal(
            Before.Replace("final", "amended", StringComparison.Ordinal),
            Parameters(Operation("replace", "Observation.status", ",{\"name\":\"value\",\"valueCode\":\"amended\"}"), Before));
    }

    private static string Json(string before, string patch)
    {
        var outcome = ResourcePatch.OfJsonPatch(Encoding.UTF8.GetBytes(patch), out _)!.Apply(Encoding.UTF8.GetBytes(before));
        return Encoding.UTF8.GetString(outcome.Json.Span);
    }

    private static string? JsonFault(string patch)
    {
        var parsed = ResourcePatch.OfJsonPatch(Encoding.UTF8.GetBytes(patch), out var fault);
        return (fault ?? parsed!.Apply(Encoding.UTF8.GetBytes(Given)).Fault)?.Diagnostics;
    }

    private static string Operation(string type, string path, string parts) =>
        $$"""{"name":"operation","part":[{"name":"type","valueCode":"{{type}}"},{"name":"path","valueString":"{{path}}"}{{parts}}]}""";

    private static string Parameters(string operations, string before = Given)
    {
        var outcome = Run(operations, before);
        Assert.Null(outcome.Fault?.Diagnostics);
        return Encoding.UTF8.GetString(outcome.Json.Span);
    }

    private static string? Fault(string operations) => Run(operations, Given).Fault?.Diagnostics;

    private static PatchOutcome Run(string operations, string before)
    {
        var parameters = ResourceJsonReader.Read(
            Encoding.UTF8.GetBytes($$"""{"resourceType":"Parameters","parameter":[{{operations}}]}"""), Release.R4).Resource!;
        return ResourcePatch.OfParameters(parameters, out var fault) is { } patch
            ? patch.Apply(Encoding.UTF8.GetBytes(before))
            : new PatchOutcome(default, fault);
    }
}

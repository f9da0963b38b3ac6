using System.Text.Json.Nodes;

using EventFhir.Generator;

using Xunit;

namespace EventFhir.SpecTests.Definitions;

public sealed class Correcting
{
    private const string Correction =
        """[{"release":"R4","file":"elements.json","where":{"path":"A.id"},"was":{"max":"1"},"set":{"max":"*"},"reason":"a test"}]""";

    [Fact]
    public void Changes_the_rows_it_names()
    {
        var rows = Apply(Correction, """{"path":"A.id","max":"1"}""", """{"path":"B.id","max":"1"}""");
        Assert.Equal(["""{"path":"A.id","max":"*"}""", """{"path":"B.id","max":"1"}"""], rows.Select(row => row.ToJsonString()));
    }

    [Fact]
    public void Removes_rows() =>
        Assert.Empty(Apply(
            """[{"release":"R4","file":"elements.json","where":{"path":"A.id"},"remove":true,"reason":"a test"}]""", """{"path":"A.id"}"""));

    [Fact]
    public void Leaves_other_releases_alone() =>
        Assert.Single(Apply(Correction.Replace("R4", "R5", StringComparison.Ordinal), """{"path":"A.id","max":"1"}"""));

    [Fact]
    public void Stops_when_the_specification_has_moved()
    {
        Assert.Throws<InvalidDataException>(() => Apply(Correction, """{"path":"A.id","max":"3"}"""));
        Assert.Throws<InvalidDataException>(() => Apply(Correction, """{"path":"A.identity","max":"1"}"""));
    }

    [Fact]
    public void Needs_a_reason() =>
        Assert.Throws<InvalidDataException>(() => Apply(
            """[{"release":"R4","file":"elements.json","where":{"path":"A.id"},"remove":true}]""", """{"path":"A.id"}"""));

    private static IEnumerable<JsonObject> Apply(string corrections, params string[] rows) =>
        new Corrections(corrections).Apply("R4", "elements.json", rows.Select(row => JsonNode.Parse(row)!.AsObject()));
}

using EventFhir.Core.Search;
using EventFhir.Core.Search.Indexing;
using EventFhir.Core.Search.Parameters;
using EventFhir.Model.Definitions;
using EventFhir.Model.Json;

using Xunit;

namespace EventFhir.UnitTests.Search;

/// <summary>Parameters of the specification that the configuration switches off.</summary>
public sealed class SwitchingOff
{
    private static readonly TypeDefinition Patient = Release.R4.FindResourceType("Patient")!;
    private static readonly TypeDefinition Practitioner = Release.R4.FindResourceType("Practitioner")!;

    [Fact]
    public void What_is_off_is_neither_known_nor_stored()
    {
        var definitions = SearchDefinitions.Of(Release.R4, SwitchedOff.Parse(Release.R4, "Patient:gender, *:_text"));
        Assert.Null(definitions.Catalog.Find(Patient, "gender"));
        Assert.NotNull(definitions.Catalog.Find(Practitioner, "gender"));
        Assert.Equal(["_text", "gender"], definitions.LayoutOf(Patient).Off);
        Assert.False(definitions.LayoutOf(Practitioner).SideTables.HasFlag(SideTables.Text));
        var resource = ResourceJsonReader.Read("""{"resourceType":"Patient","gender":"male","active":true}"""u8.ToArray(), Release.R4).Resource!;
        var term = Hashing.Term("gender", TermForm.Code, "male");
        Assert.Contains(term, new IndexExtractor(SearchDefinitions.R4, null).Extract(resource).Terms);
        Assert.DoesNotContain(term, new IndexExtractor(definitions, null).Extract(resource).Terms);
    }

    [Theory]
    [InlineData("gender", "is not written as")]
    [InlineData("Nobody:gender", "no such type")]
    [InlineData("Patient:nothing", "no such parameter")]
    [InlineData("*:_id", "stays on")]
    [InlineData("Observation:subject", "compartment")]
    [InlineData("ValueSet:url", "stays on")]
    public void What_cannot_be_switched_off_is_refused(string text, string reason) =>
        Assert.Contains(reason, Assert.Throws<FormatException>(() => SwitchedOff.Parse(Release.R4, text)).Message, StringComparison.Ordinal);
}

using EventFhir.Core.Search;
using EventFhir.Core.Search.Parameters;
using EventFhir.Model.Definitions;
using EventFhir.Model.Json;
using EventFhir.Tests;

using Xunit;

namespace EventFhir.SpecTests.Search;

/// <summary>People load the definitions of the specification into their servers: they change nothing.</summary>
public sealed class OfficialSearchParameters
{
    /// <summary>Their expressions are corrected here (corrections.json), so that the original differs from what the server does, and is refused.</summary>
    private static readonly string[] Corrected = ["http://hl7.org/fhir/SearchParameter/CapabilityStatement-fhirversion"];

    [Fact]
    public void The_specifications_own_definitions_are_kept_and_define_nothing()
    {
        var reader = new CustomParameterReader(SearchDefinitions.R4);
        var (kept, others) = (0, new List<string>());
        foreach (var file in Directory.EnumerateFiles(OfficialPackages.R4Examples, "SearchParameter-*.json"))
        {
            var resource = ResourceJsonReader.Read(File.ReadAllBytes(file), Release.R4).Resource!;
            var url = resource.Root.FirstChild("url")!.Value.Text;
            if (Release.R4.FindSearchParameter(url) is null) continue;
            var read = reader.Read(resource, resource.Id!);
            if (read.Refusal is null && read.Value is ParameterIntent.Keep) kept++;
            else others.Add(url);
        }
        Assert.Equal(Corrected, others);
        Assert.True(kept > 1_300, $"Only {kept} definitions are the specification's.");
    }
}

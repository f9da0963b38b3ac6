using BenchmarkDotNet.Attributes;
using EventFhir.Benchmarks.Data;
using EventFhir.Benchmarks.Workloads;
using EventFhir.Core.Search;
using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.Json;
using EventFhir.Model.Validation;

namespace EventFhir.Benchmarks.Micro;

/// <summary>What a write costs before it reaches the database, step by step and in all. Budget for the Observation: 80 µs.</summary>
public class TakingInAResource
{
    private const string Id = "018f3f0e-7b1a-7c3e-9d55-0a6b1c2d3e4f";

    private readonly IndexExtractor extractor = new(SearchDefinitions.R4, baseUrl: null);
    private byte[] json = [];
    private Resource resource = null!;

    [Params("Observation 1 kB", "Patient 3 kB", "ExplanationOfBenefit 7 kB")]
    public string Body { get; set; } = "";

    [GlobalSetup]
    public void Prepare()
    {
        json = Body[..3] switch
        {
            "Obs" => CreateObservations.SampleBody(),
            "Pat" => FirstOf("Patient"),
            _ => FirstOf("ExplanationOfBenefit"),
        };
        var read = ResourceJsonReader.Read(json, Release.R4);
        resource = read.Resource!;
        if (!read.Issues.IsEmpty || HasErrors(resource)) throw new InvalidDataException($"The sample is not valid: {string.Join("; ", read.Issues)}");
    }

    [Benchmark]
    public ReadResult Parse() => ResourceJsonReader.Read(json, Release.R4);

    [Benchmark]
    public bool Validate() => HasErrors(resource);

    [Benchmark]
    public IndexEntries Extract() => extractor.Extract(resource);

    [Benchmark]
    public StoredText Compose() => StoredText.Of(resource, Id);

    [Benchmark]
    public StoredText All()
    {
        var read = ResourceJsonReader.Read(json, Release.R4).Resource!;
        HasErrors(read);
        extractor.Extract(read);
        return StoredText.Of(read, Id);
    }

    private static byte[] FirstOf(string type) =>
        SampleData.Synthetic(seed: 1, patients: 1).Resources.First(resource => resource.Type == type).Body;

    private static bool HasErrors(Resource resource) => !ResourceValidator.Validate(resource).IsEmpty;
}

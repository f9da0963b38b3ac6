using EventFhir.Model.Definitions;
using EventFhir.Server.Cli.Import;

using Xunit;

namespace EventFhir.ServerTests;

public sealed class FindingFiles
{
    [Fact]
    public void Files_of_types_that_others_refer_to_come_first_and_all_others_stay_in_order()
    {
        string[] names = ["notes.ndjson", "Observation.ndjson", "Patient.001.ndjson", "bundle.json", "Patient.000.ndjson.gz", "Encounter.ndjson"];
        var ordered = ImportFiles.ReferredFirst(names.Select(name => new FileInfo(name)), Release.R4).Select(file => file.Name).ToList();
        Assert.Equal(["Patient.001.ndjson", "Patient.000.ndjson.gz"], ordered[..2]);
        Assert.True(ordered.IndexOf("Encounter.ndjson") < ordered.IndexOf("notes.ndjson"));
        Assert.Equal(["notes.ndjson", "bundle.json"], ordered[^2..]);
    }
}

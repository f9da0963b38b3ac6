using Xunit;

namespace EventFhir.PostgresTests.Specification;

/// <summary>The examples of R4 search.html#all and #return: parameters of all resources, order, number, and what comes along.</summary>
public sealed class Results(Shelf shelf) : IClassFixture<Shelf>
{
    private static readonly string[] Resources =
    [
        """{"resourceType":"Patient","id":"23"}""",
        """{"resourceType":"Practitioner","id":"doctor"}""",
        """{"resourceType":"Organization","id":"clinic"}""",
        """{"resourceType":"Organization","id":"pharmacy","partOf":{"reference":"Organization/holding"}}""",
        """{"resourceType":"Organization","id":"holding"}""",
        """{"resourceType":"MedicationRequest","id":"request","status":"active","intent":"order","medicationCodeableConcept":{"text":"x"},"subject":{"reference":"Patient/23"},"requester":{"reference":"Practitioner/doctor"},"performer":{"reference":"Organization/pharmacy"}}""",
        """{"resourceType":"MedicationRequest","id":"other","status":"active","intent":"order","medicationCodeableConcept":{"text":"x"},"subject":{"reference":"Patient/elsewhere"}}""",
        """{"resourceType":"MedicationDispense","id":"dispense","status":"completed","medicationCodeableConcept":{"text":"x"},"subject":{"reference":"Patient/23"},"authorizingPrescription":[{"reference":"MedicationRequest/request"}]}""",
        """{"resourceType":"Provenance","id":"origin","target":[{"reference":"MedicationRequest/request"}],"recorded":"2020-01-01T00:00:00Z","agent":[{"who":{"reference":"Organization/clinic"}}]}""",
        """{"resourceType":"Condition","id":"tagged","meta":{"tag":[{"system":"http://acme.org/codes","code":"needs-review"}]},"subject":{"reference":"Patient/23"}}""",
        """{"resourceType":"Condition","id":"plain","subject":{"reference":"Patient/23"}}""",
        """{"resourceType":"DiagnosticReport","id":"lipid","meta":{"profile":["http://hl7.org/fhir/StructureDefinition/lipid"]},"status":"final","code":{"text":"x"}}""",
        Observation("o1", "final", "2020-01-01"), Observation("o2", "amended", "2020-01-02"), Observation("o3", "final", "2020-01-03"), Observation("o4", "amended", null),
    ];

    [Theory]
    [InlineData("Patient", "_id=23", "23")]
    [InlineData("Observation", "_lastUpdated=gt2010-10-01&_sort=_id", "o1 o2 o3 o4")]
    [InlineData("Condition", "_tag=http://acme.org/codes|needs-review", "tagged")]
    [InlineData("DiagnosticReport", "_profile=http://hl7.org/fhir/StructureDefinition/lipid", "lipid")]
    [InlineData("Observation", "_sort=date", "o1 o2 o3 o4")]
    [InlineData("Observation", "_sort=-date", "o3 o2 o1 o4")]
    [InlineData("Observation", "_sort=-_id", "o4 o3 o2 o1")]
    [InlineData("Observation", "_sort=status,-date,category", "o2 o4 o3 o1")]
    public async Task Are_found_and_ordered_as_the_page_says(string type, string query, string expected)
    {
        await shelf.HoldsAsync(Resources);
        await shelf.FindsAsync(type, query, expected);
    }

    [Theory]
    [InlineData("MedicationRequest", "_id=request&_include=MedicationRequest:patient", "Patient/23")]
    [InlineData("MedicationRequest", "_id=request&_include=MedicationRequest:requester:Practitioner", "Practitioner/doctor")]
    [InlineData("MedicationRequest", "_id=request&_include=MedicationRequest:requester:Organization", "")]
    [InlineData("MedicationRequest", "_id=request&_include=MedicationRequest:*", "Organization/pharmacy Patient/23 Practitioner/doctor")]
    [InlineData("MedicationRequest", "_id=request&_include=*", "Organization/pharmacy Patient/23 Practitioner/doctor")]
    [InlineData("MedicationRequest", "_id=request&_revinclude=Provenance:target", "Provenance/origin")]
    [InlineData("MedicationRequest", "_id=request&_revinclude=*", "MedicationDispense/dispense Provenance/origin")]
    [InlineData("MedicationDispense", "_include=MedicationDispense:prescription&_include=MedicationRequest:intended-performer", "MedicationRequest/request")]
    [InlineData(
        "MedicationDispense", "_include=MedicationDispense:prescription&_include:iterate=MedicationRequest:intended-performer", "MedicationRequest/request Organization/pharmacy")]
    [InlineData(
        "MedicationDispense", "_include=MedicationDispense:prescription&_include:iterate=MedicationRequest:intended-performer&_include:iterate=Organization:partof",
        "MedicationRequest/request Organization/holding Organization/pharmacy")]
    [InlineData("MedicationRequest", "_id=other&_include=MedicationRequest:patient", "")]
    public async Task Bring_along_what_the_page_says(string type, string query, string included)
    {
        await shelf.HoldsAsync(Resources);
        var page = await shelf.PageAsync(type, query);
        Assert.Single(page.Matches);
        Assert.Equal(included.Split(' ', StringSplitOptions.RemoveEmptyEntries), page.Included.Select(each => $"{each.Key.Type.Name}/{each.Key.Id.Value}").Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("_count=2", 2, 4)]
    [InlineData("_count=0", 0, 4)]
    [InlineData("_summary=count", 0, 4)]
    [InlineData("_count=2&status=final&_total=accurate", 2, 2)]
    [InlineData("_count=1&status=final&_total=estimate", 1, 2)]
    public async Task Are_counted(string query, int matches, int total)
    {
        await shelf.HoldsAsync(Resources);
        var page = await shelf.PageAsync("Observation", query);
        Assert.Equal((matches, (long?)total), (page.Matches.Length, page.Total));
    }

    [Fact]
    public async Task Go_uncounted_if_the_client_says_so()
    {
        await shelf.HoldsAsync(Resources);
        Assert.Null((await shelf.PageAsync("Observation", "_count=2&_total=none")).Total);
    }

    private static string Observation(string id, string status, string? date) =>
        $$$"""{"resourceType":"Observation","id":"{{{id}}}","status":"{{{status}}}","code":{"text":"x"}{{{(date is null ? "" : $",\"effectiveDateTime\":\"{date}\"")}}}}""";
}

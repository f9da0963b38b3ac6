using Xunit;

namespace EventFhir.PostgresTests.Specification;

/// <summary>The examples of R4 search.html#reference, #versions, #chaining and #has.</summary>
public sealed class References(Shelf shelf) : IClassFixture<Shelf>
{
    private static readonly string[] Resources =
    [
        Observation("relative", """{"reference":"Patient/23"}"""), Observation("absolute", """{"reference":"http://here/fhir/Patient/23"}"""), Observation("versioned", """{"reference":"Patient/23/_history/1"}"""),
        Observation("group", """{"reference":"Group/23"}"""), Observation("elsewhere", """{"reference":"http://acme.org/fhir/Patient/23"}"""),
        Observation("logical", """{"identifier":{"system":"http://acme.org/fhir/identifier/mrn","value":"123456"}}"""), Observation("both", """{"reference":"Patient/joes"}""", "456"),
        """{"resourceType":"Patient","id":"23","name":[{"given":["Peter"]}]}""",
        """{"resourceType":"Group","id":"23","type":"person","actual":true,"name":"Peter's"}""",
        """{"resourceType":"Patient","id":"joes","name":[{"given":["Paul"]}],"generalPractitioner":[{"reference":"Practitioner/joe"},{"reference":"Practitioner/jane"}]}""",
        """{"resourceType":"Patient","id":"joesOnly","generalPractitioner":[{"reference":"Practitioner/joe"}]}""",
        """{"resourceType":"Practitioner","id":"joe","name":[{"given":["Joe"]}],"address":[{"state":"CA"}]}""",
        """{"resourceType":"Practitioner","id":"jane","name":[{"given":["Jane"]}],"address":[{"state":"MN"}]}""",
        """{"resourceType":"DiagnosticReport","id":"peters","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/23"},"result":[{"reference":"Observation/relative"}]}""",
        """{"resourceType":"DiagnosticReport","id":"groups","status":"final","code":{"text":"x"},"subject":{"reference":"Group/23"}}""",
        """{"resourceType":"DiagnosticReport","id":"pauls","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/joes"}}""",
        """
        {"resourceType":"AuditEvent","id":"seen","type":{"code":"rest"},"recorded":"2020-01-01T00:00:00Z","agent":[{"altId":"MyUserId","requestor":true}],
         "source":{"observer":{"display":"x"}},"entity":[{"what":{"reference":"Observation/relative"}}]}
        """,
    ];

    [Theory]
    [InlineData("Observation", "subject=Patient/23", "relative absolute versioned")]
    [InlineData("Observation", "subject=http://here/fhir/Patient/23", "relative absolute versioned")]
    [InlineData("Observation", "subject:Patient=23", "relative absolute versioned")]
    [InlineData("Observation", "subject=23", "relative absolute versioned group")]
    [InlineData("Observation", "patient=23", "relative absolute versioned")]
    [InlineData("Observation", "subject=Group/23", "group")]
    [InlineData("Observation", "subject=http://acme.org/fhir/Patient/23", "elsewhere")]
    [InlineData("Observation", "subject:identifier=http://acme.org/fhir/identifier/mrn|123456", "logical")]
    [InlineData("Observation", "subject=Patient/23/_history/1", "versioned")]
    [InlineData("DiagnosticReport", "subject.name=peter", "peters")]
    [InlineData("DiagnosticReport", "subject:Patient.name=peter", "peters")]
    [InlineData("DiagnosticReport", "result.subject:Patient.name=peter", "peters")]
    [InlineData("Patient", "general-practitioner.name=Joe&general-practitioner.address-state=MN", "joes")]
    [InlineData("Patient", "general-practitioner.name=Joe", "joes joesOnly")]
    [InlineData("Patient", "_has:Observation:patient:code=1234-5", "23")]
    [InlineData("Patient", "_has:Observation:patient:code=1234-5,456", "23 joes")]
    [InlineData("Patient", "_has:Observation:patient:code=1234-5&_has:Observation:patient:code=456", "")]
    [InlineData("Patient", "_has:Observation:patient:_has:AuditEvent:entity:altid=MyUserId", "23")]
    public async Task Are_followed_as_the_page_says(string type, string query, string expected)
    {
        await shelf.HoldsAsync(Resources);
        await shelf.FindsAsync(type, query, expected);
    }

    private static string Observation(string id, string subject, string code = "1234-5") =>
        $$$"""{"resourceType":"Observation","id":"{{{id}}}","status":"final","code":{"coding":[{"code":"{{{code}}}"}]},"subject":{{{subject}}}}""";
}

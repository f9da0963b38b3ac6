using Xunit;

namespace EventFhir.PostgresTests.Specification;

/// <summary>The tables of R4 search.html#token: syntax, types of data, modifiers, examples; and #escaping.</summary>
public sealed class Tokens(Shelf shelf) : IClassFixture<Shelf>
{
    private static readonly string[] Resources =
    [
        """{"resourceType":"Patient","id":"male","gender":"male","active":true,"identifier":[{"system":"http://acme.org/patient","value":"2345"}],"telecom":[{"system":"phone","value":"555-1234"}]}""",
        """{"resourceType":"Patient","id":"female","gender":"female","active":false,"identifier":[{"value":"2345"}],"telecom":[{"system":"email","value":"eve@acme.org"}]}""",
        """
        {"resourceType":"Patient","id":"unknown","identifier":[{"system":"http://other.org","value":"2345",
         "type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]}},{"system":"http://acme.org/patient","value":"446053"}]}
        """,
        """
        {"resourceType":"Patient","id":"mrn","identifier":[{"value":"446053","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]}}]}
        """,
        Composition("allergies", "48765-2"), Composition("both", "48765-2", "10157-6"), Composition("history", "10157-6"), Composition("empty"),
        """{"resourceType":"Condition","id":"ha125","subject":{"reference":"Patient/male"},"code":{"text":"Cluster headache","coding":[{"system":"http://acme.org/conditions/codes","code":"ha125"},{"system":"http://other.org","code":"x"}]}}""",
        """{"resourceType":"Condition","id":"other","subject":{"reference":"Patient/male"},"code":{"coding":[{"system":"http://other.org","code":"ha125","display":"Headaches of all kinds"}]}}""",
        """{"resourceType":"Condition","id":"none","subject":{"reference":"Patient/male"},"code":{"coding":[{"code":"ha125"}]}}""",
        """{"resourceType":"Condition","id":"upper","subject":{"reference":"Patient/male"},"code":{"coding":[{"system":"http://acme.org/conditions/codes","code":"HA125"}]}}""",
        """{"resourceType":"Observation","id":"a","status":"final","code":{"coding":[{"code":"a"}]}}""",
        """{"resourceType":"Observation","id":"b","status":"final","code":{"coding":[{"code":"b"}]}}""",
        """{"resourceType":"Observation","id":"ab","status":"final","code":{"coding":[{"code":"a,b"}]}}""",
        """{"resourceType":"Observation","id":"dollar","status":"final","code":{"coding":[{"code":"xx$xx"}]}}""",
        """{"resourceType":"Observation","id":"backslash","status":"final","code":{"coding":[{"code":"xx\\xx"}]}}""",
        """{"resourceType":"Observation","id":"bar","status":"final","code":{"coding":[{"code":"xx|xx"}]}}""",
        """{"resourceType":"Questionnaire","id":"beta","status":"draft","version":"1.0-Beta"}""",
        """{"resourceType":"AllergyIntolerance","id":"active","patient":{"reference":"Patient/male"},"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"active"}]}}""",
        """{"resourceType":"AllergyIntolerance","id":"resolved","patient":{"reference":"Patient/male"},"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"resolved"}]}}""",
        """{"resourceType":"AllergyIntolerance","id":"open","patient":{"reference":"Patient/male"}}""",
    ];

    [Theory]
    [InlineData("Patient", "identifier=http://acme.org/patient|2345", "male")]
    [InlineData("Patient", "identifier=2345", "male female unknown")]
    [InlineData("Patient", "identifier=|2345", "female")]
    [InlineData("Patient", "identifier=http://acme.org/patient|", "male unknown")]
    [InlineData("Patient", "gender=male", "male")]
    [InlineData("Patient", "gender:not=male", "female unknown mrn")]
    [InlineData("Patient", "gender=http://hl7.org/fhir/administrative-gender|male", "male")]
    [InlineData("Patient", "gender:missing=true", "unknown mrn")]
    [InlineData("Patient", "gender:missing=false", "male female")]
    [InlineData("Patient", "active=true", "male")]
    [InlineData("Patient", "telecom=555-1234", "male")]
    [InlineData("Patient", "phone=555-1234", "male")]
    [InlineData("Patient", "email=eve@acme.org", "female")]
    [InlineData("Patient", "identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|446053", "mrn")]
    [InlineData("Composition", "section=48765-2", "allergies both")]
    [InlineData("Composition", "section:not=48765-2", "history empty")]
    [InlineData("Condition", "code=http://acme.org/conditions/codes|ha125", "ha125 upper")]
    [InlineData("Condition", "code=http://acme.org/conditions/codes|Ha125", "ha125 upper")]
    [InlineData("Condition", "code:not=HA125", "")]
    [InlineData("AllergyIntolerance", "clinical-status=http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical|ACTIVE", "")]
    [InlineData("Patient", "gender=MALE", "")]
    [InlineData("Condition", "_filter=code eq Ha125", "ha125 other none upper")]
    [InlineData("Condition", "code=ha125", "ha125 other none upper")]
    [InlineData("Condition", "code=|HA125", "none")]
    [InlineData("Condition", "code:text=headache", "ha125 other")]
    [InlineData("Condition", "code=HA125", "ha125 other none upper")]
    [InlineData("Questionnaire", "version=1.0-BETA", "beta")]
    [InlineData("Questionnaire", "version:not=1.0-beta", "")]
    [InlineData("Observation", "code=a,b", "a b")]
    [InlineData("Observation", @"code=a\,b", "ab")]
    [InlineData("Observation", @"code=xx\$xx", "dollar")]
    [InlineData("Observation", @"code=xx\\xx", "backslash")]
    [InlineData("Observation", @"code=xx\|xx", "bar")]
    [InlineData("AllergyIntolerance", "clinical-status=http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical|active", "active")]
    [InlineData("AllergyIntolerance", "clinical-status:missing=true", "open")]
    [InlineData("AllergyIntolerance", "clinical-status=http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical|active&clinical-status:missing=true", "")]
    public async Task Are_found_as_the_tables_say(string type, string query, string expected)
    {
        await shelf.HoldsAsync(Resources);
        await shelf.FindsAsync(type, query, expected);
    }

    [Theory]
    [InlineData("Observation", @"code=xx\xx")]
    [InlineData("Patient", "identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR")]
    [InlineData("Patient", "gender:missing=perhaps")]
    [InlineData("Patient", "gender:exact=male")]
    public void What_the_page_forbids_is_refused(string type, string query) => Shelf.IsRefused(type, query);

    private static string Composition(string id, params string[] sections) =>
        $$$"""
        {"resourceType":"Composition","id":"{{{id}}}","status":"final","type":{"text":"x"},"date":"2020","author":[{"display":"x"}],"title":"x"{{{(sections.Length == 0 ? "" : ",\"section\":[" + string.Join(',', sections.Select(code =>
            $$$$"""{"code":{"coding":[{"system":"http://loinc.org","code":"{{{{code}}}}"}]},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"}}""")) + "]")}}}}
        """;
}

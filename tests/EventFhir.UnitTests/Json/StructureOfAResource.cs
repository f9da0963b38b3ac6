using System.Text;

using EventFhir.Model.Definitions;
using EventFhir.Model.Json;

using Xunit;

namespace EventFhir.UnitTests.Json;

/// <summary>One row for each way to be well-formed but wrong: the issue names its rule and its place.</summary>
public sealed class StructureOfAResource
{
    [Theory]
    [InlineData("""{"resourceType":"Patient","colour":"red"}""", "structure", "Patient.colour")]
    [InlineData("""{"resourceType":"Patient","Active":true}""", "structure", "Patient.Active")]
    [InlineData("""{"resourceType":"Patient","a name of somebody":true}""", "structure", "Patient")]
    [InlineData("""{"resourceType":"Patient","contact":[{"colour":"red"}]}""", "structure", "Patient.contact[0].colour")]
    [InlineData("""{"resourceType":"Patient","_contact":[{"id":"a"}]}""", "structure", "Patient._contact")]
    [InlineData("""{"resourceType":"Patient","extension":[{"url":"http://x","_url":{"id":"a"},"valueCode":"a"}]}""",
        "structure", "Patient.extension[0]._url")]
    [InlineData("""{"resourceType":"Patient","resourceType":"Patient"}""", "structure", "Patient")]
    [InlineData("""{"resourceType":"Patient","active":true,"active":true}""", "structure", "Patient.active")]
    [InlineData("""{"resourceType":"Patient","active":true,"activ\u0065":true}""", "structure", "Patient.active")]
    [InlineData("""{"resourceType":"Patient","active":"true"}""", "structure", "Patient.active")]
    [InlineData("""{"resourceType":"Patient","active":1}""", "structure", "Patient.active")]
    [InlineData("""{"resourceType":"Patient","active":{}}""", "structure", "Patient.active")]
    [InlineData("""{"resourceType":"Patient","active":[true]}""", "structure", "Patient.active")]
    [InlineData("""{"resourceType":"Patient","active":null}""", "structure", "Patient.active")]
    [InlineData("""{"resourceType":"Patient","name":{"text":"A"}}""", "structure", "Patient.name")]
    [InlineData("""{"resourceType":"Patient","name":[]}""", "structure", "Patient.name")]
    [InlineData("""{"resourceType":"Patient","name":["A"]}""", "structure", "Patient.name[0]")]
    [InlineData("""{"resourceType":"Patient","name":[null]}""", "structure", "Patient.name[0]")]
    [InlineData("""{"resourceType":"Patient","name":[{}]}""", "structure", "Patient.name[0]")]
    [InlineData("""{"resourceType":"Patient","name":[{"id":"a"}]}""", "structure", "Patient.name[0]")]
    [InlineData("""{"resourceType":"Patient","name":[[{"text":"A"}]]}""", "structure", "Patient.name[0]")]
    [InlineData("""{"resourceType":"Patient","name":[{"given":[null]}]}""", "structure", "Patient.name[0].given[0]")]
    [InlineData("""{"resourceType":"Patient","name":[{"given":["A",null],"_given":[{"id":"a"},null]}]}""", "structure", "Patient.name[0].given[1]")]
    [InlineData("""{"resourceType":"Patient","name":[{"given":["A","B"],"_given":[{"id":"a"}]}]}""", "structure", "Patient.name[0].given")]
    [InlineData("""{"resourceType":"Patient","name":[{"given":["A"],"_given":[null,{"id":"a"}]}]}""", "structure", "Patient.name[0].given")]
    [InlineData("""{"resourceType":"Patient","_birthDate":{"id":"a"}}""", "structure", "Patient.birthDate")]
    [InlineData("""{"resourceType":"Patient","_birthDate":{}}""", "structure", "Patient.birthDate")]
    [InlineData("""{"resourceType":"Patient","_birthDate":"x"}""", "structure", "Patient.birthDate")]
    [InlineData("""{"resourceType":"Patient","_birthDate":{"value":"1974"}}""", "structure", "Patient.birthDate.value")]
    [InlineData("""{"resourceType":"Patient","birthDate":"1974-02-30"}""", "value", "Patient.birthDate")]
    [InlineData("""{"resourceType":"Patient","name":[{"given":["A",""]}]}""", "value", "Patient.name[0].given[1]")]
    [InlineData("""{"resourceType":"Patient","gender":"Male"}""", "code-invalid", "Patient.gender")]
    [InlineData("""{"resourceType":"Patient","deceasedBoolean":true,"deceasedDateTime":"2026"}""", "structure", "Patient.deceased")]
    [InlineData("""{"resourceType":"Patient","deceasedBoolean":true,"_deceasedDateTime":{"id":"a"}}""", "structure", "Patient.deceased")]
    [InlineData("""{"resourceType":"Patient","deceased":true}""", "structure", "Patient.deceased")]
    [InlineData("""{"resourceType":"Patient","communication":[{"preferred":true}]}""", "required", "Patient.communication[0].language")]
    [InlineData("""{"resourceType":"Patient","extension":[{"valueCode":"a"}]}""", "required", "Patient.extension[0].url")]
    [InlineData("""{"resourceType":"Patient","extension":[{"url":"http://x"}]}""", "invariant", "Patient.extension[0]")]
    [InlineData("""{"resourceType":"Patient","extension":[{"url":"http://x","valueCode":"a","extension":[{"url":"y","valueCode":"b"}]}]}""",
        "invariant", "Patient.extension[0]")]
    [InlineData("""{"resourceType":"Patient","generalPractitioner":[{"reference":"Patient/1"}]}""",
        "structure", "Patient.generalPractitioner[0].reference")]
    [InlineData("""{"resourceType":"Patient","generalPractitioner":[{"reference":"http://x.org/Patient/1"}]}""",
        "structure", "Patient.generalPractitioner[0].reference")]
    [InlineData("""{"resourceType":"Patient","managingOrganization":{"reference":"org one"}}""", "value", "Patient.managingOrganization.reference")]
    [InlineData("""{"resourceType":"Patient","managingOrganization":{"reference":"Organization?name=x"}}""",
        "value", "Patient.managingOrganization.reference")]
    [InlineData("""{"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns='http://www.w3.org/1999/xhtml'><script/></div>"}}""",
        "value", "Patient.text.div")]
    [InlineData("""{"resourceType":"Patient","contained":[{"resourceType":"Organization","name":"x"}]}""", "required", "Patient.contained[0].id")]
    [InlineData("""{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"x","meta":{"versionId":"1"}}]}""",
        "structure", "Patient.contained[0].meta.versionId")]
    [InlineData("""{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"x","meta":{"security":[{"code":"x"}]}}]}""",
        "structure", "Patient.contained[0].meta.security[0]")]
    [InlineData("""{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"x","contained":[{"resourceType":"Patient","""
        + """ "id":"y"}]}]}""", "structure", "Patient.contained[0].contained[0]")]
    [InlineData("""{"resourceType":"Patient","contained":[{"name":"x"}]}""", "structure", "Patient.contained[0]")]
    [InlineData("""{"resourceType":"Patient","contained":[{"resourceType":"organization","id":"x"}]}""", "structure", "Patient.contained[0]")]
    [InlineData("""{"resourceType":"Observation","status":"final"}""", "required", "Observation.code")]
    [InlineData("""{"resourceType":"Observation","code":{"text":"x"},"status":"final","component":[{"valueString":"x"}]}""",
        "required", "Observation.component[0].code")]
    [InlineData("""{"resourceType":"Condition","subject":{"reference":"Patient/1"},"""
        + """ "clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"sleeping"}]}}""",
        "code-invalid", "Condition.clinicalStatus")]
    [InlineData("""{"resourceType":"Condition","subject":{"reference":"Patient/1"},"clinicalStatus":{"coding":[{"system":"http://elsewhere","""
        + """ "code":"active"}]}}""", "code-invalid", "Condition.clinicalStatus")]
    [InlineData("""{"resourceType":"Condition","subject":{"reference":"Patient/1"},"clinicalStatus":{"text":"active"}}""",
        "code-invalid", "Condition.clinicalStatus")]
    [InlineData("""{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","colour":"red"}}]}""",
        "structure", "Bundle.entry[0].resource.colour")]
    public void Is_refused(string json, string code, string expression)
    {
        var result = Read(json);
        Assert.Equal(ReadVerdict.Invalid, result.Verdict);
        var issue = Assert.Single(result.Issues);
        Assert.Equal((code, expression), (issue.Code, issue.Expression));
        Assert.True(issue.IsError);
        Assert.True(issue.Line > 0 && issue.Column > 0);
    }

    [Theory]
    [InlineData("""{"resourceType":"Condition","subject":{"reference":"Patient/1"},"""
        + """ "clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]}}""")]
    [InlineData("""{"resourceType":"Patient","_gender":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","""
        + """ "valueCode":"unknown"}]}}""")]
    [InlineData("""{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Patient","""
        + """ "managingOrganization":{"reference":"Organization?name=x"}},"request":{"method":"POST","url":"Patient"}}]}""")]
    [InlineData("""{"resourceType":"Patient","generalPractitioner":[{"reference":"http://x.org/somewhere"},"""
        + """{"reference":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"},{"display":"x"}]}""")]
    [InlineData("""{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"x","name":"y"}],"""
        + """ "managingOrganization":{"reference":"#x"}}""")]
    [InlineData("""{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"POST","url":"Patient"},"resource":"""
        + """ {"resourceType":"Patient","contained":[{"resourceType":"PractitionerRole","id":"r","practitioner":"""
        + """ {"reference":"Practitioner?name=x"}}]}}]}""")]
    public void Is_accepted(string json) => Assert.Empty(Read(json).Issues);

    private static ReadResult Read(string json) => ResourceJsonReader.Read(Encoding.UTF8.GetBytes(json), Release.R4);
}

using System.Text;

using EventFhir.Core.Search;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.Json;

using Xunit;

namespace EventFhir.UnitTests.Search;

/// <summary>The worked examples of R4 search.html, as tables.</summary>
public sealed class MatchingInMemory
{
    private static readonly SearchContext Context =
        new(SearchDefinitions.R4, "http://here/fhir", new DateTimeOffset(2016, 1, 1, 0, 0, 0, TimeSpan.Zero), UnknownParameters.Refuse);

    [Theory]
    // search.html#prefix: eq2013-01-14 and its siblings
    [InlineData("eq2013-01-14", "2013-01-14T00:00:00Z", true)]
    [InlineData("eq2013-01-14", "2013-01-14T10:00:00Z", true)]
    [InlineData("eq2013-01-14", "2013-01-15T00:00:00Z", false)]
    [InlineData("ne2013-01-14", "2013-01-15T00:00:00Z", true)]
    [InlineData("ne2013-01-14", "2013-01-14T00:00:00Z", false)]
    [InlineData("ne2013-01-14", "2013-01-14T10:00:00Z", false)]
    [InlineData("lt2013-01-14T10:00Z", "2013-01-14", true)]
    [InlineData("lt2013-01-14T10:00Z", "2013-01-14T10:00:00Z", false)]
    [InlineData("gt2013-01-14T10:00Z", "2013-01-14", true)]
    [InlineData("ge2013-03-14", "2013-03-14", true)]
    [InlineData("ge2013-03-14", "2013-03-13", false)]
    [InlineData("le2013-03-14", "2013-03-14", true)]
    [InlineData("le2013-03-14", "2013-03-15", false)]
    [InlineData("sa2013-03-14", "2013-03-14", false)]
    [InlineData("sa2013-03-14", "2013-03-15", true)]
    [InlineData("eb2013-03-14", "2013-03-13", true)]
    [InlineData("eb2013-03-14", "2013-03-14", false)]
    [InlineData("ap2013-03-14", "2013-05-01", true)]
    [InlineData("ap2013-03-14", "2014-03-14", false)]
    // search.html#date: implied ranges of precision
    [InlineData("2013", "2013-05-01", true)]
    [InlineData("2013-01-14", "2013-01", false)]
    [InlineData("2013-01", "2013-01-14T10:00:00Z", true)]
    [InlineData("2013-01-14T10:00", "2013-01-14T10:00:30Z", true)]
    [InlineData("2013-01-14T12:00+02:00", "2013-01-14T10:00:00Z", true)]
    public void Dates(string search, string stored, bool matches) =>
        Assert.Equal(matches, Matches("Observation", $"date={search}", Observation($"\"effectiveDateTime\":\"{stored}\"")));

    [Theory]
    [InlineData("ge2013-03-14", "\"start\":\"2013-03-14\"", true)]
    [InlineData("ge2013-03-14", "\"start\":\"2013-01-01\",\"end\":\"2013-03-14\"", false)]
    [InlineData("ge2013-03-14", "\"start\":\"2013-01-01\",\"end\":\"2013-03-15\"", true)]
    [InlineData("gt2013-03-14", "\"start\":\"2013-01-01\"", true)]
    [InlineData("le2013-03-14", "\"end\":\"2014-01-01\"", true)]
    [InlineData("sa2013-03-14", "\"start\":\"2013-03-15\"", true)]
    [InlineData("sa2013-03-14", "\"start\":\"2013-03-14\"", false)]
    [InlineData("eb2013-03-14", "\"start\":\"2013-01-01\",\"end\":\"2013-03-13\"", true)]
    [InlineData("eb2013-03-14", "\"start\":\"2013-01-01\"", false)]
    [InlineData("eq2013", "\"start\":\"2013-01-01\",\"end\":\"2013-03-13\"", true)]
    [InlineData("eq2013", "\"start\":\"2013-01-01\"", false)]
    public void Periods(string search, string period, bool matches) =>
        Assert.Equal(matches, Matches("Observation", $"date={search}", Observation($"\"effectivePeriod\":{{{period}}}")));

    [Theory]
    // search.html#number
    [InlineData("100", 99.5, true)]
    [InlineData("100", 100.5, false)]
    [InlineData("100.00", 99.995, true)]
    [InlineData("100.00", 99.99, false)]
    [InlineData("1e2", 95, true)]
    [InlineData("1e2", 105, false)]
    [InlineData("lt100", 99.9, true)]
    [InlineData("lt100", 100, false)]
    [InlineData("le100", 100, true)]
    [InlineData("gt100", 100.1, true)]
    [InlineData("gt100", 100, false)]
    [InlineData("ge100", 100, true)]
    [InlineData("ne100", 100.2, false)]
    [InlineData("ne100", 101, true)]
    [InlineData("ap100", 109, true)]
    [InlineData("ap100", 111, false)]
    public void Numbers(string search, double stored, bool matches) => Assert.Equal(
        matches,
        Matches("RiskAssessment", $"probability={search}", Read(FormattableString.Invariant(
            $$"""{"resourceType":"RiskAssessment","id":"1","status":"final","subject":{"display":"x"},"prediction":[{"probabilityDecimal":{{stored}}}]}"""))));

    [Theory]
    // search.html#quantity
    [InlineData("5.4|http://unitsofmeasure.org|mg", true)]
    [InlineData("5.4||mg", true)]
    [InlineData("5.4", true)]
    [InlineData("5.40e-3|http://unitsofmeasure.org|g", true)]
    [InlineData("le5.4|http://unitsofmeasure.org|mg", true)]
    [InlineData("gt5.4|http://unitsofmeasure.org|mg", false)]
    [InlineData("ap5.6|http://unitsofmeasure.org|mg", true)]
    [InlineData("5.4|http://unitsofmeasure.org|kg", false)]
    [InlineData("5.4|http://example.org|mg", false)]
    public void Quantities(string search, bool matches) => Assert.Equal(matches, Matches(
        "Observation", $"value-quantity={search}",
        Observation("\"valueQuantity\":{\"value\":5.4,\"unit\":\"mg\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"mg\"}")));

    [Theory]
    // search.html#string
    [InlineData("given=eve", "Eve", true)]
    [InlineData("given=eve", "Evelyn", true)]
    [InlineData("given=eve", "Severine", false)]
    [InlineData("given:contains=eve", "Severine", true)]
    [InlineData("given:exact=Eve", "Eve", true)]
    [InlineData("given:exact=Eve", "eve", false)]
    [InlineData("given:exact=Eve", "EVE", false)]
    [InlineData("given=Béla", "BELA", true)]
    [InlineData("name=son", "Carreno Quinones Son", true)]
    [InlineData("given=o'br", "O'Brien", true)]
    [InlineData("given=obr", "O'Brien", true)]
    [InlineData("given=jean paul", "Jean  Paul", true)]
    [InlineData("given=jean paul", "Jean-Paul", false)]
    [InlineData("given=paul", "Jean-Paul", true)]
    [InlineData("given=straße", "STRASSE", true)]
    [InlineData("given=strasse", "Straße", true)]
    [InlineData("given=Ångström", "angstrom", true)]
    [InlineData("given:exact=Jean Paul", "Jean  Paul", false)]
    [InlineData("given:contains=N-P", "Jean-Paul", true)]
    public void Strings(string search, string stored, bool matches) =>
        Assert.Equal(matches, Matches("Patient", search, Read($$$"""{"resourceType":"Patient","id":"1","name":[{"given":["{{{stored}}}"]}]}""")));

    [Theory]
    // search.html#string: any part of a HumanName or an Address
    [InlineData("name=van", true)]
    [InlineData("name=heuvel", true)]
    [InlineData("name=dr", true)]
    [InlineData("name=phd", true)]
    [InlineData("name=hans van", true)]
    [InlineData("name=usual", false)]
    [InlineData("address=erewhon", true)]
    [InlineData("address=534", true)]
    [InlineData("address=vic", true)]
    [InlineData("address=3999", true)]
    [InlineData("address=rainbow", true)]
    [InlineData("address=au", true)]
    [InlineData("address=home", false)]
    [InlineData("address-city=pleasant", true)]
    [InlineData("address-city=erewhon", false)]
    [InlineData("address-postalcode=39", true)]
    public void Parts_of_names_and_addresses(string search, bool matches) => Assert.Equal(matches, Matches("Patient", search, Read(
        """
        {"resourceType":"Patient","id":"1","name":[{"use":"usual","text":"Hans van den Heuvel","family":"van den Heuvel","given":["Hans"],
         "prefix":["Dr."],"suffix":["PhD"]}],"address":[{"use":"home","line":["534 Erewhon St"],"city":"PleasantVille","district":"Rainbow",
         "state":"Vic","postalCode":"3999","country":"AU"}]}
        """)));

    [Theory]
    [InlineData("given:contains=needle", true)]
    [InlineData("given:contains=needles", false)]
    [InlineData("given:exact=whole", true)]
    public void Long_strings_are_compared_to_their_end(string search, bool matches)
    {
        var text = string.Concat(Enumerable.Repeat("Hay ", 5_000)) + "Needle";
        Assert.Equal(matches, Matches("Patient", search.Replace("whole", text), Read($$$"""{"resourceType":"Patient","id":"1","name":[{"given":["{{{text}}}"]}]}""")));
        if (search.Contains("exact")) Assert.False(Matches("Patient", search.Replace("whole", text + "x"), Read($$$"""{"resourceType":"Patient","id":"1","name":[{"given":["{{{text}}}"]}]}""")));
    }

    [Theory]
    // search.html#token
    [InlineData("identifier=http://acme.org/patient|2345", true)]
    [InlineData("identifier=2345", true)]
    [InlineData("identifier=http://acme.org/patient|", true)]
    [InlineData("identifier=|2345", false)]
    [InlineData("identifier=http://other.org|2345", false)]
    [InlineData("gender=male", true)]
    [InlineData("gender=http://hl7.org/fhir/administrative-gender|male", true)]
    [InlineData("gender=http://hl7.org/fhir/administrative-gender|", true)]
    [InlineData("gender=|male", false)]
    [InlineData("gender:not=male", false)]
    [InlineData("gender:not=male,female", false)]
    [InlineData("gender:not=female", true)]
    [InlineData("active=true", true)]
    [InlineData("active:missing=false", true)]
    [InlineData("language:missing=true", true)]
    [InlineData("language:not=de", true)]
    [InlineData("identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|2345", true)]
    [InlineData("identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|SS|2345", false)]
    public void Tokens(string search, bool matches) => Assert.Equal(matches, Matches("Patient", search, Read(
        """
        {"resourceType":"Patient","id":"1","active":true,"gender":"male","identifier":[{"system":"http://acme.org/patient","value":"2345",
         "type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]}}]}
        """)));

    [Theory]
    // search.html#token, :text searches as strings are searched; R5's :code-text by the beginning of the code
    [InlineData("code:text=head", true)]
    [InlineData("code:text=Kopf", true)]
    [InlineData("code:text=ache", false)]
    [InlineData("code:text=headache of", true)]
    [InlineData("code:text=side", true)]
    [InlineData("code:text=2571", false)]
    [InlineData("code:text=nothing,kopf", true)]
    [InlineData("identifier:text=acc", true)]
    [InlineData("identifier:text=A-17", false)]
    [InlineData("code:code-text=2571", true)]
    [InlineData("code:code-text=2a", true)]
    [InlineData("code:code-text=7", false)]
    public void Texts_of_tokens(string search, bool matches) => Assert.Equal(matches, Matches("Condition", search, Read(
        """
        {"resourceType":"Condition","id":"1","subject":{"reference":"Patient/1"},"identifier":[{"type":{"text":"Accession"},"value":"A-17"}],
         "code":{"coding":[{"system":"http://s","code":"25710","display":"Headache of the left side"},{"code":"2A"}],"text":"Kopfschmerz"}}
        """)));

    [Theory]
    // search.html#uri
    [InlineData("url=http://acme.org/fhir/ValueSet/123", true)]
    [InlineData("url=http://acme.org/fhir/ValueSet", false)]
    [InlineData("url:below=http://acme.org/fhir/", true)]
    [InlineData("url:below=http://acme.org/fhi", false)]
    [InlineData("url:above=http://acme.org/fhir/ValueSet/123/_history/5", true)]
    [InlineData("url:above=http://acme.org/fhir/ValueSet/1234", false)]
    public void Uris(string search, bool matches) => Assert.Equal(
        matches,
        Matches("ValueSet", search, Read("""{"resourceType":"ValueSet","id":"1","status":"draft","url":"http://acme.org/fhir/ValueSet/123"}""")));

    [Theory]
    // search.html#reference, #chaining and #has
    [InlineData("Observation", "subject=Patient/23", true)]
    [InlineData("Observation", "subject=23", true)]
    [InlineData("Observation", "subject:Patient=23", true)]
    [InlineData("Observation", "subject=http://here/fhir/Patient/23", true)]
    [InlineData("Observation", "subject=http://there/fhir/Patient/23", false)]
    [InlineData("Observation", "subject:Group=23", false)]
    [InlineData("Observation", "patient=23", true)]
    [InlineData("Observation", "subject:Patient.name=peter", true)]
    [InlineData("Observation", "subject.name=peter", true)]
    [InlineData("Observation", "subject:Patient.name=paul", false)]
    [InlineData("Observation", "patient.general-practitioner.name=joe", true)]
    [InlineData("Patient", "_has:Observation:patient:code=1234-5", true)]
    [InlineData("Patient", "_has:Observation:patient:code=9999-9", false)]
    [InlineData("Practitioner", "_has:Patient:general-practitioner:_has:Observation:patient:status=final", true)]
    public void References_chains_and_has(string type, string search, bool matches)
    {
        Resource[] resources =
        [
            Read("""{"resourceType":"Practitioner","id":"p","name":[{"family":"Joe"}]}"""),
            Read("""{"resourceType":"Patient","id":"23","name":[{"given":["Peter"]}],"generalPractitioner":[{"reference":"Practitioner/p"}]}"""),
            Observation("\"subject\":{\"reference\":\"Patient/23\"}"),
        ];
        Assert.Equal(matches, !new SearchMatcher(Release.R4, "http://here/fhir", resources).Search(Parse(type, search)).IsEmpty);
    }

    [Theory]
    // search.html#combining and #composite
    [InlineData("Observation", "component-code-value-quantity=http://loinc.org|8480-6$gt100", true)]
    [InlineData("Observation", "component-code-value-quantity=http://loinc.org|8480-6$lt100", false)]
    [InlineData("Observation", "component-code-value-quantity=http://loinc.org|8462-4$lt100", true)]
    [InlineData("Observation", "component-code=8480-6&component-value-quantity=lt100", true)]
    [InlineData("Observation", "combo-code=8480-6", true)]
    [InlineData("Observation", "component-code=8480-6,none", true)]
    [InlineData("Observation", "component-code=8480-6&component-code=none", false)]
    public void Composites(string type, string search, bool matches) => Assert.Equal(matches, Matches(type, search, Observation(
        """
        "component":[
          {"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":120}},
          {"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"valueQuantity":{"value":80}}]
        """)));

    private static bool Matches(string type, string search, Resource resource) =>
        !new SearchMatcher(Release.R4, "http://here/fhir", [resource]).Search(Parse(type, search)).IsEmpty;

    private static SearchQuery Parse(string type, string query) => new SearchParser(Context).Parse(
        Release.R4.FindResourceType(type)!,
        [.. query.Split('&').Select(pair => new QueryParameter(pair[..pair.IndexOf('=')], pair[(pair.IndexOf('=') + 1)..]))]).Value;

    private static Resource Observation(string content) => Read(
        $$$"""{"resourceType":"Observation","id":"1","status":"final","code":{"coding":[{"code":"1234-5"}]},{{{content}}}}""");

    private static Resource Read(string json) =>
        ResourceJsonReader.Read(Encoding.UTF8.GetBytes(json), Release.R4).Resource ?? throw new ArgumentException(json);
}

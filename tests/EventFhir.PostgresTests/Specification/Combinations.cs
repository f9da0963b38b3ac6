using Xunit;

namespace EventFhir.PostgresTests.Specification;

/// <summary>The tables and examples of R4 search.html#combining: and, or, composites.</summary>
public sealed class Combinations(Shelf shelf) : IClassFixture<Shelf>
{
    private static readonly string[] Resources =
    [
        Patient("fr", "FR"), Patient("nl", "NL"), Patient("frnl", "FR", "NL"), Patient("fren", "FR", "EN"), Patient("en", "EN"),
        """
        {"resourceType":"Observation","id":"high","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"2823-3"}]},
         "valueQuantity":{"value":5.8,"unit":"mmol/L","system":"http://unitsofmeasure.org","code":"mmol/L"}}
        """,
        """
        {"resourceType":"Observation","id":"normal","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"2823-3"}]},
         "valueQuantity":{"value":4.8,"unit":"mmol/L","system":"http://unitsofmeasure.org","code":"mmol/L"}}
        """,
        """
        {"resourceType":"Observation","id":"sodium","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"2951-2"}]},
         "valueQuantity":{"value":140,"unit":"mmol/L","system":"http://unitsofmeasure.org","code":"mmol/L"}}
        """,
        Pressure("low", 55, 40), Pressure("well", 120, 50),
        """{"resourceType":"DiagnosticReport","id":"alarming","status":"final","code":{"text":"x"},"result":[{"reference":"Observation/normal"},{"reference":"Observation/high"}]}""",
        """{"resourceType":"DiagnosticReport","id":"fine","status":"final","code":{"text":"x"},"result":[{"reference":"Observation/normal"},{"reference":"Observation/sodium"}]}""",
        Group("mixed", ("gender", "mixed")), Group("eves", ("owner", "Eve")), Group("crossed", ("owner", "mixed"), ("gender", "Eve")),
        """
        {"resourceType":"Questionnaire","id":"focused","status":"draft","useContext":[{"code":{"code":"focus"},"valueCodeableConcept":{"coding":[{"system":"http://snomed.info/sct","code":"408934002"}]}}]}
        """,
        """
        {"resourceType":"Questionnaire","id":"unfocused","status":"draft","useContext":[{"code":{"code":"task"},"valueCodeableConcept":{"coding":[{"system":"http://snomed.info/sct","code":"408934002"}]}},
         {"code":{"code":"focus"},"valueCodeableConcept":{"coding":[{"system":"http://snomed.info/sct","code":"1"}]}}]}
        """,
    ];

    [Theory]
    [InlineData("Patient", "language=FR&language=NL", "frnl")]
    [InlineData("Patient", "language=FR,NL", "fr nl frnl fren")]
    [InlineData("Patient", "language=FR,NL&language=EN", "fren")]
    [InlineData("DiagnosticReport", "result.code-value-quantity=http://loinc.org|2823-3$gt5.4|http://unitsofmeasure.org|mmol/L", "alarming")]
    [InlineData("Observation", "component-code-value-quantity=http://loinc.org|8480-6$lt60", "low")]
    [InlineData("Group", "characteristic-value=gender$mixed", "mixed")]
    [InlineData("Group", "characteristic-value=gender$mixed,owner$Eve", "mixed eves")]
    [InlineData("Questionnaire", "context-type-value=focus$http://snomed.info/sct|408934002", "focused")]
    public async Task Are_found_as_the_page_says(string type, string query, string expected)
    {
        await shelf.HoldsAsync(Resources);
        await shelf.FindsAsync(type, query, expected);
    }

    [Fact]
    public void Composites_take_no_modifiers() => Shelf.IsRefused("Group", "characteristic-value:not=gender$mixed");

    private static string Patient(string id, params string[] languages) =>
        $$"""{"resourceType":"Patient","id":"{{id}}","communication":[{{string.Join(',', languages.Select(language => $$$"""{"language":{"coding":[{"code":"{{{language}}}"}]}}"""))}}]}""";

    private static string Pressure(string id, int systolic, int diastolic) =>
        $$$$"""
        {"resourceType":"Observation","id":"{{{{id}}}}","status":"final","code":{"text":"Blood pressure"},"component":[
         {"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":{{{{systolic}}}},"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}},
         {"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"valueQuantity":{"value":{{{{diastolic}}}},"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}]}
        """;

    private static string Group(string id, params (string Code, string Value)[] characteristics) =>
        $$"""
        {"resourceType":"Group","id":"{{id}}","type":"person","actual":false,"characteristic":[{{string.Join(',', characteristics.Select(each =>
            $$$"""{"code":{"coding":[{"code":"{{{each.Code}}}"}]},"valueCodeableConcept":{"coding":[{"code":"{{{each.Value}}}"}]},"exclude":false}"""))}}]}
        """;
}

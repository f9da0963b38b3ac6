using Xunit;

namespace EventFhir.PostgresTests.Specification;

/// <summary>The table of R4 search.html#quantity.</summary>
public sealed class Quantities(Shelf shelf) : IClassFixture<Shelf>
{
    private static readonly (string Id, string Value)[] Values =
    [
        ("mg5.4", Ucum("5.4", "mg")), ("mg5.35", Ucum("5.35", "mg")), ("mg5.449", Ucum("5.449", "mg")), ("mg5.45", Ucum("5.45", "mg")), ("mg5.3", Ucum("5.3", "mg")), ("mg5.9", Ucum("5.9", "mg")), ("mg6", Ucum("6", "mg")),
        ("g0.0054", Ucum("0.0054", "g")), ("g5.4", Ucum("5.4", "g")), ("ug", Ucum("5400", "ug")), ("unit", """{"value":5.4,"unit":"mg"}"""), ("code", """{"value":5.4,"system":"http://acme.org/units","code":"mg"}"""), ("bare", """{"value":5.4}"""),
        ("rate", Ucum("23", "mm/h")),
    ];

    [Theory]
    [InlineData("5.4|http://unitsofmeasure.org|mg", "mg5.4 mg5.35 mg5.449 g0.0054 ug")]
    [InlineData("5.40e-3|http://unitsofmeasure.org|g", "mg5.4 g0.0054 ug")]
    [InlineData("5.4||mg", "mg5.4 mg5.35 mg5.449 unit code")]
    [InlineData("5.4", "mg5.4 mg5.35 mg5.449 g5.4 unit code bare")]
    [InlineData("le5.4|http://unitsofmeasure.org|mg", "mg5.4 mg5.35 mg5.3 g0.0054 ug")]
    [InlineData("ap5.4|http://unitsofmeasure.org|mg", "mg5.4 mg5.35 mg5.449 mg5.45 mg5.3 mg5.9 g0.0054 ug")]
    [InlineData("0.023|http://unitsofmeasure.org|m/h", "rate")]
    [InlineData("gt5.4|http://unitsofmeasure.org|mg", "mg5.449 mg5.45 mg5.9 mg6 g5.4")]
    [InlineData("5.4|http://acme.org/units|mg", "code")]
    public async Task Are_found_as_the_table_says(string value, string expected)
    {
        await shelf.HoldsAsync(Values.Select(each => $$$"""{"resourceType":"Observation","id":"{{{each.Id}}}","status":"final","code":{"text":"x"},"valueQuantity":{{{each.Value}}}}"""));
        await shelf.FindsAsync("Observation", $"value-quantity={value}", expected);
    }

    private static string Ucum(string value, string code) => $$"""{"value":{{value}},"unit":"{{code}}","system":"http://unitsofmeasure.org","code":"{{code}}"}""";
}

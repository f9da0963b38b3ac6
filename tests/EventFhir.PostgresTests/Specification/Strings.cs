using Xunit;

namespace EventFhir.PostgresTests.Specification;

/// <summary>The table of R4 search.html#string, and what the text around it says.</summary>
public sealed class Strings(Shelf shelf) : IClassFixture<Shelf>
{
    [Theory]
    [InlineData("given=eve", "Eve eve EVE Evelyn")]
    [InlineData("given:contains=eve", "Eve eve EVE Evelyn Severine")]
    [InlineData("given:exact=Eve", "Eve")]
    [InlineData("given=NOEL", "Noel")]
    [InlineData("given:exact=Noël", "Noel")]
    [InlineData("given:exact=Noel", "")]
    [InlineData("family=Carreno", "Spanish")]
    [InlineData("family=Quinones", "Spanish")]
    [InlineData("family=Carreno Quinones", "Spanish")]
    [InlineData("family=carreño  quiñones", "Spanish")]
    [InlineData("family=uinones", "")]
    [InlineData("name=eve", "Eve eve EVE Evelyn")]
    [InlineData("name=official", "")]
    [InlineData("address=12   main st", "Eve")]
    [InlineData("address=melbourne", "Eve")]
    [InlineData("address=home", "")]
    [InlineData("given=Eve,Severine", "Eve eve EVE Evelyn Severine")]
    [InlineData("family=OBrien", "Irish")]
    [InlineData("family=o'brien", "Irish")]
    [InlineData("family=o-brien garcia lopez", "")]
    [InlineData("family=obrien garcialopez", "Irish")]
    [InlineData("family=Garcia-Lopez", "Irish")]
    [InlineData("family=lopez", "Irish")]
    [InlineData("family:contains=iengarc", "")]
    [InlineData("family:contains=ien garc", "Irish")]
    [InlineData("family:contains=ALOP", "Irish")]
    [InlineData("family:exact=O'Brien García-Lopez (Jr.)", "Irish")]
    [InlineData("family:exact=OBrien García-Lopez (Jr.)", "")]
    [InlineData("family=jr", "Irish")]
    [InlineData("address=St. Mary's", "Irish")]
    [InlineData("address=st marys", "Irish")]
    [InlineData("_filter=family eq \"obrien garcia-lopez, jr\"", "Irish")]
    public async Task Are_found_as_the_table_says(string query, string expected)
    {
        string[] given = ["Eve", "eve", "EVE", "Evelyn", "Severine"];
        await shelf.HoldsAsync(
        [
            .. given.Select(name => $$$"""
                {"resourceType":"Patient","id":"{{{name}}}","name":[{"use":"official","given":["{{{name}}}"]}]{{{(name == "Eve" ? ",\"address\":[{\"use\":\"home\",\"line\":[\"12 Main St\"],\"city\":\"Melbourne\"}]" : "")}}}}
                """),
            """{"resourceType":"Patient","id":"Noel","name":[{"given":["Noël"]}]}""",
            """{"resourceType":"Patient","id":"Spanish","name":[{"family":"Carreno Quinones"}]}""",
            """{"resourceType":"Patient","id":"Irish","name":[{"family":"O'Brien García-Lopez (Jr.)"}],"address":[{"city":"St Mary's"}]}""",
        ]);
        await shelf.FindsAsync("Patient", query, expected);
    }
}

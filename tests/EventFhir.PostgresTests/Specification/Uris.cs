using Xunit;

namespace EventFhir.PostgresTests.Specification;

/// <summary>The examples of R4 search.html#uri.</summary>
public sealed class Uris(Shelf shelf) : IClassFixture<Shelf>
{
    private static readonly (string Id, string Url)[] Urls =
    [
        ("123", "http://acme.org/fhir/ValueSet/123"), ("124", "http://acme.org/fhir/ValueSet/124"), ("124comma", "http://acme.org/fhir/ValueSet/124,125"), ("base", "http://acme.org/fhir"),
        ("other", "http://acme.org/fhirs/ValueSet/123"), ("case", "http://acme.org/fhir/valueset/123"), ("oid", "urn:oid:1.2.3.4.5"), ("oidBelow", "urn:oid:1.2.3.4.5.6"),
    ];

    [Theory]
    [InlineData("url=http://acme.org/fhir/ValueSet/123", "123")]
    [InlineData("url:below=http://acme.org/fhir/", "123 124 124comma base case v1 v2")]
    [InlineData("url:above=http://acme.org/fhir/ValueSet/123/_history/5", "123 base")]
    [InlineData("url=urn:oid:1.2.3.4.5", "oid")]
    [InlineData("url:below=urn:oid:1.2.3.4.5", "oid")]
    [InlineData(@"url=http://acme.org/fhir/ValueSet/123,http://acme.org/fhir/ValueSet/124\,125", "123 124comma")]
    [InlineData("url=http%3A%2F%2Facme.org%2Ffhir%2FValueSet%2F123%2Chttp%3A%2F%2Facme.org%2Ffhir%2FValueSet%2F124%5C%2C125", "123 124comma")]
    [InlineData("url=http://acme.org/fhir/ValueSet/123,http://acme.org/fhir/ValueSet/124,125", "123 124")]
    [InlineData("url=http://acme.org/fhir/ValueSet/123,http://acme.org/fhir/ValueSet/124%2C125", "123 124")]
    [InlineData("url=http://acme.org/fhir/Versioned|1.0-Beta", "v1")]
    [InlineData("url=http://acme.org/fhir/Versioned|1.0-BETA,http://acme.org/fhir/ValueSet/123", "123 v1")]
    [InlineData("url=http://acme.org/fhir/Versioned", "v1 v2")]
    [InlineData("url=http://acme.org/fhir/Versioned|3", "")]
    [InlineData("url=http://acme.org/fhir/ValueSet/123|1", "")]
    [InlineData("_filter=url eq http://acme.org/fhir/Versioned|2", "v2")]
    public async Task Are_found_as_the_page_says(string query, string expected)
    {
        await shelf.HoldsAsync(
        [
            .. Urls.Select(each => $$"""{"resourceType":"ValueSet","id":"{{each.Id}}","status":"draft","url":"{{each.Url}}"}"""),
            """{"resourceType":"ValueSet","id":"v1","status":"draft","url":"http://acme.org/fhir/Versioned","version":"1.0-beta"}""",
            """{"resourceType":"ValueSet","id":"v2","status":"draft","url":"http://acme.org/fhir/Versioned","version":"2"}""",
        ]);
        await shelf.FindsAsync("ValueSet", query, expected);
    }
}

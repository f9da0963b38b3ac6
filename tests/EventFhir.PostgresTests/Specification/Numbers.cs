using Xunit;

namespace EventFhir.PostgresTests.Specification;

/// <summary>The tables of R4 search.html#number and, for numbers, #prefix.</summary>
public sealed class Numbers(Shelf shelf) : IClassFixture<Shelf>
{
    private static readonly string[] Values = ["0.7", "94.9", "95", "99.4", "99.5", "99.994", "99.995", "100", "100.004", "100.005", "100.4", "100.5", "104.9", "105", "111"];

    [Theory]
    [InlineData("100", "99.5 99.994 99.995 100 100.004 100.005 100.4")]
    [InlineData("100.00", "99.995 100 100.004")]
    [InlineData("1e2", "95 99.4 99.5 99.994 99.995 100 100.004 100.005 100.4 100.5 104.9")]
    [InlineData("lt100", "0.7 94.9 95 99.4 99.5 99.994 99.995")]
    [InlineData("le100", "0.7 94.9 95 99.4 99.5 99.994 99.995 100")]
    [InlineData("gt100", "100.004 100.005 100.4 100.5 104.9 105 111")]
    [InlineData("ge100", "100 100.004 100.005 100.4 100.5 104.9 105 111")]
    [InlineData("ne100", "0.7 94.9 95 99.4 100.5 104.9 105 111")]
    [InlineData("ap100", "94.9 95 99.4 99.5 99.994 99.995 100 100.004 100.005 100.4 100.5 104.9 105")]
    [InlineData("sa100", "100.004 100.005 100.4 100.5 104.9 105 111")]
    [InlineData("eb100", "0.7 94.9 95 99.4 99.5 99.994 99.995")]
    [InlineData("le0.8", "0.7")]
    [InlineData("le8e-1", "0.7")]
    [InlineData("ge99.4&probability=lt99.995", "99.4 99.5 99.994")]
    public async Task Are_found_as_the_table_says(string value, string expected)
    {
        await shelf.HoldsAsync(Values.Select(number => $$$"""
            {"resourceType":"RiskAssessment","id":"{{{number}}}","status":"final","subject":{"reference":"Patient/p"},"prediction":[{"probabilityDecimal":{{{number}}}}]}
            """));
        await shelf.FindsAsync("RiskAssessment", $"probability={value}", expected);
    }
}

using Xunit;

namespace EventFhir.PostgresTests.Specification;

/// <summary>The tables of R4 search.html#date and, for periods, #prefix.</summary>
public sealed class Dates(Shelf shelf) : IClassFixture<Shelf>
{
    private static readonly (string Id, string Value)[] Values =
    [
        ("14T00", "'2013-01-14T00:00:00Z'"), ("14T10", "'2013-01-14T10:00:00Z'"), ("15T00", "'2013-01-15T00:00:00Z'"), ("14", "'2013-01-14'"),
        ("from21jan", "{'start':'2013-01-21'}"), ("from15mar", "{'start':'2013-03-15'}"), ("until21jan", "{'end':'2013-01-21'}"),
        ("mar14", "'2013-03-14'"), ("jan21", "'2013-01-21'"), ("jun2015", "'2015-06-15'"),
        ("first", "'2000-01-01T00:00:00Z'"), ("last", "'2000-12-31T23:59:59.999Z'"), ("before", "'1999-12-31T23:59:59Z'"), ("after", "'2001-01-01T00:00:00Z'"),
        ("april", "'2000-04'"), ("4april", "'2000-04-04'"), ("4aprilNoon", "'2000-04-04T12:00:00Z'"), ("5april", "'2000-04-05T00:00:00Z'"),
        ("zone", "'2000-04-05T01:00:00+02:00'"), ("procedure", "{'start':'2010-05-01','end':'2010-05-02'}"),
        ("inside", "{'start':'2020-03-10','end':'2020-03-20'}"), ("equal", "{'start':'2020-03-01','end':'2020-03-31'}"),
        ("left", "{'start':'2020-02-15','end':'2020-03-15'}"), ("right", "{'start':'2020-03-15','end':'2020-04-15'}"),
        ("around", "{'start':'2020-02-01','end':'2020-04-30'}"), ("below", "{'start':'2020-02-01','end':'2020-02-29'}"), ("above", "{'start':'2020-04-01','end':'2020-04-30'}"),
    ];

    [Theory]
    [InlineData("eq2013-01-14", "14T00 14T10 14", "15T00")]
    [InlineData("ne2013-01-14", "15T00", "14T00 14T10 14")]
    [InlineData("lt2013-01-14T10:00", "14", "14T10 15T00")]
    [InlineData("gt2013-01-14T10:00", "14", "14T00 14T10")]
    [InlineData("ge2013-03-14", "from21jan mar14", "until21jan jan21")]
    [InlineData("le2013-03-14", "from21jan mar14 until21jan", "from15mar")]
    [InlineData("sa2013-03-14", "from15mar", "from21jan until21jan mar14")]
    [InlineData("eb2013-03-14", "until21jan", "from15mar from21jan mar14")]
    [InlineData("ap2013-03-14", "mar14", "jun2015 first")]
    public async Task Are_found_as_the_table_says(string value, string included, string notIncluded)
    {
        var found = await FindAsync(value);
        Assert.Equal(included.Split(' ').Order(StringComparer.Ordinal), found.Intersect(included.Split(' ')).Order(StringComparer.Ordinal));
        Assert.Empty(found.Intersect(notIncluded.Split(' ')));
    }

    [Theory]
    [InlineData("2000", "first last april 4april 4aprilNoon 5april zone")]
    [InlineData("2000-04", "april 4april 4aprilNoon 5april zone")]
    [InlineData("2000-04-04", "4april 4aprilNoon zone")]
    [InlineData("2000-04-04T12:00", "4aprilNoon")]
    [InlineData("2000-04-04T23:00:00Z", "zone")]
    [InlineData("2000-04-05T01:00:00%2B02:00", "zone")]
    [InlineData("2000-04-05T01:00:00+02:00", "zone")]
    [InlineData("ge2010-01-01&date=le2011-12-31", "procedure until21jan")]
    public async Task Stand_for_an_interval_that_their_precision_tells(string value, string expected)
    {
        var found = await FindAsync(value);
        Assert.Equal(expected.Split(' ').Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Without_an_end_reach_beyond_any_date()
    {
        Assert.Equal(["until21jan"], await FindAsync("lt0002"));
        Assert.Equal(["from15mar", "from21jan"], await FindAsync("gt9990"));
    }

    /// <summary>The value of the search is March 2020; the definitions of the prefixes are about what it shares with the range of the resource.</summary>
    [Theory]
    [InlineData("eq", "inside equal")]
    [InlineData("ne", "left right around below above")]
    [InlineData("gt", "right around above")]
    [InlineData("lt", "left around below")]
    [InlineData("ge", "inside equal right around above")]
    [InlineData("le", "inside equal left around below")]
    [InlineData("sa", "above")]
    [InlineData("eb", "below")]
    [InlineData("ap", "inside equal left right around below above")]
    public async Task Are_compared_as_ranges(string prefix, string expected)
    {
        var found = await FindAsync($"{prefix}2020-03&date=sa2020-01&date=eb2020-06");
        Assert.Equal(expected.Split(' ').Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }

    private async Task<IEnumerable<string>> FindAsync(string value)
    {
        await shelf.HoldsAsync(Values.Select(each => $$$"""
            {"resourceType":"Observation","id":"{{{each.Id}}}","status":"final","code":{"text":"x"},"effective{{{(each.Value[0] == '{' ? "Period" : "DateTime")}}}":{{{each.Value.Replace('\'', '"')}}}}
            """));
        return await shelf.IdsAsync("Observation", $"date={value}");
    }
}

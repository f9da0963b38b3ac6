using EventFhir.Postgres.Search;

using Xunit;

namespace EventFhir.PostgresTests.Search;

/// <summary>Which share of the dates lies in a time, as the bounds and the common dates of the statistics tell.</summary>
public sealed class SpreadingOfDates
{
    private const double Ever = double.PositiveInfinity;

    /// <summary>Half of all lie between 0 and 40, a quarter is at 100, a quarter has no date.</summary>
    private static readonly DateSpread Spread = new([0, 10, 20, 30, 40], [100], [0.25f], MissingShare: 0.25f);

    [Theory]
    [InlineData(0, 40, 0.5)]
    [InlineData(10, 20, 0.125)]
    [InlineData(15, 20, 0.0625)]
    [InlineData(-50, 0, 0)]
    [InlineData(30, Ever, 0.375)]
    [InlineData(100, 101, 0.25)]
    [InlineData(101, Ever, 0)]
    [InlineData(-Ever, Ever, 0.75)]
    [InlineData(20, 10, 0)]
    public void A_time_has_its_share(double from, double to, double share) => Assert.Equal(share, Spread.Between(from, to), 6);

    [Fact]
    public void Dates_without_an_end_are_dates()
    {
        var open = new DateSpread([-Ever, 10, Ever], [], [], MissingShare: 0);
        Assert.Equal(0.5, open.Between(10, Ever), 6);
        Assert.Equal(0.25, open.Between(5, 10), 6);
    }

    [Fact]
    public void Without_bounds_only_what_is_common_counts() =>
        Assert.Equal(0.25, new DateSpread([], [7], [0.25f], MissingShare: 0.75f).Between(0, 10), 6);
}

using EventFhir.Core.Search.Indexing;

using Xunit;

namespace EventFhir.UnitTests.Search;

public sealed class DateIntervals
{
    [Theory]
    [InlineData("2012", "2012-01-01T00:00:00.000000Z", "2013-01-01T00:00:00.000000Z")]
    [InlineData("2012-02", "2012-02-01T00:00:00.000000Z", "2012-03-01T00:00:00.000000Z")]
    [InlineData("2012-12", "2012-12-01T00:00:00.000000Z", "2013-01-01T00:00:00.000000Z")]
    [InlineData("2012-02-29", "2012-02-29T00:00:00.000000Z", "2012-03-01T00:00:00.000000Z")]
    [InlineData("2012-02-29T10:15", "2012-02-29T10:15:00.000000Z", "2012-02-29T10:16:00.000000Z")]
    [InlineData("2012-02-29T10:15:30Z", "2012-02-29T10:15:30.000000Z", "2012-02-29T10:15:31.000000Z")]
    [InlineData("2012-02-29T10:15:30+02:00", "2012-02-29T08:15:30.000000Z", "2012-02-29T08:15:31.000000Z")]
    [InlineData("2012-02-29T10:15:30.25-03:30", "2012-02-29T13:45:30.250000Z", "2012-02-29T13:45:30.260000Z")]
    [InlineData("2012-02-29T10:15:30.1234567Z", "2012-02-29T10:15:30.123456Z", "2012-02-29T10:15:30.123457Z")]
    [InlineData("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000Z", "2017-01-01T00:00:01.000000Z")]
    public void A_date_stands_for_the_time_of_its_precision(string text, string low, string high)
    {
        Assert.True(DateInterval.TryParse(text, out var interval));
        Assert.Equal((low, high), (Text(interval.Low), Text(interval.High)));
    }

    [Theory]
    [InlineData("9999")]
    [InlineData("9999-12-31")]
    [InlineData("9999-12-31T23:59:59-05:00")]
    public void What_ends_with_the_calendar_never_ends(string text)
    {
        Assert.True(DateInterval.TryParse(text, out var interval));
        Assert.Equal(DateTimeOffset.MaxValue, interval.High);
    }

    [Theory]
    [InlineData("")]
    [InlineData("12")]
    [InlineData("0000")]
    [InlineData("2012-13")]
    [InlineData("2012-02-30")]
    [InlineData("2012-1-1")]
    [InlineData("2012-01-01T")]
    [InlineData("2012-01-01T24:00:00Z")]
    [InlineData("2012-01-01T10:00:00.Z")]
    [InlineData("2012-01-01T10:00:00+15:00")]
    [InlineData("2012-01-01T10:00:00ZZ")]
    [InlineData("+012")]
    [InlineData("now")]
    public void What_is_no_date_is_refused(string text) => Assert.False(DateInterval.TryParse(text, out _));

    private static string Text(DateTimeOffset instant) =>
        instant.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", System.Globalization.CultureInfo.InvariantCulture);
}

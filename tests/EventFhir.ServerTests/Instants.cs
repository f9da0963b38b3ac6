using EventFhir.Server.Formats;

using Xunit;

namespace EventFhir.ServerTests;

/// <summary>Date-times in URLs: each stands for a period.</summary>
public sealed class Instants
{
    [Theory]
    [InlineData("2024", "2024-01-01T00:00:00.000Z", "2025-01-01T00:00:00.000Z")]
    [InlineData("2024-02", "2024-02-01T00:00:00.000Z", "2024-03-01T00:00:00.000Z")]
    [InlineData("2024-02-29", "2024-02-29T00:00:00.000Z", "2024-03-01T00:00:00.000Z")]
    [InlineData("2024-02-29T10:20Z", "2024-02-29T10:20:00.000Z", "2024-02-29T10:21:00.000Z")]
    [InlineData("2024-02-29T10:20:30", "2024-02-29T10:20:30.000Z", "2024-02-29T10:20:31.000Z")]
    [InlineData("2024-02-29T10:20:30+02:00", "2024-02-29T08:20:30.000Z", "2024-02-29T08:20:31.000Z")]
    [InlineData("2024-02-29T10:20:30 02:00", "2024-02-29T08:20:30.000Z", "2024-02-29T08:20:31.000Z")]
    [InlineData("2024-02-29T10:20:30.12Z", "2024-02-29T10:20:30.120Z", "2024-02-29T10:20:30.130Z")]
    public void A_date_time_is_a_period(string text, string low, string high)
    {
        Assert.True(FhirInstant.TryParsePeriod(text, out var from, out var to));
        Assert.Equal((low, high), (FhirInstant.Write(from), FhirInstant.Write(to)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("now")]
    [InlineData("2024-2")]
    [InlineData("2024-13-01")]
    [InlineData("2023-02-29")]
    [InlineData("2024-02-29T25:00Z")]
    public void Other_texts_are_not(string text) => Assert.False(FhirInstant.TryParsePeriod(text, out _, out _));
}

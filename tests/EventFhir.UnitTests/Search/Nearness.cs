using System.Globalization;
using System.Text;

using EventFhir.Core.Search;
using EventFhir.Model.Definitions;
using EventFhir.Model.Json;

using Xunit;

namespace EventFhir.UnitTests.Search;

/// <summary>R4 location.html#positional: near=latitude|longitude|distance|unit.</summary>
public sealed class Nearness
{
    private static readonly SearchContext Context =
        new(SearchDefinitions.R4, "http://here/fhir", new DateTimeOffset(2026, 11, 21, 0, 0, 0, TimeSpan.Zero), UnknownParameters.Refuse);

    [Theory]
    // Berlin and Paris are 877.5 km apart.
    [InlineData("52.52|13.405|876|km", 48.8566, 2.3522, false)]
    [InlineData("52.52|13.405|879|km", 48.8566, 2.3522, true)]
    [InlineData("52.52|13.405|879", 48.8566, 2.3522, true)]
    [InlineData("52.52|13.405|879000|m", 48.8566, 2.3522, true)]
    [InlineData("52.52|13.405|879|m", 48.8566, 2.3522, false)]
    [InlineData("52.52|13.405|546|mi", 48.8566, 2.3522, true)]
    [InlineData("52.52|13.405|544|[mi_i]", 48.8566, 2.3522, false)]
    // Without a distance: 50 km.
    [InlineData("52.52|13.405", 52.40, 13.05, true)]
    [InlineData("52.52|13.405", 52.40, 12.55, false)]
    [InlineData("52.52|13.405||", 52.40, 13.05, true)]
    [InlineData("52.52|13.405|0", 52.52, 13.405, true)]
    // A fifth of a degree of a great circle is 22.2 km, over the antimeridian and over the poles too.
    [InlineData("0|179.9|23", 0, -179.9, true)]
    [InlineData("0|-179.9|23", 0, 179.9, true)]
    [InlineData("0|179.9|22", 0, -179.9, false)]
    [InlineData("0|180|1", 0, -180, true)]
    [InlineData("89.9|0|23", 89.9, 180, true)]
    [InlineData("-89.9|90|23", -89.9, -90, true)]
    [InlineData("89.9|0|22", 89.9, 180, false)]
    [InlineData("90|0|1", 90, 77, true)]
    // Half of the way round is everywhere.
    [InlineData("10|20|20016", -10, -160, true)]
    [InlineData("10|20|19000", -10, -160, false)]
    [InlineData("10|20,48.8|2.3", 48.8566, 2.3522, true)]
    // What is no place on Earth is nowhere.
    [InlineData("0|0|30000", 91, 0, false)]
    [InlineData("0|0|30000", 0, 190, false)]
    public void A_place_is_near_within_the_distance(string near, double latitude, double longitude, bool matches) =>
        Assert.Equal(matches, Matches($"near={near}", latitude, longitude));

    [Fact]
    public void A_location_without_place_on_earth_has_no_value()
    {
        Assert.True(Matches("near:missing=true", 91, 0));
        Assert.True(Matches("near:missing=false", 90, 0));
    }

    [Fact]
    public void The_box_holds_the_whole_circle()
    {
        var random = new Random(7);
        for (var round = 0; round < 20_000; round++)
        {
            var centre = new GeoPosition(Math.Round((random.NextDouble() * 180) - 90, random.Next(3)), Math.Round((random.NextDouble() * 360) - 180, random.Next(3)));
            var circle = new GeoCircle(centre, Math.Pow(10, random.NextDouble() * 7.4));
            var (north, east) = (random.NextDouble() * 180 - 90, random.NextDouble() * 360 - 180);
            // Half of the places lie close by.
            var place = random.Next(2) == 0 ? new GeoPosition(north, east)
                : new GeoPosition(Math.Clamp(centre.Latitude + (north / 90), -90, 90), Math.IEEERemainder(centre.Longitude + (east / 90), 360));
            if (!circle.Contains(place)) continue;
            Assert.InRange(place.Latitude, circle.South, circle.North);
            Assert.True(circle.West <= circle.East
                ? circle.West <= place.Longitude && place.Longitude <= circle.East
                : circle.West <= place.Longitude || place.Longitude <= circle.East, $"{circle} {place}");
        }
    }

    private static bool Matches(string search, double latitude, double longitude)
    {
        var json = string.Create(CultureInfo.InvariantCulture,
            $$$"""{"resourceType":"Location","id":"1","position":{"latitude":{{{latitude}}},"longitude":{{{longitude}}}}}""");
        var location = ResourceJsonReader.Read(Encoding.UTF8.GetBytes(json), Release.R4).Resource!;
        var query = new SearchParser(Context).Parse(location.Type, [new(search[..search.IndexOf('=')], search[(search.IndexOf('=') + 1)..])]).Value;
        return !new SearchMatcher(Release.R4, "http://here/fhir", [location]).Search(query).IsEmpty;
    }
}

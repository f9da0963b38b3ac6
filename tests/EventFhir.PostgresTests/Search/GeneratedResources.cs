using System.Globalization;

using EventFhir.Model.Elements;

namespace EventFhir.PostgresTests.Search;

/// <summary>Resources with what the official examples hold too little of.</summary>
internal static class GeneratedResources
{
    /// <summary>Locations in a few towns, all over Earth, around the poles and beside the antimeridian.</summary>
    public static IEnumerable<Resource> Places()
    {
        var random = new Random(20261121);
        (double Latitude, double Longitude, double Spread)[] centres = [(52.5, 13.4, 1), (0, 180, 2), (-17, -179.5, 1), (90, 0, 3), (-88, 40, 2), (0, 0, 180)];
        for (var number = 0; number < 120; number++)
        {
            var centre = centres[number % centres.Length];
            var latitude = Math.Clamp(centre.Latitude + ((random.NextDouble() - 0.5) * centre.Spread), -90, 90);
            var longitude = Math.IEEERemainder(centre.Longitude + ((random.NextDouble() - 0.5) * centre.Spread * (Math.Abs(centre.Latitude) > 80 ? 120 : 2)), 360);
            yield return SearchFixture.Read(string.Create(CultureInfo.InvariantCulture,
                $$$"""{"resourceType":"Location","id":"place{{{number}}}","position":{"latitude":{{{latitude:0.0000}}},"longitude":{{{longitude:0.0000}}}}}"""));
        }
    }
}

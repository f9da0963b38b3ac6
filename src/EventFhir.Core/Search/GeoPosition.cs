using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Elements;

namespace EventFhir.Core.Search;

/// <summary>A place on Earth in degrees (WGS 84), as R4 Location.position has it.</summary>
/// <param name="Latitude">Within ±90.</param>
/// <param name="Longitude">Within ±180.</param>
public readonly record struct GeoPosition(double Latitude, double Longitude)
{
    public bool IsOnEarth => Math.Abs(Latitude) <= 90 && Math.Abs(Longitude) <= 180;

    /// <summary>False for what holds no latitude and longitude, and for numbers that name no place on Earth.</summary>
    internal static bool TryRead(Element element, out GeoPosition position)
    {
        position = default;
        if (!element.ValueOf("latitude").TryNumber(out var north) || !element.ValueOf("longitude").TryNumber(out var east)) return false;
        position = new GeoPosition((double)north, (double)east);
        return position.IsOnEarth;
    }
}

/// <summary>The places within a distance of a centre, as the crow flies (great circle on a sphere of Earth's mean radius).</summary>
public sealed record GeoCircle
{
    /// <summary>The mean radius of Earth by the International Union of Geodesy and Geophysics.</summary>
    public const double EarthRadiusMetres = 6_371_008.8;

    /// <summary>Wider than any error of rounding, narrower than a tenth of a millimetre on the ground.</summary>
    private const double MarginDegrees = 1e-9;

    /// <param name="metres">Not negative.</param>
    public GeoCircle(GeoPosition centre, double metres)
    {
        Centre = centre;
        var angle = metres / EarthRadiusMetres;
        HaversineMax = angle < Math.PI ? Math.Pow(Math.Sin(angle / 2), 2) : double.PositiveInfinity;
        var degrees = double.RadiansToDegrees(angle) + MarginDegrees;
        (South, North) = (Math.Max(centre.Latitude - degrees, -90), Math.Min(centre.Latitude + degrees, 90));
        // A circle around a pole crosses every meridian; one that misses it is widest nearer to the pole than its centre, as the sine rule says.
        var width = South <= -90 || North >= 90 ? 180
            : double.RadiansToDegrees(Math.Asin(Math.Min(1, Math.Sin(angle) / Math.Cos(double.DegreesToRadians(centre.Latitude))))) + MarginDegrees;
        (West, East) = (centre.Longitude - width, centre.Longitude + width);
        if (width >= 180) (West, East) = (-180, 180);
        else if (West < -180) West += 360;
        else if (East > 180) East -= 360;
    }

    public GeoPosition Centre { get; }

    /// <summary>The square of the sine of half the angle that the distance has at Earth's centre; the haversine of a place in the circle is not
    /// above it.</summary>
    public double HaversineMax { get; }

    /// <summary>The box around the circle, in degrees. West is greater than East where the box crosses the antimeridian.</summary>
    public double South { get; }
    public double North { get; }
    public double West { get; }
    public double East { get; }

    public bool Contains(GeoPosition place) => Haversine(place) <= HaversineMax;

    private double Haversine(GeoPosition place)
    {
        var north = Math.Sin(double.DegreesToRadians(place.Latitude - Centre.Latitude) / 2);
        var east = Math.Sin(double.DegreesToRadians(place.Longitude - Centre.Longitude) / 2);
        return (north * north)
            + (Math.Cos(double.DegreesToRadians(place.Latitude)) * Math.Cos(double.DegreesToRadians(Centre.Latitude)) * east * east);
    }
}

using EventFhir.Core.Search;
using EventFhir.Core.Search.Indexing;
using EventFhir.Postgres.Sql;

namespace EventFhir.Postgres.Search;

/// <summary>Positions within a circle: the box around it, which the indexes on the columns serve, and then the distance itself, as
/// <see cref="GeoCircle"/> computes it.</summary>
internal sealed class NearWriter(SqlBuilder sql)
{
    public void Write(TableNames tables, ParameterPlacement.Coordinates at, GeoCircle circle)
    {
        var (latitude, longitude) = (SqlWriter.Text($"x.{tables.Column(at.Latitude)}"), SqlWriter.Text($"x.{tables.Column(at.Longitude)}"));
        // "Not null" first, so that the whole is false rather than null where there is no position.
        sql.Append($"({latitude} is not null and {latitude} between {circle.South} and {circle.North} and ");
        if (circle.West <= circle.East) sql.Append($"{longitude} between {circle.West} and {circle.East}");
        else sql.Append($"({longitude} >= {circle.West} or {longitude} <= {circle.East})");
        sql.Append($" and power(sin(radians({latitude} - {circle.Centre.Latitude}) / 2), 2)");
        sql.Append($" + cos(radians({latitude})) * cos(radians({circle.Centre.Latitude}))");
        sql.Append($" * power(sin(radians({longitude} - {circle.Centre.Longitude}) / 2), 2) <= {circle.HaversineMax})");
    }
}

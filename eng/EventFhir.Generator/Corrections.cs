using System.Text.Json.Nodes;

namespace EventFhir.Generator;

/// <summary>
/// eng/definitions/corrections.json: where and why the curated model says something else than the package. A correction names one or more
/// releases, a file, the rows it is about (all properties of "where" are equal), and either "remove" or the properties to "set". One that finds no
/// row is an error, and so is one whose "was" does not hold any more: both mean that the specification has moved.
/// </summary>
internal sealed class Corrections(string json)
{
    private readonly List<JsonObject> corrections = [.. JsonNode.Parse(json)!.AsArray().Select(row => row!.AsObject())];

    public IEnumerable<JsonObject> Apply(string release, string file, IEnumerable<JsonObject> rows)
    {
        var result = rows.ToList();
        foreach (var correction in corrections)
        {
            if (!Concerns(correction, release) || (string?)correction["file"] != file) continue;
            if (correction["reason"] is null) throw new InvalidDataException($"A correction needs a reason: {correction.ToJsonString()}");
            var matches = result.FindAll(row => Holds(row, correction["where"]!.AsObject()));
            if (matches.Count == 0) throw new InvalidDataException($"A correction finds no row: {correction.ToJsonString()}");
            if (correction["remove"] is not null) result.RemoveAll(matches.Contains);
            else matches.ForEach(row => Change(row, correction));
        }
        return result;
    }

    /// <summary>"R4 R4B" is about both.</summary>
    private static bool Concerns(JsonObject correction, string release) => ((string?)correction["release"])?.Split(' ').Contains(release) is true;

    private static void Change(JsonObject row, JsonObject correction)
    {
        if (correction["was"] is JsonObject was && !Holds(row, was))
            throw new InvalidDataException($"The package no longer says what is corrected: {correction.ToJsonString()}, row {row.ToJsonString()}");
        foreach (var (name, value) in correction["set"]!.AsObject())
        {
            if (value is null) row.Remove(name);
            else row[name] = value.DeepClone();
        }
    }

    private static bool Holds(JsonObject row, JsonObject expected)
    {
        foreach (var (name, value) in expected)
            if (!JsonNode.DeepEquals(row[name], value)) return false;
        return true;
    }
}

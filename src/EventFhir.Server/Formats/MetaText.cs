using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

using EventFhir.Core.Bundles;

namespace EventFhir.Server.Formats;

/// <summary>
/// Profiles, tags and security labels in the text of a resource (R4 resource-operation-meta-add.html, -delete.html). They are sets: a label is
/// known by system and code, a profile by its URL.
/// </summary>
public static class MetaText
{
    private static readonly string[] Sets = ["profile", "security", "tag"];

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = OutcomeWriter.Relaxed.Encoder };

    /// <summary>The meta of a stored resource, which always has one.</summary>
    public static JsonObject Of(ReadOnlySpan<byte> resource) => JsonNode.Parse(resource[RangeIn(resource)])!.AsObject();

    /// <summary>The resource with another meta; all else is as it was, byte for byte.</summary>
    public static byte[] With(ReadOnlySpan<byte> resource, JsonObject meta)
    {
        var range = RangeIn(resource);
        return [.. resource[..range.Start], .. Encoding.UTF8.GetBytes(meta.ToJsonString(Relaxed)), .. resource[range.End..]];
    }

    /// <summary>A Parameters resource with the meta as "return".</summary>
    public static ReadOnlyMemory<byte> Returned(JsonObject meta) => Encoding.UTF8.GetBytes(new JsonObject
    {
        ["resourceType"] = "Parameters",
        ["parameter"] = new JsonArray(new JsonObject { ["name"] = "return", ["valueMeta"] = meta.DeepClone() }),
    }.ToJsonString(Relaxed));

    /// <summary>A Parameters resource with the labels as "return"; without a parameter if there are none, since a Meta cannot be empty.</summary>
    public static ReadOnlyMemory<byte> ReturnedLabels(JsonObject meta) =>
        meta.Count > 0 ? Returned(meta) : """{"resourceType":"Parameters"}"""u8.ToArray();

    /// <summary>The one parameter "meta" of a Parameters resource; null if there is none, or several.</summary>
    public static JsonObject? GivenIn(ReadOnlySpan<byte> parameters)
    {
        var given = (JsonNode.Parse(parameters)!["parameter"] as JsonArray)?.Where(parameter => (string?)parameter?["name"] == "meta").ToList();
        return given is [{ } only] ? only["valueMeta"] as JsonObject : null;
    }

    /// <summary>Changes the meta as the other one says.</summary>
    public static void Apply(JsonObject meta, MetaChange change, JsonObject by)
    {
        foreach (var name in Sets)
        {
            if (by[name] is not JsonArray labels) continue;
            foreach (var label in labels)
                if (label is not null) Apply(meta, name, change, label);
        }
    }

    private static void Apply(JsonObject meta, string name, MetaChange change, JsonNode label)
    {
        var set = meta[name] as JsonArray ?? [];
        // Ids and extensions of profiles stand in an array of their own, item by item.
        var companions = meta["_" + name] as JsonArray;
        var place = IndexOf(set, label);
        if (change is MetaChange.Add && place < 0)
        {
            set.Add(label.DeepClone());
            companions?.Add(null);
        }
        else if (change is MetaChange.Delete && place >= 0)
        {
            set.RemoveAt(place);
            companions?.RemoveAt(place);
        }
        if (set.Count == 0) meta.Remove(name);
        else if (set.Parent is null) meta[name] = set;
        if (companions is not null && companions.All(companion => companion is null)) meta.Remove("_" + name);
    }

    private static int IndexOf(JsonArray set, JsonNode label)
    {
        for (var place = 0; place < set.Count; place++)
            if (set[place] is { } item && IdentityOf(item) == IdentityOf(label)) return place;
        return -1;
    }

    private static (string? System, string? Code) IdentityOf(JsonNode label) =>
        label is JsonObject coding ? ((string?)coding["system"], (string?)coding["code"]) : ((string?)label, null);

    private static Range RangeIn(ReadOnlySpan<byte> resource)
    {
        var reader = new Utf8JsonReader(resource);
        reader.Read();
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var isMeta = reader.ValueTextEquals("meta"u8);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (isMeta) return start..(int)reader.BytesConsumed;
        }
        throw new InvalidDataException("A stored resource has no meta.");
    }
}

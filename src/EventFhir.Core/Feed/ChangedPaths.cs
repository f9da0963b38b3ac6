using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace EventFhir.Core.Feed;

/// <summary>
/// Which elements differ between two versions of a resource, as FHIRPath such as name[0].given[1]; items of lists are compared by place.
/// </summary>
public static class ChangedPaths
{
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 1_000 };

    /// <param name="before">UTF-8 JSON; empty for none.</param>
    /// <param name="after">UTF-8 JSON; empty for none.</param>
    /// <returns>In the order of the text; for a version that has no counterpart, its elements at the top.</returns>
    public static ImmutableArray<string> Between(ReadOnlyMemory<byte> before, ReadOnlyMemory<byte> after)
    {
        var paths = new List<string>();
        using var old = before.IsEmpty ? null : JsonDocument.Parse(before, Deep);
        using var current = after.IsEmpty ? null : JsonDocument.Parse(after, Deep);
        if (old is not null && current is not null) Compare(old.RootElement, current.RootElement, "", paths);
        else if ((old ?? current) is { } alone)
            foreach (var member in alone.RootElement.EnumerateObject())
                if (member.Name is not ("resourceType" or "id" or "meta")) paths.Add(member.Name);
        return [.. paths.Distinct(StringComparer.Ordinal)];
    }

    private static void Compare(JsonElement old, JsonElement current, string path, List<string> paths)
    {
        if (old.ValueKind != current.ValueKind)
        {
            paths.Add(path);
            return;
        }
        switch (current.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in current.EnumerateObject())
                {
                    // What the server sets differs each time.
                    if (path == "meta" && member.Name is "versionId" or "lastUpdated") continue;
                    var inner = Inner(path, member.Name);
                    if (!old.TryGetProperty(member.Name, out var was)) paths.Add(inner);
                    else Compare(was, member.Value, inner, paths);
                }
                foreach (var member in old.EnumerateObject())
                    if (!current.TryGetProperty(member.Name, out _)) paths.Add(Inner(path, member.Name));
                break;
            case JsonValueKind.Array:
                for (var place = 0; place < Math.Max(old.GetArrayLength(), current.GetArrayLength()); place++)
                {
                    var inner = string.Create(CultureInfo.InvariantCulture, $"{path}[{place}]");
                    if (place >= old.GetArrayLength() || place >= current.GetArrayLength()) paths.Add(inner);
                    else Compare(old[place], current[place], inner, paths);
                }
                break;
            default:
                // 1.0 and 1.00 are two decimals (R4 datatypes.html#decimal).
                if (old.GetRawText() != current.GetRawText()) paths.Add(path);
                break;
        }
    }

    /// <summary>What stands beside a primitive under "_name" belongs to the element (R4 json.html#primitive).</summary>
    private static string Inner(string path, string name)
    {
        var element = name.StartsWith('_') ? name[1..] : name;
        return path.Length == 0 ? element : $"{path}.{element}";
    }
}

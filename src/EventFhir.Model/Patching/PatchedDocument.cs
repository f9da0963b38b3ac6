namespace EventFhir.Model.Patching;

/// <summary>
/// JSON that operations of RFC 6902 change one after the other. Each returns what is wrong, or null; after a fault it is of no use.
/// </summary>
internal sealed class PatchedDocument(JsonPart root)
{
    public const string Missing = "There is nothing at this path.";

    /// <summary>What was put in so far: copies of copies grow fast.</summary>
    private long bytesAdded;

    public JsonPart Root { get; private set; } = root;

    public JsonPart? Find(JsonPointer path)
    {
        JsonPart? part = Root;
        foreach (var step in path.Steps)
        {
            part = part switch
            {
                JsonPart.Members members => members.Find(step),
                JsonPart.List list when JsonPointer.IndexOf(step) is { } index && index < list.Items.Count => list.Items[index],
                _ => null,
            };
            if (part is null) return null;
        }
        return part;
    }

    public string? Add(JsonPointer path, JsonPart value)
    {
        var (bytes, depth) = value.Measure();
        bytesAdded += bytes;
        if (bytesAdded > Limits.BodyBytesMax) return "The patch makes the resource too large.";
        if (path.Steps.Length + depth > Limits.DepthMax) return $"Objects and arrays would nest deeper than {Limits.DepthMax}.";
        if (path.IsRoot)
        {
            Root = value;
            return null;
        }
        switch (ParentOf(path))
        {
            case JsonPart.Members members:
                members.Set(path.Steps[^1], value);
                return null;
            case JsonPart.List list:
                if (path.Last.SequenceEqual("-"u8)) list.Items.Add(value);
                else if (JsonPointer.IndexOf(path.Last) is { } index && index <= list.Items.Count) list.Items.Insert(index, value);
                else return "There is no such place in the array.";
                return null;
            default:
                return Missing;
        }
    }

    public string? Remove(JsonPointer path, out JsonPart? removed)
    {
        removed = path.IsRoot ? null : Find(path);
        if (removed is null) return path.IsRoot ? "The whole cannot be removed." : Missing;
        if (ParentOf(path) is JsonPart.List list) list.Items.RemoveAt(JsonPointer.IndexOf(path.Last)!.Value);
        else ((JsonPart.Members)ParentOf(path)!).Remove(path.Last);
        return null;
    }

    public string? Replace(JsonPointer path, JsonPart value)
    {
        if (path.IsRoot) return Add(path, value);
        if (Find(path) is null) return Missing;
        if (ParentOf(path) is JsonPart.List) return Remove(path, out _) ?? Add(path, value);
        return Add(path, value);
    }

    public string? Move(JsonPointer from, JsonPointer path)
    {
        if (Find(from) is not { } moved) return Missing;
        if (from.Contains(path)) return from.Steps.Length == path.Steps.Length ? null : "Nothing can be moved into itself.";
        return Remove(from, out _) ?? Add(path, moved);
    }

    public string? Copy(JsonPointer from, JsonPointer path) => Find(from) is { } found ? Add(path, found.Copy()) : Missing;

    private JsonPart? ParentOf(JsonPointer path) => Find(new JsonPointer(path.Steps[..^1]));
}

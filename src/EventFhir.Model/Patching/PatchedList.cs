using System.Text;

using EventFhir.Model.Definitions;
using EventFhir.Model.Json;

namespace EventFhir.Model.Patching;

/// <summary>
/// The values of one JSON property with their companions (the property with "_" before it): at most one of an element that does not repeat, two
/// arrays of equal length of one that does.
/// </summary>
internal sealed class PatchedList
{
    private readonly JsonPart.Members owner;
    private readonly byte[] name;
    private readonly byte[] companionName;
    private readonly bool isRepeating;
    private readonly List<JsonPart?> values;
    private readonly List<JsonPart?> companions;

    public PatchedList(JsonPart.Members owner, string name, ElementDefinition definition)
    {
        (this.owner, isRepeating) = (owner, definition.IsRepeating);
        this.name = Encoding.UTF8.GetBytes(name);
        companionName = [(byte)'_', .. this.name];
        values = Read(this.name);
        companions = Read(companionName);
        while (values.Count < companions.Count) values.Add(null);
        while (companions.Count < values.Count) companions.Add(null);
    }

    public int Count => values.Count;
    public JsonPart? ValueAt(int index) => values[index];
    public JsonPart? CompanionAt(int index) => companions[index];

    public string? Insert(int index, JsonPart? value, JsonPart? companion)
    {
        values.Insert(index, value);
        companions.Insert(index, companion);
        Write();
        return null;
    }

    public string? Replace(int index, JsonPart? value, JsonPart? companion)
    {
        (values[index], companions[index]) = (value, companion);
        Write();
        return null;
    }

    public void RemoveAt(int index)
    {
        values.RemoveAt(index);
        companions.RemoveAt(index);
        Write();
    }

    public void Move(int source, int destination)
    {
        var (value, companion) = (values[source], companions[source]);
        values.RemoveAt(source);
        companions.RemoveAt(source);
        values.Insert(destination, value);
        companions.Insert(destination, companion);
        Write();
    }

    public void SetCompanion(int index, JsonPart companion)
    {
        companions[index] = companion;
        Write();
    }

    public void RemoveCompanion(int index)
    {
        companions[index] = null;
        Write();
    }

    private List<JsonPart?> Read(byte[] property) => owner.Find(property) switch
    {
        null => [],
        JsonPart.List list => [.. list.Items.Select(item => item is JsonPart.Scalar { Kind: JsonKind.Null } ? null : item)],
        var single => [single],
    };

    private void Write()
    {
        Write(name, values);
        Write(companionName, companions);
    }

    private void Write(byte[] property, List<JsonPart?> parts)
    {
        if (parts.TrueForAll(static part => part is null))
        {
            owner.Remove(property);
            return;
        }
        if (!isRepeating)
        {
            owner.Set(property, parts[0]!);
            return;
        }
        var list = new JsonPart.List();
        foreach (var part in parts) list.Items.Add(part ?? JsonPart.Scalar.Null);
        owner.Set(property, list);
    }
}

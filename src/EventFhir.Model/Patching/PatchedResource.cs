using System.Buffers;
using System.Text;

using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.Json;

namespace EventFhir.Model.Patching;

/// <summary>
/// A resource that one operation of a FHIRPath patch changes. Elements are found in the typed view and changed in the JSON, where a primitive is
/// two properties ("birthDate" and "_birthDate") and a list of primitives two arrays. Each change returns what is wrong, or null.
/// </summary>
internal sealed class PatchedResource(Resource resource)
{
    private readonly JsonPart.Members root = (JsonPart.Members)(JsonPart.Parse(resource.Json, out var fault)
        ?? throw new ArgumentException(fault, nameof(resource)));

    public Resource Resource => resource;

    public ReadOnlyMemory<byte> Write()
    {
        var target = new ArrayBufferWriter<byte>(resource.Json.Length + 256);
        root.Write(target);
        return target.WrittenMemory;
    }

    /// <summary>Puts a child behind those that the element has.</summary>
    public string? Add(Element owner, string name, PatchValue value)
    {
        if (IsKept(owner, name)) return Kept;
        var members = MembersOf(owner, CreateCompanion.Yes);
        return members is null ? "The element has no place for others." : PatchedMembers.Add(members, owner.Type, name, value);
    }

    public string? Replace(Element element, PatchValue value)
    {
        if (element.IsRoot) return "The resource as a whole is replaced by an update.";
        if (IsKept(element)) return Kept;
        var owner = MembersOf(element.Parent)!;
        var definition = element.Definition!;
        if (PatchedMembers.PropertyOf(definition, value) is not { } property) return "The element cannot have a value of this type.";
        if (PatchedMembers.Build(property, value, out var built, out var companion) is { } wrong) return wrong;
        var name = PropertyOf(element);
        if (property.Name == name) return new PatchedList(owner, name, definition).Replace(OrdinalOf(element), built, companion);
        // A choice that changes its type has another property.
        new PatchedList(owner, name, definition).RemoveAt(OrdinalOf(element));
        return new PatchedList(owner, property.Name, definition).Insert(0, built, companion);
    }

    public string? Delete(Element element)
    {
        if (element.IsRoot) return "The resource as a whole is deleted otherwise.";
        if (IsKept(element)) return Kept;
        DeleteAt(element);
        return null;
    }

    /// <param name="list">All items that the path leads to.</param>
    public string? Insert(List<Element> list, int index, PatchValue value)
    {
        if (ListOf(list, out var items) is { } wrong) return wrong;
        if (index > items!.Count) return "The list is not so long.";
        var definition = list[0].Definition!;
        if (PatchedMembers.PropertyOf(definition, value) is not { } property) return "The element cannot have a value of this type.";
        return PatchedMembers.Build(property, value, out var built, out var companion) ?? items.Insert(index, built, companion);
    }

    /// <param name="list">All items that the path leads to.</param>
    public string? Move(List<Element> list, int source, int destination)
    {
        if (ListOf(list, out var items) is { } wrong) return wrong;
        if (source >= items!.Count || destination >= items.Count) return "The list is not so long.";
        items.Move(source, destination);
        return null;
    }

    private const string Kept = "The id and the version of a resource cannot be patched.";

    private static bool IsKept(Element element) => !element.IsRoot && IsKept(element.Parent, element.Name);

    private static bool IsKept(Element owner, string name) =>
        (owner.IsRoot && name is "id") || (owner is { Name: "meta", Parent.IsRoot: true, IsRoot: false } && name is "versionId");

    private string? ListOf(List<Element> list, out PatchedList? items)
    {
        var first = list[0];
        items = null;
        if (first.IsRoot || first.Definition is not { IsRepeating: true } definition) return "The path does not lead to a list.";
        foreach (var element in list)
            if (element.Parent != first.Parent || element.Definition != definition) return "The path leads to more than one list.";
        items = new PatchedList(MembersOf(first.Parent)!, PropertyOf(first), definition);
        return items.Count == list.Count ? null : "The path leads to a part of a list; it has to lead to all of it.";
    }

    private void DeleteAt(Element element)
    {
        var owner = MembersOf(element.Parent)!;
        new PatchedList(owner, PropertyOf(element), element.Definition!).RemoveAt(OrdinalOf(element));
        // Nothing is empty in FHIR (R4 datatypes.html: ele-1), so what has lost all it had goes too.
        if (owner.Entries.Count > 0 || element.Parent is { IsRoot: true } parent) return;
        parent = element.Parent;
        if (!parent.Type.IsPrimitive || !parent.HasValue) DeleteAt(parent);
        else new PatchedList(MembersOf(parent.Parent)!, PropertyOf(parent), parent.Definition!).RemoveCompanion(OrdinalOf(parent));
    }

    private enum CreateCompanion { No, Yes }

    /// <summary>The object that holds the children of an element; null if a primitive has none.</summary>
    private JsonPart.Members? MembersOf(Element element, CreateCompanion create = CreateCompanion.No)
    {
        if (element.IsRoot) return root;
        var list = new PatchedList(MembersOf(element.Parent)!, PropertyOf(element), element.Definition!);
        var ordinal = OrdinalOf(element);
        if (!element.Type.IsPrimitive) return list.ValueAt(ordinal) as JsonPart.Members;
        if (list.CompanionAt(ordinal) is JsonPart.Members companion) return companion;
        if (create is CreateCompanion.No) return null;
        companion = new JsonPart.Members();
        list.SetCompanion(ordinal, companion);
        return companion;
    }

    private static int OrdinalOf(Element element) => element.Resource.Nodes[element.Index].Ordinal;

    private static string PropertyOf(Element element)
    {
        foreach (var property in element.Definition!.Properties)
            if (property.Type.Type == element.Type) return property.Name;
        return element.Definition.Properties[0].Name;
    }
}

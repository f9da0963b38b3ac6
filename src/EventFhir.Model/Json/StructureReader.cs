using System.Buffers;

using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.Validation;

namespace EventFhir.Model.Json;

/// <summary>
/// Builds the nodes of a resource while it checks them against the definitions. What is wrong becomes an issue and is skipped, and reading goes on,
/// so that one answer names many faults. Issues and pairing of "_name" properties are in the other parts.
/// </summary>
internal ref partial struct StructureReader
{
    private const int NodesAtStart = 256;

    private readonly ReadOnlySpan<byte> text;
    private readonly StructureRules rules;
    private JsonCursor cursor;
    private Node[] nodes;
    private int count;
    private byte[]? scratch;
    private List<Issue>? issues;

    /// <summary>How many resources enclose the place being read, the innermost included.</summary>
    private int resourceDepth;

    /// <summary>True within a contained resource, which must not contain others.</summary>
    private bool isContained;

    public StructureReader(ReadOnlySpan<byte> text, StructureRules rules, ResourcePlace place, int depthMax)
    {
        // An entry lies in a Bundle, even where it is read without it.
        resourceDepth = place is ResourcePlace.TransactionEntry ? 1 : 0;
        this.text = text;
        this.rules = rules;
        cursor = new JsonCursor(text, depthMax);
        nodes = ArrayPool<Node>.Shared.Rent(Math.Max(NodesAtStart, text.Length / 32));
    }

    public readonly ReadOnlySpan<Node> Nodes => nodes.AsSpan(0, count);

    /// <summary>Where the text was found not to be FHIR.</summary>
    public int RefusedAt { get; private set; }

    public void Dispose()
    {
        // The nodes refer to definitions, which live as long as the process, so the pool may keep them.
        ArrayPool<Node>.Shared.Return(nodes);
        if (scratch is not null) ArrayPool<byte>.Shared.Return(scratch);
    }

    /// <summary>Reads the whole text. Returns why it is not FHIR at all; null if it is.</summary>
    public string? ReadRoot()
    {
        var kind = cursor.ReadValue();
        if (kind is not JsonKind.Fault)
        {
            RefusedAt = cursor.Start;
            if (kind is not JsonKind.Object) return "A resource is a JSON object.";
            var type = ResourceTypeHere(out var fault);
            if (type is not null)
            {
                var root = Add(null, type, parent: 0, cursor.Start, length: 0, ordinal: 0, NodeFlags.None);
                ReadResourceContent(root, type);
            }
            else if (cursor.Fault is null)
            {
                return fault;
            }
        }
        cursor.ReadEnd();
        RefusedAt = cursor.FaultAt;
        return cursor.Fault;
    }

    /// <summary>Looks ahead from the opening brace for resourceType, which nearly always comes first.</summary>
    private TypeDefinition? ResourceTypeHere(out string? fault)
    {
        fault = "A resource must say its resourceType.";
        var ahead = cursor;
        var isFirst = true;
        while (ahead.NextMember(ref isFirst))
        {
            var isType = Plain(ahead).SequenceEqual("resourceType"u8);
            var kind = ahead.ReadValue();
            if (!isType)
            {
                ahead.Skip(kind);
                continue;
            }
            fault = "The resourceType is not the name of a resource type; case matters.";
            return kind is JsonKind.String && rules.Release.FindType(Plain(ahead)) is { IsResource: true, IsAbstract: false } type ? type : null;
        }
        if (ahead.Fault is not null) cursor = ahead;
        return null;
    }

    private void ReadResourceContent(int self, TypeDefinition type)
    {
        resourceDepth++;
        ReadObject(self, type);
        resourceDepth--;
    }

    /// <summary>Reads the members of an object whose opening brace has been read, and closes its node.</summary>
    private void ReadObject(int self, TypeDefinition type)
    {
        Span<Slot> slots = stackalloc Slot[type.Elements.Length];
        var summary = default(ObjectSummary);
        var isFirst = true;
        while (cursor.NextMember(ref isFirst))
        {
            var nameAt = cursor.Start;
            var name = Plain(cursor);
            if (type.IsResource && name.SequenceEqual("resourceType"u8))
            {
                if (summary.HasResourceType) Report(self, "structure", "The member resourceType is there twice.", nameAt);
                summary.HasResourceType = true;
                cursor.Skip(cursor.ReadValue());
                continue;
            }
            var isCompanion = name.Length > 0 && name[0] == '_';
            var property = type.FindProperty(isCompanion ? name[1..] : name);
            if (property is null || property.Element.Max == 0 || (isCompanion && !MayHaveCompanion(property)))
            {
                summary.HasUnknown = true;
                ReportUnknown(self, type, name, nameAt);
                cursor.Skip(cursor.ReadValue());
                continue;
            }
            ref var slot = ref slots[property.Element.Order];
            if (Claim(self, ref slot, property, isCompanion, nameAt)) ReadProperty(self, ref slot, property, isCompanion, ref summary);
            else cursor.Skip(cursor.ReadValue());
        }
        if (cursor.Fault is not null) return;
        if (summary.HasNulls || summary.HasCompanions) Pair(self, slots);
        nodes[self].End = count;
        nodes[self].Length = cursor.Position - nodes[self].Start;
        Close(self, type, slots, summary);
    }

    private static bool MayHaveCompanion(JsonProperty property) => property.Type.Type.IsPrimitive && !property.Element.IsXmlAttribute;

    /// <summary>Marks the element as seen. False if this member must not be there because of one before it.</summary>
    private bool Claim(int self, ref Slot slot, JsonProperty property, bool isCompanion, int nameAt)
    {
        var choice = property.Element.IsChoice ? (byte)(1 + property.Element.Properties.IndexOf(property)) : (byte)1;
        if (slot.Choice != 0 && slot.Choice != choice)
        {
            ReportAt(self, property.Element, "structure", "A choice element holds one type only; here are several.", nameAt);
            return false;
        }
        slot.Choice = choice;
        if (isCompanion ? slot.HasCompanion : slot.HasValue)
        {
            ReportAt(self, property.Element, "structure", "The member is there twice.", nameAt);
            return false;
        }
        if (isCompanion) slot.HasCompanion = true;
        else slot.HasValue = true;
        return true;
    }

    private void ReadProperty(int self, ref Slot slot, JsonProperty property, bool isCompanion, ref ObjectSummary summary)
    {
        var element = property.Element;
        var firstNode = count;
        var kind = cursor.ReadValue();
        var valueAt = cursor.Start;
        var items = 0;
        if (kind is JsonKind.Array && element.IsRepeating)
        {
            var isFirst = true;
            while (cursor.NextItem(ref isFirst))
            {
                kind = cursor.ReadValue();
                if (kind is JsonKind.Null && property.Type.Type.IsPrimitive)
                {
                    summary.HasNulls = true;
                    AddItem(self, property, items, isCompanion ? NodeFlags.IsCompanion : NodeFlags.None);
                }
                else
                {
                    ReadItem(self, property, items, kind, isCompanion);
                }
                items++;
            }
            if (items == 0 && cursor.Fault is null) ReportAt(self, element, "structure", "An array is never empty; leave the property out.", valueAt);
            else if (items > Limits.ContainedResourcesMax && IsContained(property))
                ReportAt(self, element, "too-costly", $"A resource may contain at most {Limits.ContainedResourcesMax} others here.", valueAt);
            else if (items > element.Max) ReportAt(self, element, "structure", $"There may be at most {element.Max} of these.", valueAt);
        }
        else if (kind is JsonKind.Array)
        {
            ReportAt(self, element, "structure", "This element does not repeat, so its value is no array.", valueAt);
            cursor.Skip(kind);
        }
        else
        {
            if (element.IsRepeating && kind is not JsonKind.Fault)
                ReportAt(self, element, "structure", "This element may repeat, so its value is an array, even of one item.", valueAt);
            ReadItem(self, property, ordinal: 0, kind, isCompanion);
            items = 1;
        }
        if (isCompanion)
        {
            (slot.FirstCompanion, slot.Companions) = (firstNode, count > firstNode ? items : 0);
            summary.HasCompanions |= slot.Companions > 0;
        }
        else
        {
            (slot.FirstValue, slot.Values) = (firstNode, count > firstNode ? items : 0);
        }
    }

    private void ReadItem(int self, JsonProperty property, int ordinal, JsonKind kind, bool isCompanion)
    {
        var type = property.Type.Type;
        if (isCompanion)
        {
            var isObject = kind is JsonKind.Object;
            var node = AddItem(self, property, ordinal, isObject ? NodeFlags.IsCompanion : NodeFlags.IsCompanion | NodeFlags.IsFaulty);
            if (isObject) ReadObject(node, type);
            else RefuseItem(node, kind, "The property with \"_\" before its name is an object with id or extension.");
        }
        else if (type.IsPrimitive)
        {
            ReadPrimitive(self, property, ordinal, kind);
        }
        else
        {
            var node = AddItem(self, property, ordinal, NodeFlags.None);
            if (kind is not JsonKind.Object) RefuseItem(node, kind, kind is JsonKind.Null ? NullFault : "The value of this element is an object.");
            else if (type.IsResource) ReadNestedResource(node, property);
            else ReadComplex(node, property);
        }
    }

    private void RefuseItem(int node, JsonKind kind, string diagnostics)
    {
        if (kind is JsonKind.Fault) return;
        Report(node, "structure", diagnostics, cursor.Start);
        cursor.Skip(kind);
    }

    private void ReadComplex(int node, JsonProperty property)
    {
        ReadObject(node, property.Type.Type);
        if (cursor.Fault is not null) return;
        if (RequiredCodes(property.Element) is { } codes) CheckBinding(node, codes);
        if (ReferenceEquals(property.Type.Type, rules.Reference)) CheckReference(node, property.Type);
    }

    private int AddItem(int self, JsonProperty property, int ordinal, NodeFlags flags) =>
        Add(property.Element, property.Type.Type, self, cursor.Start, 0, ordinal, property.Element.IsRepeating ? flags | NodeFlags.IsIndexed : flags);

    private int Add(ElementDefinition? definition, TypeDefinition type, int parent, int start, int length, int ordinal, NodeFlags flags)
    {
        if (count == nodes.Length) Grow();
        nodes[count] = new Node(definition, type, parent, count + 1, start, length, ordinal, flags);
        return count++;
    }

    private void Grow()
    {
        var grown = ArrayPool<Node>.Shared.Rent(nodes.Length * 2);
        nodes.AsSpan(0, count).CopyTo(grown);
        ArrayPool<Node>.Shared.Return(nodes);
        nodes = grown;
    }

    /// <summary>The string or name that the cursor has read last, without escapes. Valid until the next call.</summary>
    private ReadOnlySpan<byte> Plain(in JsonCursor at)
    {
        var raw = text.Slice(at.Start, at.Length);
        if (!at.IsEscaped) return raw;
        if (scratch is null || scratch.Length < raw.Length)
        {
            if (scratch is not null) ArrayPool<byte>.Shared.Return(scratch);
            scratch = ArrayPool<byte>.Shared.Rent(raw.Length);
        }
        return scratch.AsSpan(0, JsonEscape.Unescape(raw, scratch));
    }

    /// <summary>What an object has shown of one of its elements.</summary>
    private struct Slot
    {
        public int FirstValue;
        public int Values;
        public int FirstCompanion;
        public int Companions;
        public int CompanionsTaken;

        /// <summary>1 + the place of the type in the choice; 0 while the element has not been seen.</summary>
        public byte Choice;
        public bool HasValue;
        public bool HasCompanion;
    }

    private struct ObjectSummary
    {
        public bool HasResourceType;
        public bool HasUnknown;
        public bool HasNulls;
        public bool HasCompanions;
    }
}

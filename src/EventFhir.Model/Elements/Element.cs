using System.Globalization;
using System.Text;
using System.Text.Json;

using EventFhir.Model.Definitions;

namespace EventFhir.Model.Elements;

/// <summary>
/// A place in a <see cref="Elements.Resource"/>: one element with its definition, concrete type and value. A cheap value; copy it freely.
/// </summary>
public readonly struct Element : IEquatable<Element>
{
    internal Element(Resource resource, int index) => (Resource, Index) = (resource, index);

    public Resource Resource { get; }
    internal int Index { get; }
    private ref Node Node => ref Resource.Nodes[Index];

    /// <summary>What the parent's type says of this element; null for the root.</summary>
    public ElementDefinition? Definition => Node.Definition;

    /// <summary>The concrete type: Quantity for valueQuantity, the resource type for the root and for contained resources.</summary>
    public TypeDefinition Type => Node.Type;

    /// <summary>The FHIRPath name: "value" for valueQuantity; the type name for the root.</summary>
    public string Name => Node.Definition?.Name ?? Node.Type.Name;

    public bool IsRoot => Index == 0;

    /// <summary>The element this one belongs to; the root is its own parent.</summary>
    public Element Parent => new(Resource, Node.Parent);

    /// <summary>True for a primitive that has a value and not only an id or extensions.</summary>
    public bool HasValue => (Node.Flags & NodeFlags.HasValue) != 0;

    /// <summary>The JSON text of the value: without quotes and with its escapes; empty if there is no value.</summary>
    public ReadOnlySpan<byte> RawValue => Resource.Json.Span.Slice(Node.Start, HasValue ? Node.Length : 0);

    /// <summary>True if <see cref="RawValue"/> holds JSON escapes; <see cref="Text"/> resolves them.</summary>
    public bool IsEscaped => (Node.Flags & NodeFlags.IsEscaped) != 0;

    /// <summary>The value as text: a string without escapes, or the digits and letters of a number or boolean as they were sent.</summary>
    public string Text => IsEscaped ? Unescape(RawValue) : Encoding.UTF8.GetString(RawValue);

    public ElementChildren Children => new(Resource, Index + 1, Node.End, null);
    public bool HasChildren => Node.End > Index + 1;

    /// <summary>The children of this FHIRPath name, in order.</summary>
    public ElementChildren ChildrenNamed(string name) => new(Resource, Index + 1, Node.End, name);

    public Element? FirstChild(string name)
    {
        foreach (var child in ChildrenNamed(name)) return child;
        return null;
    }

    /// <summary>True if the value is exactly these bytes; a quick test for codes and URLs.</summary>
    public bool ValueEquals(ReadOnlySpan<byte> utf8) =>
        HasValue && (IsEscaped ? Text == Encoding.UTF8.GetString(utf8) : RawValue.SequenceEqual(utf8));

    /// <summary>The FHIRPath location: "Observation.component[1].value.unit". Elements that may repeat carry their index.</summary>
    public string Path
    {
        get
        {
            if (IsRoot) return Type.Name;
            var path = $"{Parent.Path}.{Name}";
            return (Node.Flags & NodeFlags.IsIndexed) != 0 ? path + "[" + Node.Ordinal.ToString(CultureInfo.InvariantCulture) + "]" : path;
        }
    }

    /// <summary>1-based line and column (in bytes) of the value in the JSON text.</summary>
    public (int Line, int Column) Position
    {
        get
        {
            var before = Resource.Json.Span[..Node.Start];
            return (before.Count((byte)'\n') + 1, before.Length - before.LastIndexOf((byte)'\n'));
        }
    }

    public bool Equals(Element other) => ReferenceEquals(Resource, other.Resource) && Index == other.Index;
    public override bool Equals(object? obj) => obj is Element other && Equals(other);
    public override int GetHashCode() => Index;
    public static bool operator ==(Element left, Element right) => left.Equals(right);
    public static bool operator !=(Element left, Element right) => !left.Equals(right);
    public override string ToString() => Path;

    private static string Unescape(ReadOnlySpan<byte> raw)
    {
        // The reader has already checked the escapes, so reading them again cannot fail.
        var quoted = new byte[raw.Length + 2];
        quoted[0] = quoted[^1] = (byte)'"';
        raw.CopyTo(quoted.AsSpan(1));
        var json = new Utf8JsonReader(quoted);
        json.Read();
        return json.GetString()!;
    }
}

/// <summary>The children of an element, all or those of one name; enumerates without allocation.</summary>
public readonly struct ElementChildren
{
    private readonly Resource resource;
    private readonly int start;
    private readonly int end;
    private readonly string? name;

    internal ElementChildren(Resource resource, int start, int end, string? name) =>
        (this.resource, this.start, this.end, this.name) = (resource, start, end, name);

    public Enumerator GetEnumerator() => new(resource, start, end, name);

    public struct Enumerator
    {
        private readonly Resource resource;
        private readonly string? name;
        private int end;
        private int next;
        private int current;

        internal Enumerator(Resource resource, int start, int end, string? name)
        {
            (this.resource, this.end, this.name) = (resource, end, name);
            (next, current) = (start, -1);
        }

        public readonly Element Current => new(resource, current);

        public bool MoveNext()
        {
            while (next < end)
            {
                current = next;
                ref var node = ref resource.Nodes[current];
                next = node.End;
                if (name is null) return true;
                // Names come from one table, so equal names are nearly always the same string. All elements of a name lie together.
                if (ReferenceEquals(name, node.Definition!.Name) || name == node.Definition.Name)
                {
                    end = node.NameEnd;
                    return true;
                }
                next = node.NameEnd;
            }
            return false;
        }
    }
}

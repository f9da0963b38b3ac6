using System.Collections.Immutable;

using EventFhir.Model.Validation;

namespace EventFhir.Model.Definitions;

/// <summary>One element of a type, as the snapshot of its StructureDefinition states it.</summary>
public sealed class ElementDefinition
{
    /// <summary>The value of <see cref="Max"/> that stands for "*".</summary>
    public const int Unbounded = int.MaxValue;

    internal ElementDefinition(TypeDefinition owner, string name, int min, int max) => (Owner, Name, Min, Max) = (owner, name, min, max);

    public TypeDefinition Owner { get; }

    /// <summary>The name in FHIRPath: "value" for value[x].</summary>
    public string Name { get; }

    public int Min { get; }
    public int Max { get; }
    public bool IsRepeating => Max > 1;

    /// <summary>True for value[x]: the JSON name carries the type.</summary>
    public bool IsChoice { get; internal set; }
    public bool IsSummary { get; internal set; }
    public bool IsModifier { get; internal set; }

    /// <summary>True for those that XML writes as an attribute: Element.id and Extension.url.</summary>
    public bool IsXmlAttribute { get; internal set; }

    /// <summary>True for a reference to the same type that makes a strict hierarchy: Location.partOf (R4 references.html#circular).</summary>
    public bool IsHierarchical { get; internal set; }

    /// <summary>The order among the elements of <see cref="Owner"/>, which is the order in XML.</summary>
    public int Order { get; internal set; }

    /// <summary>
    /// The types a value may have; one unless the element is a choice. Backbone elements and contentReferences point to the backbone type.
    /// </summary>
    public ImmutableArray<ElementType> Types { get; internal set; } = [];

    /// <summary>The JSON properties that carry this element.</summary>
    public ImmutableArray<JsonProperty> Properties { get; internal set; } = [];

    public Binding? Binding { get; internal set; }

    /// <summary>Rules stated on the element, without those that its types state themselves.</summary>
    public ImmutableArray<Invariant> Invariants { get; internal set; } = [];

    /// <summary>The invariants compiled; filled on first use by <see cref="Validation.ResourceValidator"/>.</summary>
    internal InvariantRule[]? Rules { get; set; }

    /// <summary>The path in the specification, for example "Observation.component.value".</summary>
    public string Path => $"{Owner.Name}.{Name}";

    public override string ToString() => Path;
}

/// <summary>A type an element may have. Targets: for Reference and canonical, the resource types it may point to; empty means any.</summary>
public sealed record ElementType(TypeDefinition Type, ImmutableArray<TypeDefinition> Targets);

public enum BindingStrength { Required, Extensible, Preferred, Example }

/// <summary>The value set an element is bound to. Codes is there for required bindings whose codes the specification itself defines.</summary>
public sealed record Binding(BindingStrength Strength, string ValueSet, CodeList? Codes);

/// <summary>The codes of a value set, each with its system. R4 terminologies.html#strength.</summary>
public sealed class CodeList(string url, ImmutableArray<(string System, string Code)> codes)
{
    private readonly Utf8NameMap<string> systems = Utf8NameMap<string>.Of(codes, static entry => (entry.Code, entry.System));

    public string Url { get; } = url;
    public ImmutableArray<(string System, string Code)> Codes { get; } = codes;

    /// <summary>True if the list holds the code in any of its systems.</summary>
    public bool Contains(ReadOnlySpan<byte> utf8Code) => systems.Find(utf8Code) is not null;

    /// <summary>The code system that an element of type code implies; null if the list does not hold the code.</summary>
    public string? SystemOf(ReadOnlySpan<byte> utf8Code) => systems.Find(utf8Code);
}

public enum InvariantSeverity { Error, Warning }

/// <summary>A FHIRPath rule that must be true, for example obs-7.</summary>
public sealed record Invariant(string Key, InvariantSeverity Severity, string Expression, string Human)
{
    /// <summary>True if no resource that a reader has accepted can break the rule, so that evaluating it is needless (corrections.json).</summary>
    public bool IsStructural { get; init; }
}

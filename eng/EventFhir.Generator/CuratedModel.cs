using System.Text.Json.Serialization;

namespace EventFhir.Generator;

/// <summary>A row of eng/definitions/releases.json: a release of FHIR and the package that defines it.</summary>
internal sealed record CuratedRelease(string Release, string FhirVersion, string Package, string PackageVersion);

/// <summary>A row of resource-types.json: the number under which the store keeps resources of a type, for ever.</summary>
internal sealed record ResourceTypeNumber(int Number, string Name);

/// <summary>A row of types.json. Kind: primitive, complex, backbone or resource. Invariants name rows of invariants.json.</summary>
internal sealed record CuratedType(string Name, string Kind, string? Base, bool Abstract, IReadOnlyList<string>? Invariants);

/// <summary>
/// A row of elements.json. Inherited elements have no row unless the specification changes them. A path that ends in [x] is a choice;
/// a type is a name, or a name with the types it may point to: "Reference(Group|Patient)"; a backbone type is named by its path.
/// </summary>
internal sealed record CuratedElement(
    string Path,
    int Min,
    string Max,
    IReadOnlyList<string> Types,
    bool Summary,
    bool Modifier,
    bool Attribute,
    bool Hierarchy,
    CuratedBinding? Binding,
    IReadOnlyList<string>? Invariants)
{
    [JsonIgnore] public string Owner => Path[..Path.LastIndexOf('.')];
    [JsonIgnore] public bool IsChoice => Path.EndsWith("[x]", StringComparison.Ordinal);
    [JsonIgnore] public string Name => IsChoice ? Path[(Owner.Length + 1)..^3] : Path[(Owner.Length + 1)..];
}

internal sealed record CuratedBinding(string Strength, string ValueSet);

/// <summary>A row of invariants.json. Id is the key, with "@" and the path where the specification uses one key for several rules.</summary>
internal sealed record CuratedInvariant(string Id, string Severity, bool Structural, string Expression, string Human)
{
    [JsonIgnore] public string Key => Id.Split('@')[0];
}

/// <summary>A row of code-lists.json: the codes of a value set that a required binding names, by system.</summary>
internal sealed record CuratedCodeList(string ValueSet, IReadOnlyList<CuratedCodes> Systems);

internal sealed record CuratedCodes(string System, IReadOnlyList<string> Codes);

/// <summary>A row of search-parameters.json: a parameter on one base, with the branches of its expression that can hold there.</summary>
internal sealed record CuratedSearchParameter(
    string? Base,
    string Code,
    string Type,
    string Url,
    string? Expression,
    IReadOnlyList<string>? Targets,
    IReadOnlyList<CuratedComponent>? Components);

internal sealed record CuratedComponent(string Definition, string Expression);

/// <summary>A row of compartments.json: the parameters that place resources of Type in the compartment.</summary>
internal sealed record CuratedCompartmentEntry(string Compartment, string Type, IReadOnlyList<string> Parameters);

/// <summary>A row of operations.json.</summary>
internal sealed record CuratedOperation(string Code, string Url, bool System, bool Type, bool Instance, IReadOnlyList<string>? Resources);

/// <summary>The second stage: what the tables are made of, without the official package.</summary>
internal sealed record CuratedModel(
    CuratedRelease Release,
    IReadOnlyList<CuratedType> Types,
    IReadOnlyList<CuratedElement> Elements,
    IReadOnlyList<CuratedInvariant> Invariants,
    IReadOnlyList<CuratedCodeList> CodeLists,
    IReadOnlyList<CuratedSearchParameter> SearchParameters,
    IReadOnlyList<CuratedCompartmentEntry> Compartments,
    IReadOnlyList<CuratedOperation> Operations);

using System.Collections.Immutable;

namespace EventFhir.Model.Definitions;

/// <summary>The types of R4 search.html#ptypes.</summary>
public enum SearchParameterType { Number, Date, String, Token, Reference, Composite, Quantity, Uri, Special }

/// <summary>
/// A search parameter as it applies to one resource type. A SearchParameter resource with several bases gives one of these for each base,
/// with the union branches of the expression that can hold on that base.
/// </summary>
/// <param name="Base">The resource type, or Resource and DomainResource for those of all types.</param>
/// <param name="Code">The name in the query: "_id", "code-value-quantity".</param>
/// <param name="Expression">FHIRPath on the resource; empty where the specification gives none.</param>
/// <param name="Targets">For references, the resource types the parameter may point to; empty means any.</param>
/// <param name="Components">For composites, the parameters and their expressions relative to <paramref name="Expression"/>.</param>
public sealed record SearchParameterDefinition(
    TypeDefinition Base,
    string Code,
    string Url,
    SearchParameterType Type,
    string Expression,
    ImmutableArray<TypeDefinition> Targets,
    ImmutableArray<CompositeComponent> Components);

/// <param name="Definition">The canonical URL of the parameter that the component takes its type from.</param>
public sealed record CompositeComponent(string Definition, string Expression);

/// <summary>Which parameters of a resource type place it in a compartment. R4 compartmentdefinition.html.</summary>
public sealed record CompartmentDefinition(TypeDefinition Type, ImmutableArray<CompartmentEntry> Entries);

/// <param name="Parameters">Search parameter codes; "{def}" is resolved to the codes it stands for.</param>
public sealed record CompartmentEntry(TypeDefinition Type, ImmutableArray<string> Parameters);

/// <summary>An operation that the specification defines, for capabilities and routing.</summary>
public sealed record OperationDefinition(string Code, string Url, bool System, bool Type, bool Instance, ImmutableArray<TypeDefinition> Resources);

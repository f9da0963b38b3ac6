using System.Collections.Immutable;
using System.Text;

namespace EventFhir.Model.Definitions;

/// <summary>Everything the engines know about one release of FHIR: tables generated from the official definitions (docs/definitions.md).</summary>
public sealed class Release
{
    private const int TypeNameCharactersMax = 150;
    private static readonly Lazy<Release> LazyR4 = new(() => ReleaseLoader.Load("R4"));
    private static readonly Lazy<Release> LazyR4B = new(() => ReleaseLoader.Load("R4B"));
    private static readonly Lazy<Release> LazyR5 = new(() => ReleaseLoader.Load("R5"));
    private readonly Utf8NameMap<TypeDefinition> byName;
    private readonly Dictionary<int, TypeDefinition> byNumber;
    private readonly Dictionary<TypeDefinition, ImmutableArray<SearchParameterDefinition>> searchParameters = [];
    private readonly Dictionary<string, SearchParameterDefinition> searchParameterByUrl;

    internal Release(
        string name,
        string fhirVersion,
        ImmutableArray<TypeDefinition> types,
        ImmutableArray<SearchParameterDefinition> searchParameters,
        ImmutableArray<CompartmentDefinition> compartments,
        ImmutableArray<CodeList> codeLists,
        ImmutableArray<OperationDefinition> operations)
    {
        (Name, FhirVersion, Types, SearchParameters) = (name, fhirVersion, types, searchParameters);
        (Compartments, CodeLists, Operations) = (compartments, codeLists, operations);
        byName = Utf8NameMap<TypeDefinition>.Of(types, static type => (type.Name, type));
        byNumber = types.Where(type => type.Number != 0).ToDictionary(type => type.Number);
        ResourceTypes = [.. types.Where(type => type.IsResource && !type.IsAbstract)];
        var byBase = searchParameters.ToLookup(parameter => parameter.Base);
        foreach (var type in ResourceTypes) this.searchParameters[type] = ParametersOf(type, byBase);
        searchParameterByUrl = searchParameters.DistinctBy(parameter => parameter.Url).ToDictionary(parameter => parameter.Url);
    }

    public static Release R4 => LazyR4.Value;
    public static Release R4B => LazyR4B.Value;
    public static Release R5 => LazyR5.Value;

    /// <summary>The names of all that there are: the one list of releases outside the generated tables.</summary>
    public static ImmutableArray<string> Names { get; } = ["R4", "R4B", "R5"];

    /// <summary>Null if there is none of this name. Only what is asked for is loaded.</summary>
    public static Release? Find(string name) => name switch
    {
        "R4" => R4,
        "R4B" => R4B,
        "R5" => R5,
        _ => null,
    };

    /// <summary>"R4", "R4B" or "R5".</summary>
    public string Name { get; }

    /// <summary>For example "4.0.1".</summary>
    public string FhirVersion { get; }

    public ImmutableArray<TypeDefinition> Types { get; }

    /// <summary>The concrete resource types, in alphabetical order.</summary>
    public ImmutableArray<TypeDefinition> ResourceTypes { get; }

    public ImmutableArray<SearchParameterDefinition> SearchParameters { get; }
    public ImmutableArray<CompartmentDefinition> Compartments { get; }
    public ImmutableArray<CodeList> CodeLists { get; }
    public ImmutableArray<OperationDefinition> Operations { get; }

    public TypeDefinition? FindType(ReadOnlySpan<byte> utf8Name) => byName.Find(utf8Name);

    public TypeDefinition? FindType(string name)
    {
        // No type of any release has a name nearly this long; the paths of backbone types come closest.
        if (name.Length > TypeNameCharactersMax) return null;
        Span<byte> utf8 = stackalloc byte[TypeNameCharactersMax * 3];
        return byName.Find(utf8[..Encoding.UTF8.GetBytes(name, utf8)]);
    }

    public TypeDefinition? FindResourceType(string name) => FindType(name) is { IsResource: true, IsAbstract: false } type ? type : null;
    public TypeDefinition TypeOfNumber(int number) => byNumber[number];

    /// <summary>Null if no type has the number.</summary>
    public TypeDefinition? FindTypeOfNumber(int number) => byNumber.GetValueOrDefault(number);

    /// <summary>The parameters of a concrete resource type, those of Resource and DomainResource included.</summary>
    public ImmutableArray<SearchParameterDefinition> SearchParametersOf(TypeDefinition type) => searchParameters[type];

    private static ImmutableArray<SearchParameterDefinition> ParametersOf(
        TypeDefinition type,
        ILookup<TypeDefinition, SearchParameterDefinition> byBase)
    {
        var parameters = ImmutableArray.CreateBuilder<SearchParameterDefinition>();
        for (var at = type; at is not null; at = at.Base) parameters.AddRange(byBase[at]);
        return parameters.ToImmutable();
    }

    public SearchParameterDefinition? FindSearchParameter(string url) => searchParameterByUrl.GetValueOrDefault(url);
}

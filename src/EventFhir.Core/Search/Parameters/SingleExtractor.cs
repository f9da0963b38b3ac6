using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;

namespace EventFhir.Core.Search.Parameters;

/// <summary>Reads from a resource what one custom parameter needs, as <see cref="IndexExtractor"/> does among the others. For one thread.</summary>
public sealed class SingleExtractor
{
    private readonly SearchDefinitions definitions;
    private readonly CustomParameter custom;
    private readonly ReadOnlyMemory<byte> baseUrl;
    private readonly Dictionary<TypeDefinition, TypeExtractor> types = [];

    internal SingleExtractor(SearchDefinitions definitions, CustomParameter custom, ReadOnlyMemory<byte> baseUrl) =>
        (this.definitions, this.custom, this.baseUrl) = (definitions, custom, baseUrl);

    public IndexEntries Extract(Resource resource)
    {
        if (!types.TryGetValue(resource.Type, out var extractor))
            types.Add(resource.Type, extractor = new TypeExtractor(definitions.Release, definitions.LayoutOf(resource.Type, custom), baseUrl));
        // A new one for each resource: nothing of one that failed can get into another's entries.
        var builder = new EntryBuilder();
        extractor.Extract(resource.Root, builder);
        return builder.Build(definitions.Generation);
    }
}

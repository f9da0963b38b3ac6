using System.Text.Json;

namespace EventFhir.Generator.Curation;

/// <summary>Drops the rows of elements that say nothing but what the type inherits.</summary>
internal sealed class Inheritance(IEnumerable<CuratedType> types)
{
    private readonly Dictionary<string, string?> bases = types.ToDictionary(type => type.Name, type => type.Base);

    public IReadOnlyList<CuratedElement> WithoutInherited(IReadOnlyList<CuratedElement> elements)
    {
        var byPath = elements.ToDictionary(element => element.Path);
        return [.. elements.Where(element => Inherited(element, byPath) is not { } inherited || Facts(element) != Facts(inherited))];
    }

    private CuratedElement? Inherited(CuratedElement element, Dictionary<string, CuratedElement> byPath)
    {
        var localName = element.Path[(element.Owner.Length + 1)..];
        for (var type = bases[element.Owner]; type is not null; type = bases[type])
            if (byPath.TryGetValue($"{type}.{localName}", out var inherited)) return inherited;
        return null;
    }

    private static string Facts(CuratedElement element) => JsonSerializer.Serialize(element with { Path = "" });
}

using System.Collections.Immutable;

namespace EventFhir.Model.Definitions;

/// <summary>Fills one type from its rows of the tables: what it inherits, with what its own rows change or add.</summary>
internal sealed class ElementReader(ReleaseLoader loader, TypeDefinition type)
{
    private readonly List<ElementDefinition> elements = Inherited(type);

    /// <summary>The base type is complete when this runs: the tables list bases first.</summary>
    private static List<ElementDefinition> Inherited(TypeDefinition type)
    {
        if (type.Base is not { Elements: var inherited }) return [];
        var copies = new List<ElementDefinition>(inherited.Length + 8);
        foreach (var element in inherited)
        {
            var copy = new ElementDefinition(type, element.Name, element.Min, element.Max)
            {
                IsChoice = element.IsChoice,
                IsSummary = element.IsSummary,
                IsModifier = element.IsModifier,
                IsXmlAttribute = element.IsXmlAttribute,
                IsHierarchical = element.IsHierarchical,
                Types = element.Types,
                Binding = element.Binding,
                Invariants = element.Invariants,
            };
            copy.Properties = Properties(copy, element.Properties);
            copies.Add(copy);
        }
        return copies;
    }

    public void Read(ref TableRow row)
    {
        var name = row.Text();
        var min = row.Number();
        var max = row.Bytes();
        var flags = row.Bytes();
        var element = new ElementDefinition(type, name, min, max[0] == '*' ? ElementDefinition.Unbounded : max[0] - '0')
        {
            IsChoice = flags.Contains((byte)'c'),
            IsSummary = flags.Contains((byte)'s'),
            IsModifier = flags.Contains((byte)'m'),
            IsXmlAttribute = flags.Contains((byte)'a'),
            IsHierarchical = flags.Contains((byte)'h'),
            Types = Types(row.Bytes()),
        };
        var strength = row.Bytes();
        var valueSet = row.Bytes();
        if (strength.Length > 0) element.Binding = BindingOf(strength, valueSet);
        element.Invariants = loader.Invariants(row.Bytes());
        element.Properties = Properties(element, []);
        var at = elements.FindIndex(known => known.Name == name);
        if (at < 0) elements.Add(element);
        else elements[at] = element;
    }

    public void Finish()
    {
        for (var at = 0; at < elements.Count; at++) elements[at].Order = at;
        type.Elements = [.. elements];
        type.Seal();
    }

    private ImmutableArray<ElementType> Types(ReadOnlySpan<byte> list)
    {
        var types = ImmutableArray.CreateBuilder<ElementType>();
        while (TableRow.NextWord(ref list, out var word))
        {
            var open = word.IndexOf((byte)'(');
            types.Add(open < 0 ? new ElementType(loader.Type(word), []) : new ElementType(loader.Type(word[..open]), Targets(word[(open + 1)..^1])));
        }
        return types.ToImmutable();
    }

    private ImmutableArray<TypeDefinition> Targets(ReadOnlySpan<byte> names)
    {
        var targets = ImmutableArray.CreateBuilder<TypeDefinition>();
        for (var end = names.IndexOf((byte)'|'); end >= 0; end = names.IndexOf((byte)'|'))
        {
            targets.Add(loader.Type(names[..end]));
            names = names[(end + 1)..];
        }
        targets.Add(loader.Type(names));
        return targets.ToImmutable();
    }

    private Binding BindingOf(ReadOnlySpan<byte> strength, ReadOnlySpan<byte> valueSet)
    {
        var parsed = strength[0] switch
        {
            (byte)'r' => BindingStrength.Required,
            (byte)'p' => BindingStrength.Preferred,
            _ => strength[2] == 't' ? BindingStrength.Extensible : BindingStrength.Example,
        };
        return new Binding(parsed, loader.Text(valueSet), parsed is BindingStrength.Required ? loader.CodeList(valueSet) : null);
    }

    /// <summary>R4 json.html: a choice takes the name of its type, with a capital first letter, as the end of its property name.</summary>
    private static ImmutableArray<JsonProperty> Properties(ElementDefinition element, ImmutableArray<JsonProperty> inherited)
    {
        var properties = ImmutableArray.CreateBuilder<JsonProperty>(element.Types.Length);
        for (var at = 0; at < element.Types.Length; at++)
        {
            var elementType = element.Types[at];
            var name = inherited.Length > 0 ? inherited[at].Name
                : element.IsChoice ? $"{element.Name}{char.ToUpperInvariant(elementType.Type.Name[0])}{elementType.Type.Name.AsSpan(1)}"
                : element.Name;
            properties.Add(new JsonProperty(name, element, elementType));
        }
        return properties.MoveToImmutable();
    }
}

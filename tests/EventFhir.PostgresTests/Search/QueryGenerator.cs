using System.Globalization;

using EventFhir.Core.Search;
using EventFhir.Core.Search.Indexing;
using EventFhir.Core.Search.Words;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;

namespace EventFhir.PostgresTests.Search;

/// <summary>
/// Makes queries that have a chance to match: their values are taken from the resources, then cut, moved, prefixed and modified. The same seed
/// makes the same queries.
/// </summary>
internal sealed class QueryGenerator(IReadOnlyList<Resource> resources, int seed)
{
    private static readonly string[] Prefixes = ["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"];
    private readonly Random random = new(seed);
    private readonly List<Resource> valueSets = [.. Generated("ValueSet", resources)];
    private readonly List<Resource> codeSystems = [.. Generated("CodeSystem", resources)];
    private readonly ParameterValues values = new(Release.R4);

    /// <returns>The path is a type, a compartment's member ("Patient/1/Observation"), or empty for a search of several types.</returns>
    public (string Path, string Query) Next() => random.Next(12) switch
    {
        0 => OfSystem(),
        1 => OfCompartment() ?? OfType(Pick(resources), ""),
        _ => OfType(Pick(resources), ""),
    };

    private (string Path, string Query) OfSystem()
    {
        var types = Enumerable.Range(0, random.Next(1, 4)).Select(_ => Pick(resources).Type.Name).Distinct();
        string[] clauses =
        [
            $"_id={string.Join(',', Enumerable.Range(0, 6).Select(_ => Pick(resources).Id))}", $"_id:not={Pick(resources).Id}", "_lastUpdated=gt2000", "_lastUpdated=lt2000",
            "_profile:missing=false", "_tag:missing=false", "_security:missing=true", "_source:missing=true",
        ];
        return ("", $"_type={string.Join(',', types)}&{Pick(clauses)}&{Pick(clauses)}&_count={random.Next(5, 60)}");
    }

    private (string Path, string Query)? OfCompartment()
    {
        var compartment = Pick(Release.R4.Compartments);
        var owners = OfType(compartment.Type);
        var members = resources.Where(resource => compartment.Entries.Any(entry => entry.Type == resource.Type)).ToList();
        if (owners.Count == 0 || members.Count == 0) return null;
        var member = Pick(members);
        return OfType(member, $"{compartment.Type.Name}/{Pick(owners).Id}/");
    }

    private (string Path, string Query) OfType(Resource resource, string compartment)
    {
        var type = resource.Type;
        var parts = new List<string>();
        for (var clause = 0; clause < random.Next(1, 4); clause++)
        {
            var part = random.Next(12) switch
            {
                0 => Chain(type),
                1 => Has(type),
                2 => Missing(type),
                4 => List(type),
                3 => new FilterGenerator(resources, values, random, (at, parameter, element, modifier) => TokenIn(at, parameter, element, modifier)?.Text).Next(type) is { } filter ? $"_filter={Uri.EscapeDataString(filter)}" : null,
                _ => Clause(random.Next(4) == 0 ? Pick(OfType(type)) : resource),
            };
            if (part is not null) parts.Add(part);
        }
        if (random.Next(3) == 0) parts.Add($"_sort={Sort(type)}_id");
        parts.Add($"_count={random.Next(3, 30)}");
        return (compartment + type.Name, string.Join('&', parts));
    }

    private string Sort(TypeDefinition type)
    {
        var keys = Enumerable.Range(0, random.Next(1, 3)).Select(_ => SortKey(type, random.Next(4) == 0 ? random.Next(1, 4) : 0));
        return string.Concat(keys.OfType<string>().Select(key => $"{(random.Next(2) == 0 ? "-" : "")}{key},"));
    }

    /// <param name="steps">References that the key follows.</param>
    private string? SortKey(TypeDefinition type, int steps)
    {
        var catalog = SearchDefinitions.R4.Catalog;
        if (steps == 0) return Pick(catalog.Parameters(type).Where(parameter => catalog.SortBy(type, parameter.Code) is not null).ToList()).Code;
        var references = catalog.Parameters(type).Where(parameter => catalog.CanFollow(type, parameter) && !parameter.Targets.IsEmpty).ToList();
        if (references.Count == 0) return null;
        var reference = Pick(references);
        var target = Pick(reference.Targets);
        var isTyped = reference.Targets.Length > 1 || random.Next(2) == 0;
        return SortKey(target, steps - 1) is { } rest ? $"{reference.Code}{(isTyped ? $":{target.Name}" : "")}.{rest}" : null;
    }

    private string? Clause(Resource resource)
    {
        var parameter = Pick(SearchDefinitions.R4.Catalog.Parameters(resource.Type).ToList());
        if (parameter.Code == SearchCatalog.Id) return random.Next(4) == 0 ? $"_id:not={resource.Id}" : $"_id={resource.Id},nobody";
        if (parameter.Code == SearchCatalog.Text) return NarrativeText.Of(resource.Root) is { } narrative ? Words("_text", narrative) : null;
        var elements = values.Of(parameter, resource).ToList();
        if (elements.Count == 0) return null;
        var value = Value(resource.Type, parameter, Pick(elements));
        if (value is not var (modifier, text)) return null;
        if (random.Next(5) == 0 && Value(resource.Type, parameter, Pick(elements)) is var (same, other) && same == modifier) text += "," + other;
        // Values of other resources beside it: a list of alternatives.
        for (var more = random.Next(6) == 0 ? random.Next(1, 6) : 0; more > 0; more--)
        {
            var others = values.Of(parameter, Pick(OfType(resource.Type))).ToList();
            if (others.Count > 0 && Value(resource.Type, parameter, Pick(others)) is var (like, further) && like == modifier) text += "," + further;
        }
        return $"{parameter.Code}{modifier}={Uri.EscapeDataString(text)}";
    }

    private string? Chain(TypeDefinition type)
    {
        if (random.Next(3) == 0 && Inside(Pick(OfType(type))) is { } inside) return inside;
        var references = SearchDefinitions.R4.Catalog.Parameters(type).Where(parameter => SearchDefinitions.R4.Catalog.CanFollow(type, parameter)).ToList();
        if (references.Count == 0) return null;
        var reference = Pick(references);
        var targets = resources.Where(target => reference.Targets.IsEmpty || reference.Targets.Contains(target.Type)).ToList();
        if (targets.Count == 0) return null;
        var target = Pick(targets);
        var step = reference.Targets.Length == 1 && random.Next(2) == 0 ? reference.Code : $"{reference.Code}:{target.Type.Name}";
        return Inner(target) is { } inner ? $"{step}.{inner}" : null;
    }

    /// <summary>A chain to what a resource contains.</summary>
    private string? Inside(Resource container)
    {
        var inside = new List<Resource>();
        foreach (var element in container.Root.ChildrenNamed("contained")) inside.Add(container.Extract(element));
        if (inside.Count == 0) return null;
        var target = Pick(inside);
        var references = SearchDefinitions.R4.Catalog.Parameters(container.Type)
            .Where(parameter => SearchDefinitions.R4.Catalog.HasKeys(container.Type, parameter)
                && (parameter.Targets.IsEmpty || parameter.Targets.Contains(target.Type))
                && values.Of(parameter, container).SelectMany(ElementMatcher.NamesWithin).Contains(target.Id)).ToList();
        if (references.Count == 0) return null;
        var inner = random.Next(5) == 0 ? Missing(target.Type) : OfType(target.Type).Count > 0 ? Clause(target) : null;
        return inner is null ? null : $"{Pick(references).Code}:{target.Type.Name}.{inner}";
    }

    /// <summary>What stands at the end of a chain; sometimes the chain goes on.</summary>
    private string? Inner(Resource at) => random.Next(8) switch
    {
        0 => Chain(at.Type),
        1 => Has(at.Type),
        2 => Missing(at.Type),
        _ => Clause(at),
    };

    private string? Has(TypeDefinition type)
    {
        var source = Pick(resources);
        var references = SearchDefinitions.R4.Catalog.Parameters(source.Type)
            .Where(parameter => SearchDefinitions.R4.Catalog.CanFollow(source.Type, parameter) && (parameter.Targets.IsEmpty || parameter.Targets.Contains(type))).ToList();
        return references.Count > 0 && Inner(source) is { } inner ? $"_has:{source.Type.Name}:{Pick(references).Code}:{inner}" : null;
    }

    private string? List(TypeDefinition type)
    {
        var lists = resources.Where(list => list.Type.Name == "List" && values.Of("List.entry.item.reference", list.Root)
            .Any(reference => reference.Text.StartsWith(type.Name + "/", StringComparison.Ordinal))).ToList();
        return lists.Count == 0 ? null : $"_list={Pick(lists).Id}";
    }

    private string? Missing(TypeDefinition type)
    {
        var parameter = Pick(SearchDefinitions.R4.Catalog.Parameters(type).Where(parameter => SearchDefinitions.R4.Catalog.CanBeMissing(type, parameter)).ToList());
        return $"{parameter.Code}:missing={(random.Next(2) == 0 ? "true" : "false")}";
    }

    private (string Modifier, string Text)? Value(TypeDefinition type, SearchParameterDefinition parameter, Element element) => parameter.Type switch
    {
        SearchParameterType.String => Text(type, parameter, element),
        SearchParameterType.Token => random.Next(6) switch
        {
            0 => TokenText(type, parameter, element),
            1 => TokenIn(type, parameter, element),
            _ => Token(element),
        },
        SearchParameterType.Date => Date(element) is { } date ? ("", date) : null,
        SearchParameterType.Number => QuantityValue.TryRead(element, out var number) ? ("", Number(number.Low)) : null,
        SearchParameterType.Quantity => Quantity(element) is { } quantity ? ("", quantity) : null,
        SearchParameterType.Reference => Reference(type, parameter, element),
        SearchParameterType.Uri => Url(element),
        SearchParameterType.Special => Near(element) is { } near ? ("", near) : null,
        SearchParameterType.Composite => Composite(parameter, element) is { } composite ? ("", composite) : null,
        _ => null,
    };

    private (string, string)? Text(TypeDefinition type, SearchParameterDefinition parameter, Element element)
    {
        var texts = ElementMatcher.Texts(element).Where(text => text.Length > 0).ToList();
        if (texts.Count == 0) return null;
        var text = Pick(texts);
        var (modifier, cut) = random.Next(4) switch
        {
            0 => (":exact", text),
            1 => (":contains", text.Length < 3 ? text : Middle(text)),
            2 => ("", Pick(text.Split(' ').Where(word => word.Length > 0).DefaultIfEmpty(text).ToList())),
            _ => ("", text[..random.Next(1, text.Length + 1)].ToUpperInvariant()),
        };
        if (modifier.Length > 0 && !SearchDefinitions.R4.Catalog.ModifiersOf(type, parameter).Contains(modifier[1..])) modifier = "";
        if (char.IsSurrogate(cut[^1]) || char.IsSurrogate(cut[0]) || StringFolding.Normalize(cut).Length is 0 or > 200) return null;
        return (modifier, Escape(cut));
    }

    private (string, string)? Token(Element element)
    {
        var tokens = ElementMatcher.Tokens(element).ToList();
        if (tokens.Count == 0) return null;
        var (system, code) = Pick(tokens);
        var text = random.Next(4) switch
        {
            0 when system is { Length: > 0 } => $"{Escape(system)}|",
            1 when code is { Length: > 0 } => $"|{Escape(code)}",
            2 when system is { Length: > 0 } && code is { Length: > 0 } => $"{Escape(system)}|{Escape(code)}",
            _ => code is { Length: > 0 } ? Escape(code) : null,
        };
        if (random.Next(6) == 0) text = text?.ToUpperInvariant();
        return text is null ? null : (random.Next(5) == 0 ? ":not" : "", text);
    }

    private (string Modifier, string Text)? TokenIn(TypeDefinition type, SearchParameterDefinition parameter, Element element, string? chosen = null)
    {
        var modifier = chosen ?? Pick(["in", "not-in", "above", "below"]);
        if (!SearchDefinitions.R4.Catalog.ModifiersOf(type, parameter).Contains(modifier)) return null;
        if (modifier is "in" or "not-in" && valueSets.Count == 0) return null;
        if (modifier == "below" && SearchDefinitions.R4.LayoutOf(type).Find(parameter.Code) is { IsMediaType: true })
            return ElementMatcher.Tokens(element).First().Code!.Split('/', ';') is [var head, var tail, ..] ? (":below", random.Next(2) == 0 ? head : $"{head}/{tail}") : null;
        if (modifier is "in" or "not-in")
            return ($":{modifier}", random.Next(2) == 0 ? Pick(valueSets).Root.FirstChild("url")!.Value.Text : $"ValueSet/{Pick(valueSets).Id}");
        var known = ElementMatcher.Tokens(element).Where(token => token is { System: not null, Code: not null }).Select(token => (token.System, Code: Known(token.System!, token.Code!)))
            .Where(token => token.Code is not null).ToList();
        if (known.Count == 0) return null;
        var (system, code) = Pick(known);
        return ($":{modifier}", $"{Escape(system!)}|{Escape(code!)}");
    }

    /// <summary>A code as a generated system spells it; null if none has it.</summary>
    private string? Known(string system, string code) => codeSystems.Where(resource => resource.Root.FirstChild("url")!.Value.Text == system)
        .SelectMany(resource => values.Of("concept.code", resource.Root)).Select(known => known.Text).FirstOrDefault(known => known.Equals(code, StringComparison.OrdinalIgnoreCase));

    private static IEnumerable<Resource> Generated(string type, IEnumerable<Resource> resources) => resources.Where(resource =>
        resource.Type.Name == type && resource.Id is { } id && id.StartsWith(GeneratedTerminology.Prefix, StringComparison.Ordinal));

    private (string, string)? TokenText(TypeDefinition type, SearchParameterDefinition parameter, Element element)
    {
        var modifier = Pick(["text", "code-text"]);
        if (!SearchDefinitions.R4.Catalog.ModifiersOf(type, parameter).Contains(modifier)) return null;
        var texts = modifier == "text"
            ? ElementMatcher.Displays(element).SelectMany(text => text.Split(' ').Append(text)).ToList()
            : ElementMatcher.Tokens(element).Select(token => token.Code ?? "").ToList();
        texts.RemoveAll(text => text.Length == 0);
        if (texts.Count == 0) return null;
        var text = Pick(texts);
        var cut = random.Next(2) == 0 ? text : text[..random.Next(1, text.Length + 1)].ToUpperInvariant();
        return char.IsSurrogate(cut[^1]) || StringFolding.Normalize(cut).Length is 0 or > 200 ? null : ($":{modifier}", Escape(cut));
    }

    private string? Date(Element element)
    {
        if (!DateWriter.TryInterval(element, out var interval)) return null;
        var at = random.Next(2) == 0 && interval.High < DateTimeOffset.MaxValue ? interval.High : interval.Low;
        if (at == DateTimeOffset.MinValue || at == DateTimeOffset.MaxValue) return null;
        at += TimeSpan.FromDays(random.Next(-1, 2)) * random.Next(2);
        string[] formats = ["yyyy", "yyyy-MM", "yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:ss.fff'Z'"];
        return Pick(Prefixes) + at.ToString(Pick(formats), CultureInfo.InvariantCulture);
    }

    private string Number(decimal value)
    {
        var moved = random.Next(4) == 0 ? value * 1.01m : value;
        var rounded = decimal.Round(moved, random.Next(0, 4));
        return Pick(Prefixes) + rounded.ToString(CultureInfo.InvariantCulture);
    }

    private string? Quantity(Element element)
    {
        if (!QuantityValue.TryRead(element, out var quantity) || quantity.Low is decimal.MinValue or decimal.MaxValue) return null;
        var number = Number(quantity.Low);
        var system = quantity.IsMoney ? "urn:iso:std:iso:4217" : quantity.System.Resource is null ? null : quantity.System.Text;
        var code = quantity.Code.Resource is null ? null : quantity.Code.Text;
        return random.Next(3) switch
        {
            0 when system is not null && code is not null => $"{number}|{Escape(system)}|{Escape(code)}",
            1 when code is not null => $"{number}||{Escape(code)}",
            _ => number,
        };
    }

    private (string, string)? Reference(TypeDefinition type, SearchParameterDefinition parameter, Element element)
    {
        var literal = element.Type.IsPrimitive ? element.Text : element.FirstChild("reference")?.Text;
        if (literal is null or "" || literal.StartsWith('#')) return null;
        var modifiers = SearchDefinitions.R4.Catalog.ModifiersOf(type, parameter).Intersect(["above", "below"]).ToList();
        if (modifiers.Count > 0 && random.Next(3) == 0)
        {
            // A version of a canonical is cut; a key is a place in a hierarchy, or the only one there is.
            if (element.Type.IsPrimitive) return (":below", Escape(literal.LastIndexOf('.') is > 0 and var dot && dot > literal.LastIndexOf('|') && literal.Contains('|') ? literal[..dot] : literal));
            if (literal.Split('/') is [_, _]) return ($":{Pick(modifiers)}", Escape(literal));
        }
        if (!literal.Contains(':') && random.Next(3) == 0 && literal.Split('/') is [_, var id]) return ("", id);
        return ("", Escape(literal));
    }

    private (string, string)? Url(Element element)
    {
        var url = element.Text;
        return random.Next(4) switch
        {
            0 when url.LastIndexOf('/') is > 8 and var slash => (":below", Escape(url[..slash])),
            1 => (":above", Escape(url + "/more")),
            _ => ("", Escape(url)),
        };
    }

    private string Middle(string text)
    {
        var at = random.Next(text.Length - 2);
        return text.Substring(at, random.Next(1, Math.Min(60, text.Length - at)));
    }

    private string? Words(string parameter, string text)
    {
        var words = TextWords.Split(text).Where(word => word is not ("and" or "or" or "not")).ToList();
        if (words.Count < 4) return null;
        var at = random.Next(words.Count - 3);
        var (first, second, third) = (words[at], words[at + 1], Pick(words));
        var query = random.Next(9) switch
        {
            0 => first,
            1 => $"{first} {third}",
            2 => $"\"{first} {second}\"",
            3 => $"{first} and not {third}",
            4 => $"({first} or nowhere) AND \"{first}-{second} {words[at + 2]}\"",
            5 => $"NOT {third}",
            6 => $"not ({first} or \"{second} {first}\")",
            7 => $"\"{second} {first}\" or {third.ToUpperInvariant()} {first}",
            _ => $"nowhere,{first} not nowhere",
        };
        return $"{parameter}={Uri.EscapeDataString(query)}";
    }

    /// <summary>From a little beside the place; the distances are odd, so that no place lies on a boundary.</summary>
    private string? Near(Element element)
    {
        if (!GeoPosition.TryRead(element, out var place)) return null;
        var latitude = Math.Clamp(place.Latitude + (random.NextDouble() - 0.5), -90, 90);
        var longitude = Math.IEEERemainder(place.Longitude + (random.NextDouble() - 0.5), 360);
        var distance = random.Next(5) switch { 0 => "", 1 => "|11.0137", 2 => "|70.7713|[mi_i]", 3 => "|301.337|km", _ => "|5000123.7|m" };
        return string.Create(CultureInfo.InvariantCulture, $"{latitude:0.00000}|{longitude:0.00000}{distance}");
    }

    private string? Composite(SearchParameterDefinition parameter, Element context)
    {
        var parts = new List<string>();
        foreach (var component in parameter.Components)
        {
            var definition = Release.R4.FindSearchParameter(component.Definition)!;
            var elements = values.Of(component.Expression, context).ToList();
            if (elements.Count == 0) return null;
            var element = Pick(elements);
            var part = definition.Type switch
            {
                SearchParameterType.Token => ElementMatcher.Tokens(element).Where(token => token.Code is { Length: > 0 })
                    .Select(token => token.System is { Length: > 0 } system && random.Next(2) == 0 ? $"{Escape(system)}|{Escape(token.Code!)}" : Escape(token.Code!)).FirstOrDefault(),
                SearchParameterType.String => ElementMatcher.Texts(element).Where(text => text.Length is > 0 and < 100).Select(Escape).FirstOrDefault(),
                SearchParameterType.Quantity => Quantity(element) is { } quantity && !quantity.Contains("||", StringComparison.Ordinal) ? quantity : null,
                _ => Value(context.Resource.Type, definition, element) is var (modifier, text) && modifier.Length == 0 ? text : null,
            };
            if (part is null) return null;
            parts.Add(part);
        }
        return string.Join('$', parts);
    }

    private List<Resource> OfType(TypeDefinition type) => [.. resources.Where(resource => resource.Type == type)];

    private T Pick<T>(IReadOnlyList<T> list) => list[random.Next(list.Count)];

    private static string Escape(string text) => text.Replace(@"\", @"\\").Replace(",", @"\,").Replace("$", @"\$").Replace("|", @"\|");
}

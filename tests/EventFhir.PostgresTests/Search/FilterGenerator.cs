using System.Globalization;
using System.Text.Json;

using EventFhir.Core.Search;
using EventFhir.Core.Search.Filters;
using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;

namespace EventFhir.PostgresTests.Search;

/// <summary>Makes filters whose values are taken from the resources, so that they have a chance to match.</summary>
/// <param name="codeSet">A value for a modifier of terminology that is known to be stored; null if there is none.</param>
internal sealed class FilterGenerator(
    IReadOnlyList<Resource> resources, ParameterValues values, Random random, Func<TypeDefinition, SearchParameterDefinition, Element, string, string?> codeSet)
{
    private static readonly string[] TextOperators = ["eq", "ne", "co", "sw", "ew", "gt", "lt", "ge", "le"];
    private static readonly string[] DateOperators = ["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap", "po", "co"];
    private static readonly string[] NumberOperators = ["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"];
    private static readonly string[] SetOperators = ["in", "ni", "ss", "sb"];

    /// <summary>Null if nothing came of it.</summary>
    public string? Next(TypeDefinition type) => Next(type, 0);

    private string? Next(TypeDefinition type, int depth) => (depth < 3 ? random.Next(8) : 7) switch
    {
        0 => Next(type, depth + 1) is { } inner ? $"not ({inner})" : null,
        1 or 2 => Join(type, "and", depth),
        3 => Join(type, "or", depth),
        4 => Chain(type, depth),
        _ => Test(Pick(resources.Where(resource => resource.Type == type).ToList())),
    };

    private string? Join(TypeDefinition type, string word, int depth)
    {
        var (left, right) = (Next(type, depth + 1), Next(type, depth + 1));
        if (left is null || right is null) return left ?? right;
        return random.Next(2) == 0 ? $"({left}) {word} ({right})" : $"{left} {word} {right}";
    }

    private string? Chain(TypeDefinition type, int depth)
    {
        var references = SearchDefinitions.R4.Catalog.Parameters(type).Where(parameter => SearchDefinitions.R4.Catalog.CanFollow(type, parameter)).ToList();
        if (references.Count == 0) return null;
        var reference = Pick(references);
        var targets = resources.Where(target => reference.Targets.IsEmpty || reference.Targets.Contains(target.Type)).ToList();
        if (targets.Count == 0) return null;
        var target = Pick(targets);
        var condition = random.Next(3) == 0 ? Next(target.Type, depth + 1) : null;
        var path = Test(target) is { } test ? $"{reference.Code}{(condition is null ? "" : $"[{condition}]")}.{test}" : null;
        // Other types of target may have several values where this one has one, or values of another type.
        string[] particular = [" ne ", " co ", " in ", " ni ", " ss ", " sb "];
        return path is null || particular.Any(operation => path.Contains(operation, StringComparison.Ordinal)) ? null : path;
    }

    private string? Test(Resource resource)
    {
        var type = resource.Type;
        var parameter = Pick(SearchDefinitions.R4.Catalog.Parameters(type).ToList());
        if (parameter.Code == SearchCatalog.Id) return $"_id {(random.Next(3) == 0 ? "ne" : "eq")} {resource.Id}";
        if (parameter.Code == SearchCatalog.Text) return null;
        if (random.Next(8) == 0 && SearchDefinitions.R4.Catalog.CanBeMissing(type, parameter)) return $"{parameter.Code} pr {(random.Next(2) == 0 ? "true" : "false")}";
        var elements = values.Of(parameter, resource).ToList();
        if (elements.Count == 0) return null;
        var element = Pick(elements);
        return parameter.Type switch
        {
            SearchParameterType.String => Text(parameter, element),
            SearchParameterType.Token => Token(type, parameter, element),
            SearchParameterType.Date => Date(parameter, element),
            SearchParameterType.Number or SearchParameterType.Quantity => Number(parameter, element),
            SearchParameterType.Reference => Reference(type, parameter, element),
            _ => null,
        };
    }

    private string? Text(SearchParameterDefinition parameter, Element element)
    {
        var texts = ElementMatcher.Texts(element).Where(text => text.Length > 0).ToList();
        if (texts.Count == 0) return null;
        var text = Pick(texts);
        var start = random.Next(text.Length);
        var part = random.Next(4) switch
        {
            0 => text,
            1 => text[..(start + 1)],
            2 => text[start..],
            _ => text.Substring(start, random.Next(1, text.Length - start + 1)),
        };
        if (part.Length == 0 || char.IsSurrogate(part[^1]) || char.IsSurrogate(part[0]) || StringFolding.Normalize(part).Length is 0 or > 200) return null;
        return $"{parameter.Code} {Pick(TextOperators)} {JsonSerializer.Serialize(part)}";
    }

    private string? Token(TypeDefinition type, SearchParameterDefinition parameter, Element element)
    {
        if (random.Next(4) == 0 && SearchDefinitions.R4.Catalog.ModifiersOf(type, parameter).Contains("in"))
        {
            var operation = Pick(SetOperators);
            return codeSet(type, parameter, element, FilterValues.ModifierOf(operation)!) is { } set ? $"{parameter.Code} {operation} {JsonSerializer.Serialize(set)}" : null;
        }
        var tokens = ElementMatcher.Tokens(element).Where(token => token.Code is { Length: > 0 }).ToList();
        if (tokens.Count == 0) return null;
        var (system, code) = Pick(tokens);
        var text = system is { Length: > 0 } && random.Next(2) == 0 ? $"{Escape(system)}|{Escape(code!)}" : Escape(code!);
        return $"{parameter.Code} {Equality(type, parameter)} {JsonSerializer.Serialize(text)}";
    }

    private string? Date(SearchParameterDefinition parameter, Element element)
    {
        if (!DateWriter.TryInterval(element, out var interval) || interval.Low == DateTimeOffset.MinValue) return null;
        string[] formats = ["yyyy", "yyyy-MM", "yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:ss'Z'"];
        return $"{parameter.Code} {Pick(DateOperators)} {interval.Low.ToString(Pick(formats), CultureInfo.InvariantCulture)}";
    }

    private string? Number(SearchParameterDefinition parameter, Element element)
    {
        if (!QuantityValue.TryRead(element, out var quantity) || quantity.Low is decimal.MinValue or decimal.MaxValue) return null;
        var operation = parameter.Type is SearchParameterType.Number && random.Next(6) == 0 ? "co" : Pick(NumberOperators);
        return $"{parameter.Code} {operation} {decimal.Round(quantity.Low, random.Next(0, 3)).ToString(CultureInfo.InvariantCulture)}";
    }

    private string? Reference(TypeDefinition type, SearchParameterDefinition parameter, Element element)
    {
        var literal = element.Type.IsPrimitive ? element.Text : element.FirstChild("reference")?.Text;
        if (literal is null or "" || literal.StartsWith('#')) return null;
        var operation = Equality(type, parameter) == "ne" ? "ne" : "re";
        return $"{parameter.Code} {operation} {JsonSerializer.Serialize(Escape(literal))}";
    }

    private string Equality(TypeDefinition type, SearchParameterDefinition parameter) =>
        random.Next(4) == 0 && SearchDefinitions.R4.Catalog.IsSingle(type, parameter) && SearchDefinitions.R4.Catalog.CanBeMissing(type, parameter) ? "ne" : "eq";

    private T Pick<T>(IReadOnlyList<T> list) => list[random.Next(list.Count)];

    private static string Escape(string text) => text.Replace(@"\", @"\\").Replace(",", @"\,").Replace("$", @"\$").Replace("|", @"\|");
}

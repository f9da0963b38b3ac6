using System.Globalization;
using System.Text.RegularExpressions;

using EventFhir.Core.Search;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;

namespace EventFhir.PostgresTests.Coverage;

/// <summary>
/// Queries that have to find a resource, made from what a parameter's FHIRPath expression finds in it and from R4 search.html alone: nothing here
/// knows how values are indexed.
/// </summary>
internal sealed partial class FindingQuery(Release release)
{
    private const int TextLengthMax = 100;
    private readonly ParameterValues values = new(release);

    /// <returns>"code=http://loinc.org|8867-4", percent-encoded; null if the resource has no value that can be asked for.</returns>
    public string? Of(SearchParameterDefinition parameter, Resource resource) => parameter.Code switch
    {
        "_text" => LongestWord(Narrative(resource)) is { } word ? $"_text={word}" : null,
        "_content" => LongestWord(Narrative(resource)) is { } word ? $"_content={word}" : null,
        _ when parameter.Expression.Length == 0 => null,
        _ => values.Of(parameter, resource).Select(element => Of(parameter, element)).FirstOrDefault(query => query is not null),
    };

    private string? Of(SearchParameterDefinition parameter, Element element)
    {
        element = Unwrap(element);
        if (parameter.Type is SearchParameterType.Reference && !element.Type.IsPrimitive && Child(element, "reference") is null
            && element.FirstChild("identifier") is { } identifier && Child(identifier, "value") is not null)
            return $"{parameter.Code}:identifier={Uri.EscapeDataString(Token(identifier)!)}";
        return Value(parameter, element) is { } text ? $"{parameter.Code}={Uri.EscapeDataString(text)}" : null;
    }

    private string? Value(SearchParameterDefinition parameter, Element element) => parameter.Type switch
    {
        SearchParameterType.String => FirstText(element) is { } text ? Escape(Cut(text)) : null,
        SearchParameterType.Token => Token(element),
        SearchParameterType.Date => Date(element),
        SearchParameterType.Number => Number(element),
        SearchParameterType.Quantity => Quantity(element),
        SearchParameterType.Reference => Reference(element),
        SearchParameterType.Uri => element.HasValue ? Escape(element.Text) : null,
        SearchParameterType.Composite => Composite(parameter, element),
        _ => Near(element),
    };

    private string? Composite(SearchParameterDefinition parameter, Element context)
    {
        var parts = parameter.Components.Select(component =>
        {
            var definition = release.FindSearchParameter(component.Definition)!;
            return values.Of(component.Expression, context).Select(element => Value(definition, Unwrap(element))).FirstOrDefault(part => part is not null);
        }).ToList();
        return parts.Contains(null) ? null : string.Join('$', parts);
    }

    /// <summary>R4 search.html#token: system and code where there are both.</summary>
    private static string? Token(Element element)
    {
        if (element.Type.IsPrimitive) return element.HasValue ? Escape(element.Text) : null;
        if (element.Type.Name == "CodeableConcept")
        {
            foreach (var coding in element.ChildrenNamed("coding"))
                if (Child(coding, "code") is not null) return Token(coding);
            return null;
        }
        if (element.Type.Name == "ContactPoint") return Child(element, "value") is { } contact ? Escape(contact) : null;
        if (Child(element, element.Type.Name == "Identifier" ? "value" : "code") is not { } code) return null;
        return Child(element, "system") is { } system ? $"{Escape(system)}|{Escape(code)}" : Escape(code);
    }

    /// <summary>R4 search.html#date: a date equals itself; a period that starts lies at or after its start, one that only ends before its end.</summary>
    private static string? Date(Element element)
    {
        if (element.Type.IsPrimitive) return element.HasValue ? element.Text : null;
        if (element.Type.Name == "Timing")
        {
            if (Child(element, "event") is { } occasion) return "ge" + occasion;
            return element.FirstChild("repeat")?.FirstChild("bounds") is { } bounds ? Date(bounds) : null;
        }
        if (Child(element, "start") is { } start) return "ge" + start;
        return Child(element, "end") is { } end ? "le" + end : null;
    }

    private static string? Number(Element element)
    {
        if (element.Type.IsPrimitive) return element.HasValue ? element.Text : null;
        if (element.FirstChild("low") is { } low) return Child(low, "value") is { } from ? "ge" + from : null;
        return element.FirstChild("high") is { } high && Child(high, "value") is { } to ? "le" + to : null;
    }

    /// <summary>R4 search.html#quantity: number, and the unit as exactly as the value states it.</summary>
    private static string? Quantity(Element element)
    {
        if (element.Type.Name == "Range")
            return element.FirstChild("low") is { } low ? Quantity(low, "ge") : element.FirstChild("high") is { } high ? Quantity(high, "le") : null;
        // Samples lie around their origin: no number of its own, but some lie at or above the lowest of them.
        if (element.Type.Name == "SampledData") return element.FirstChild("origin") is { } origin ? Quantity(origin, "le") : null;
        return Quantity(element, Child(element, "comparator") switch { "<" or "<=" => "lt", ">" or ">=" => "gt", _ => "" });
    }

    private static string? Quantity(Element element, string prefix)
    {
        if (Child(element, "value") is not { } value) return null;
        if (Child(element, "currency") is { } currency) return $"{prefix}{value}|urn:iso:std:iso:4217|{currency}";
        return Child(element, "system") is { } system && Child(element, "code") is { } code ? $"{prefix}{value}|{Escape(system)}|{Escape(code)}" : prefix + value;
    }

    /// <summary>What is contained in the resource has no key to ask for.</summary>
    private static string? Reference(Element element)
    {
        if (element.Type.IsResource) return Child(element, "id") is { } id ? $"{element.Type.Name}/{id}" : null;
        var text = element.Type.IsPrimitive ? element.HasValue ? element.Text : null : Child(element, "reference");
        return text is null || text.StartsWith('#') ? null : Escape(text);
    }

    private static string? Near(Element position) =>
        Child(position, "latitude") is { } latitude && Child(position, "longitude") is { } longitude ? $"{latitude}|{longitude}|1|km" : null;

    /// <summary>R4 search.html#string: the first string among the parts of a name or address, or the value itself.</summary>
    private static string? FirstText(Element element)
    {
        if (element.Type.IsPrimitive) return element.HasValue && element.Text.Any(char.IsLetterOrDigit) ? element.Text : null;
        string[] names = ["family", "given", "text", "city", "line", "district", "state", "postalCode", "country", "display"];
        foreach (var name in names)
            if (Child(element, name) is { } text && text.Any(char.IsLetterOrDigit)) return text;
        return null;
    }

    private static string Narrative(Resource resource) =>
        resource.Root.FirstChild("text")?.FirstChild("div") is { } div ? Markup().Replace(div.Text, " ") : "";

    private static string? LongestWord(string text) => Words().Matches(text).Select(match => match.Value).MaxBy(word => word.Length);

    private static string? Child(Element element, string name) => element.FirstChild(name) is { HasValue: true } child ? child.Text : null;

    private static Element Unwrap(Element element) => element.Type.Name == "Extension" && element.FirstChild("value") is { } value ? value : element;

    private static string Cut(string text)
    {
        if (text.Length <= TextLengthMax) return text;
        return text[..(char.IsHighSurrogate(text[TextLengthMax - 1]) ? TextLengthMax - 1 : TextLengthMax)];
    }

    private static string Escape(string text) => text.Replace(@"\", @"\\").Replace(",", @"\,").Replace("$", @"\$").Replace("|", @"\|");

    [GeneratedRegex("<[^>]*>|&[^;]*;")]
    private static partial Regex Markup();

    [GeneratedRegex(@"(?<![\p{L}\p{N}])[A-Za-z0-9]{4,60}(?![\p{L}\p{N}\p{M}])", RegexOptions.CultureInvariant)]
    private static partial Regex Words();
}

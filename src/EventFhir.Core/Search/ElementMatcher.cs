using System.Text;

using EventFhir.Core.Events;
using EventFhir.Core.Search.Indexing;
using EventFhir.Core.Terminology;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;

namespace EventFhir.Core.Search;

/// <summary>Whether one element has one value, as R4 search.html#ptypes says for each type of parameter.</summary>
internal sealed class ElementMatcher(Release release, string baseUrl)
{
    private const decimal PreciseMax = 1_000_000_000_000_000_000_000_000_000m;
    private readonly byte[] baseUtf8 = Encoding.UTF8.GetBytes(baseUrl);

    public bool Matches(SearchParameterDefinition parameter, SearchValue value, Element element)
    {
        element = Unwrap(element);
        return value switch
        {
            SearchValue.Text text => Texts(element).Any(given => Matches(text, given)),
            SearchValue.Token token => Tokens(element).Any(given => Matches(token, given)),
            SearchValue.TokenIn { Codes: { } codes } => Tokens(element).Any(given =>
                given is { System: { } system, Code: { } code } && codes.ContainsAsCompared(new SystemCode(system, code))),
            SearchValue.TokenText text => Displays(element).Any(given =>
                Matches(new SearchValue.Text(StringMatch.StartsWith, "", text.Folded), given)),
            SearchValue.CodeText text => Tokens(element).Any(given =>
                given.Code is { } code && Indexing.StringWriter.Cut(StringFolding.Fold(code)).StartsWith(text.Folded, StringComparison.Ordinal)),
            SearchValue.Continued { Kind: LexiconKind.Canonical } below => References(element).Any(literal => IsBelow(literal, below)),
            SearchValue.Continued below => Tokens(element).Any(given =>
                given.Code is { } code && IsBelow(Indexing.StringWriter.Cut(StringFolding.Fold(code)), below)),
            SearchValue.TokenOfType type => IsOfType(type, element),
            SearchValue.Reference reference => IsReference(parameter, reference, element),
            SearchValue.ReferenceUrl url => References(element).Any(literal => IsUrl(literal, url.Url)),
            SearchValue.ReferenceIdentifier identifier => element.FirstChild("identifier") is { } own
                && Tokens(own).Any(given => Matches(new SearchValue.Token(identifier.System, identifier.Value), given)),
            SearchValue.Date date => DateWriter.TryInterval(element, out var interval) && Matches(date, interval),
            SearchValue.Number number => QuantityValue.TryRead(element, out var given) && Matches(number, given.Low, given.High),
            SearchValue.Quantity quantity => Matches(quantity, element),
            SearchValue.Uri uri => element.HasValue && Matches(uri, element),
            SearchValue.Near near => GeoPosition.TryRead(element, out var place) && near.Circle.Contains(place),
            _ => false,
        };
    }

    /// <summary>True if there is anything in the element that the parameter could find, for :missing.</summary>
    public static bool IsSearchable(SearchParameterDefinition parameter, Element element)
    {
        element = Unwrap(element);
        return parameter.Type switch
        {
            SearchParameterType.String => Texts(element).Any(),
            SearchParameterType.Token => Tokens(element).Any() || HasDisplay(element),
            SearchParameterType.Date => DateWriter.TryInterval(element, out _),
            SearchParameterType.Number or SearchParameterType.Quantity => QuantityValue.TryRead(element, out _),
            SearchParameterType.Uri => element.HasValue,
            SearchParameterType.Special => GeoPosition.TryRead(element, out _),
            _ => true,
        };
    }

    /// <summary>The values as keys that can be compared with each other.</summary>
    public IEnumerable<IComparable> SortValues(SortOrder order, Element element)
    {
        element = Unwrap(element);
        return order switch
        {
            SortOrder.Instant => DateWriter.TryInterval(element, out var interval) ? [interval.Low] : [],
            SortOrder.Number => QuantityValue.TryRead(element, out var quantity) ? [quantity.Low] : [],
            SortOrder.Text => Texts(element).Select(StringFolding.Normalize).Select(Cut),
            SortOrder.Code => Tokens(element).Select(token => token.Code).OfType<string>().Select(StringFolding.Fold).Select(Cut),
            SortOrder.Uri => element.HasValue ? Forms(element).Select(Cut) : [],
            SortOrder.Canonical or SortOrder.Literal => LiteralText.Of(element).Select(CodePoints.FirstOf),
            SortOrder.Key => References(element).Select(KeyOf).OfType<ResourceKey>().Select(key => (IComparable)new CodePoints(key.ToString())),
            _ => [],
        };
    }

    private static IComparable Cut(string text) => new CodePoints(Indexing.StringWriter.Cut(text));

    /// <summary>The resource of this server that a literal reference names.</summary>
    private ResourceKey? KeyOf(string literal)
    {
        var target = ReferenceTarget.Of(release, baseUtf8, Encoding.UTF8.GetBytes(literal));
        return target.Scope is ReferenceScope.Local or ReferenceScope.LocalVersion ? target.Key : null;
    }

    public static bool Matches(SearchValue.Date value, DateInterval stored)
    {
        var (low, high) = stored;
        return value.Prefix switch
        {
            Prefix.Equal => low >= value.Low && high <= value.High,
            Prefix.NotEqual => low < value.Low || high > value.High,
            Prefix.Greater => high > value.High,
            Prefix.Less => low < value.Low,
            Prefix.GreaterOrEqual => high > value.High || (low >= value.Low && high <= value.High),
            Prefix.LessOrEqual => low < value.Low || (low >= value.Low && high <= value.High),
            Prefix.StartsAfter => low >= value.High,
            Prefix.EndsBefore => high <= value.Low,
            Prefix.Includes => low <= value.Low && high >= value.High,
            _ => low < value.High && high > value.Low,
        };
    }

    public static bool Matches(SearchValue.Number value, decimal low, decimal high) => value.Prefix switch
    {
        Prefix.Equal => low >= value.Low && high < value.High,
        Prefix.NotEqual => low < value.Low || high >= value.High,
        Prefix.Greater => high > value.Value,
        Prefix.Less => low < value.Value,
        Prefix.GreaterOrEqual => high >= value.Value,
        Prefix.LessOrEqual => low <= value.Value,
        Prefix.StartsAfter => low > value.Value,
        Prefix.EndsBefore => high < value.Value,
        Prefix.Includes => Least(low) <= value.Value && value.Value < Most(high),
        _ => low <= value.High && high >= value.Low,
    };

    /// <summary>The least number that its digits could stand for: 1.5 is [1.45, 1.55) (R4 search.html#number).</summary>
    private static decimal Least(decimal number) => number - Half(number);

    private static decimal Most(decimal number) => number + Half(number);

    /// <summary>Of the last digit; nothing at the ends of what decimals can hold, which stand for open ranges.</summary>
    private static decimal Half(decimal number) =>
        Math.Abs(number) > PreciseMax || number.Scale >= 28 ? 0 : new decimal(5, 0, 0, isNegative: false, (byte)(number.Scale + 1));

    private static bool Matches(SearchValue.Quantity value, Element element)
    {
        if (!QuantityValue.TryRead(element, out var given)) return false;
        if (CanonicalQuantity.TryOf(value, out var canonical))
            return QuantityUnit.Of(given) is { Canonical: { } unit } own && unit == canonical.Unit && Matches(canonical.Number, own.Low, own.High);
        return HasUnit(value, given) && Matches(value.Amount, given.Low, given.High);
    }

    private static bool HasUnit(SearchValue.Quantity value, QuantityValue given)
    {
        if (value.Unit is null) return true;
        var code = given.Code.Exists() ? given.Code.Text : null;
        if (value.System is null) return value.Unit == code || (given.Unit.Exists() && value.Unit == given.Unit.Text);
        var system = given.IsMoney ? "urn:iso:std:iso:4217" : given.System.Exists() ? given.System.Text : null;
        return value.Unit == code && value.System == system && QuantityUnit.Of(given).Canonical is null;
    }

    /// <summary>Starts-with holds for the whole text and for each word in it; texts are compared by their first characters, as the index has
    /// them.</summary>
    private static bool Matches(SearchValue.Text value, string given)
    {
        if (value.Match is StringMatch.Exact) return given == value.Given;
        var folded = StringFolding.Fold(given);
        var normalized = StringFolding.WithoutPunctuation(folded);
        var cut = Indexing.StringWriter.Cut(normalized);
        switch (value.Match)
        {
            case StringMatch.Contains: return normalized.Contains(value.Folded, StringComparison.Ordinal);
            case StringMatch.Equal: return cut == value.Folded;
            case StringMatch.NotEqual: return cut != value.Folded;
            case StringMatch.Begins: return cut.StartsWith(value.Folded, StringComparison.Ordinal);
            case StringMatch.Ends: return cut.EndsWith(value.Folded, StringComparison.Ordinal);
            case StringMatch.Greater: return new CodePoints(cut) > new CodePoints(value.Folded);
            case StringMatch.Less: return new CodePoints(cut) < new CodePoints(value.Folded);
            case StringMatch.GreaterOrEqual: return new CodePoints(cut) >= new CodePoints(value.Folded);
            case StringMatch.LessOrEqual: return new CodePoints(cut) <= new CodePoints(value.Folded);
        }
        if (cut.StartsWith(value.Folded, StringComparison.Ordinal)) return true;
        foreach (var word in StringWords.Following(folded))
            if (StringFolding.WithoutPunctuation(word.ToString()).StartsWith(value.Folded, StringComparison.Ordinal)) return true;
        return false;
    }

    private static bool Matches(SearchValue.Token value, (string? System, string? Code) given) =>
        value.Code is null
            ? given.System == value.System
            : given.Code is { } code && (code == value.Code || code == value.LowerCode)
                && (value.System is null || value.System == (given.System ?? ""));

    private static bool IsOfType(SearchValue.TokenOfType value, Element identifier) =>
        identifier.FirstChild("value")?.Text == value.Value && identifier.FirstChild("type") is { } type
        && Named(type, "coding").Any(coding =>
            coding.FirstChild("system")?.Text == value.System && coding.FirstChild("code")?.Text == value.Code);

    /// <summary>The id of the resource of this server that a reference of a hierarchy points to; null if it points elsewhere.</summary>
    public string? KeyOf(Element element)
    {
        foreach (var literal in References(element))
        {
            var target = ReferenceTarget.Of(release, baseUtf8, Encoding.UTF8.GetBytes(literal));
            if (target.Scope is ReferenceScope.Local or ReferenceScope.LocalVersion && target.Key.Type == element.Resource.Type)
                return target.Key.Id.Value;
        }
        return null;
    }

    private static bool IsBelow(string text, SearchValue.Continued value) =>
        text == value.Beginning || value.Separators.Any(separator => text.StartsWith(value.Beginning + separator, StringComparison.Ordinal));

    private bool IsReference(SearchParameterDefinition parameter, SearchValue.Reference value, Element element)
    {
        if (element.Type.IsPrimitive)
            return element.HasValue && IsUrl(element.Text, value.Type is null ? value.Id : $"{value.Type.Name}/{value.Id}");
        foreach (var literal in References(element))
        {
            if (KeyOf(literal) is not { } key || key.Id.Value != value.Id) continue;
            if (value.Type is { } type ? key.Type == type : parameter.Targets.IsEmpty || parameter.Targets.Contains(key.Type)) return true;
        }
        return false;
    }

    /// <summary>A canonical is found with and without its version.</summary>
    private static bool IsUrl(string literal, string url) => literal == url || (literal.IndexOf('|') is > 0 and var bar && literal[..bar] == url);

    private static bool Matches(SearchValue.Uri value, Element element)
    {
        var forms = Forms(element);
        return value.Match switch
        {
            UriMatch.Below => forms.Any(form => UriPath.IsAtOrBelow(form, value.Value)),
            UriMatch.Above => UriPath.SelfAndAbove(value.Value).Intersect(forms, StringComparer.Ordinal).Any(),
            _ => forms.Contains(value.Value),
        };
    }

    /// <summary>A canonical with a version is found without it, too.</summary>
    private static string[] Forms(Element uri)
    {
        var given = uri.Text;
        return uri.Type.Primitive is PrimitiveKind.Canonical && given.IndexOf('|') is > 0 and var bar ? [given, given[..bar]] : [given];
    }

    private static IEnumerable<string> References(Element element)
    {
        if (element.Type.IsPrimitive) return element.HasValue ? [element.Text] : [];
        if (element.Type.IsResource) return element.FirstChild("id") is { HasValue: true } id ? [$"{element.Type.Name}/{id.Text}"] : [];
        return element.FirstChild("reference") is { HasValue: true } reference ? [reference.Text] : [];
    }

    /// <summary>The ids of contained resources that a reference names ("#id").</summary>
    public static IEnumerable<string> NamesWithin(Element element) => element.Type.IsPrimitive || element.Type.IsResource ? []
        : References(Unwrap(element)).Where(literal => literal.Length > 1 && literal[0] == '#').Select(literal => literal[1..]);

    /// <summary>True for types whose values are codes of code systems.</summary>
    public static bool HasCoding(TypeDefinition value) => value.FindElement("coding") is not null || value.FindElement("code") is not null;

    /// <summary>R4 search.html#token: each system and code in the element; the system of a plain code is that of its required binding.</summary>
    public static IEnumerable<(string? System, string? Code)> Tokens(Element element)
    {
        if (element.Type.IsPrimitive && !element.HasValue) return [];
        if (element.Type.IsPrimitive)
            return [(TokenWriter.SystemOf(element), TokenWriter.IgnoresCase(element.Type) ? element.Text.ToLowerInvariant() : element.Text)];
        return element.Type.Name switch
        {
            "CodeableConcept" => Named(element, "coding").SelectMany(Tokens),
            "Identifier" or "ContactPoint" => Pair(element, "value"),
            _ => Pair(element, "code"),
        };
    }

    private static IEnumerable<(string? System, string? Code)> Pair(Element element, string codeName)
    {
        var system = element.FirstChild("system") is { HasValue: true } given ? given.Text : null;
        var code = element.FirstChild(codeName) is { HasValue: true } own ? own.Text : null;
        if (code is not null && codeName == "code") code = TokenCase.Fold(system ?? "", code);
        return system is null && code is null ? [] : [(system, code)];
    }

    private static bool HasDisplay(Element element) =>
        Named(element, "text").Any() || Named(element, "display").Any() || Named(element, "coding").Any(coding => Named(coding, "display").Any());

    /// <summary>R4 search.html#token, :text: CodeableConcept.text, Coding.display and those of Identifier.type.</summary>
    public static IEnumerable<string> Displays(Element element)
    {
        if (element.Type.Name == "Identifier") return Named(element, "type").SelectMany(Displays);
        if (element.Type.Name is not ("CodeableConcept" or "Coding")) return [];
        return Named(element, "text").Concat(Named(element, "display")).Where(text => text.HasValue).Select(text => text.Text)
            .Concat(Named(element, "coding").SelectMany(Displays));
    }

    /// <summary>R4 search.html#string: each string in the element.</summary>
    public static IEnumerable<string> Texts(Element element)
    {
        if (element.Type.IsPrimitive) return element.HasValue ? [element.Text] : [];
        string[] names = element.Type.Name switch
        {
            "HumanName" => ["text", "family", "given", "prefix", "suffix"],
            "Address" => ["text", "line", "city", "district", "state", "postalCode", "country"],
            "CodeableConcept" => ["text", "coding"],
            "Coding" or "Reference" => ["display"],
            "ContactPoint" or "Identifier" => ["value"],
            "Annotation" => ["text"],
            _ => [],
        };
        return names.SelectMany(name => Named(element, name)).SelectMany(Texts);
    }

    private static IEnumerable<Element> Named(Element element, string name)
    {
        var found = new List<Element>();
        foreach (var child in element.ChildrenNamed(name)) found.Add(child);
        return found;
    }

    private static Element Unwrap(Element element) =>
        element.Type.Name == "Extension" && element.FirstChild("value") is { } value ? value : element;
}

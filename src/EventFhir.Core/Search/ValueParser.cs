using System.Collections.Immutable;

using EventFhir.Core.Events;
using EventFhir.Core.Search.Indexing;
using EventFhir.Core.Terminology;
using EventFhir.Model.Definitions;

namespace EventFhir.Core.Search;

/// <summary>Reads one value of a parameter as its type and modifier say (R4 search.html#ptypes).</summary>
internal sealed class ValueParser(SearchContext context)
{
    private const decimal ApproximateShare = 0.1m;

    /// <param name="text">One alternative: split at commas, escapes still in place.</param>
    /// <param name="modifier">Without colon; empty if there is none. The parameter's type allows it.</param>
    public Outcome<SearchValue> Parse(SearchParameterDefinition parameter, string modifier, string text) =>
        text.Length == 0 ? Invalid(parameter, "a value may not be empty; use :missing to ask for resources without one") : parameter.Type switch
        {
            SearchParameterType.String => String(parameter, modifier, text),
            SearchParameterType.Token => Token(parameter, modifier, text),
            SearchParameterType.Reference => Reference(parameter, modifier, text),
            SearchParameterType.Date => Date(parameter, text),
            SearchParameterType.Number => Number(parameter, text),
            SearchParameterType.Quantity => Quantity(parameter, text),
            SearchParameterType.Uri => Uri(parameter, modifier, text),
            SearchParameterType.Composite => Composite(parameter, text),
            // Of the special parameters only positions have values of this kind (SearchCatalog.Supports).
            SearchParameterType.Special => NearParser.Parse(parameter, text),
            _ => Refusal.Of(RefusalKind.BadRequest, "not-supported", $"The search parameter '{parameter.Code}' is not supported."),
        };

    private static Refusal Invalid(SearchParameterDefinition parameter, string reason) =>
        Refusal.Of(RefusalKind.BadRequest, "value", $"A value of the search parameter '{parameter.Code}' is not valid: {reason}.");

    private static Refusal BadEscape(SearchParameterDefinition parameter) =>
        Invalid(parameter, "a backslash must be followed by ',', '$', '|' or another backslash");

    private static Outcome<SearchValue> String(SearchParameterDefinition parameter, string modifier, string text)
    {
        if (!EscapedText.TryUnescape(text, out var plain)) return BadEscape(parameter);
        var match = modifier switch { "exact" => StringMatch.Exact, "contains" => StringMatch.Contains, _ => StringMatch.StartsWith };
        var folded = StringFolding.Normalize(plain);
        if (match is not StringMatch.Exact && folded.Length == 0) return Invalid(parameter, "it holds no letter or digit");
        return new SearchValue.Text(match, plain, folded);
    }

    private Outcome<SearchValue> Token(SearchParameterDefinition parameter, string modifier, string text) => modifier switch
    {
        "text" or "code-text" => TokenText(parameter, modifier, text),
        "in" or "not-in" => InValueSet(parameter, text),
        "above" or "below" => Subsumed(parameter, modifier, text),
        _ => TokenCode(parameter, modifier, text),
    };

    /// <summary>R4 search.html#token: a value set by its address on this server, else by its canonical URL.</summary>
    private Outcome<SearchValue> InValueSet(SearchParameterDefinition parameter, string text)
    {
        if (!EscapedText.TryUnescape(text, out var plain)) return BadEscape(parameter);
        if (plain.StartsWith(context.BaseUrl + "/", StringComparison.Ordinal)) plain = plain[(context.BaseUrl.Length + 1)..];
        if (plain.Split('/') is [nameof(SourceKind.ValueSet), var id] && ResourceId.TryParse(id, out _))
            return new SearchValue.TokenIn(new CodeSetQuestion.InValueSet(new SourceKey.ById(SourceKind.ValueSet, id)), Codes: null);
        if (!plain.Contains(':')) return Invalid(parameter, "a value set is named by its canonical URL, or as ValueSet/id");
        var key = new SourceKey.ByUrl(SourceKind.ValueSet, Canonical.Parse(plain));
        return new SearchValue.TokenIn(new CodeSetQuestion.InValueSet(key), Codes: null);
    }

    private Outcome<SearchValue> Subsumed(SearchParameterDefinition parameter, string modifier, string text)
    {
        if (modifier == "below" && PlacementOf(parameter) is { IsMediaType: true }) return MediaType(parameter, text);
        var token = TokenCode(parameter, modifier, text);
        if (token.IsRefused(out var refusal)) return refusal;
        if (token.Value is not SearchValue.Token { System: { Length: > 0 } system, Code: { } code })
            return Invalid(parameter, $"with :{modifier} it must be system|code");
        return new SearchValue.TokenIn(
            modifier == "above" ? new CodeSetQuestion.Above(system, code) : new CodeSetQuestion.Below(system, code), Codes: null);
    }

    /// <summary>R4 search.html#mimetype: a media type without parameters, or (as R5 has it) the first part of one.</summary>
    private static Outcome<SearchValue> MediaType(SearchParameterDefinition parameter, string text)
    {
        if (!EscapedText.TryUnescape(text, out var plain)) return BadEscape(parameter);
        var folded = StringFolding.Fold(plain);
        return folded.Length == 0
            ? Invalid(parameter, "with :below it must be a media type")
            : new SearchValue.Continued(LexiconKind.Code, folded, folded.Contains('/') ? [";", " "] : ["/"]);
    }

    private static Outcome<SearchValue> TokenText(SearchParameterDefinition parameter, string modifier, string text)
    {
        if (!EscapedText.TryUnescape(text, out var plain)) return BadEscape(parameter);
        var folded = modifier == "text" ? StringFolding.Normalize(plain) : StringFolding.Fold(plain);
        if (folded.Length == 0) return Invalid(parameter, "it holds no letter or digit");
        return modifier == "text" ? new SearchValue.TokenText(folded) : new SearchValue.CodeText(folded);
    }

    /// <summary>As the index has the code: of plain strings the case does not count, of codings as their system says.</summary>
    private SearchValue.Token Cased(SearchParameterDefinition parameter, string? system, string code)
    {
        var types = PlacementOf(parameter)?.ValueTypes ?? [];
        if (!types.IsEmpty && types.All(TokenWriter.IgnoresCase)) return new(system, code.ToLowerInvariant());
        // Of expressions that are no path the types are not known.
        if (parameter.Type is not SearchParameterType.Token || (!types.IsEmpty && !types.Any(ElementMatcher.HasCoding))) return new(system, code);
        var folded = TokenCase.Fold(system ?? "", code);
        // Without a system it may also be one whose case counts; and beside codings there may be plain codes.
        return system is not null && (types.IsEmpty || types.All(ElementMatcher.HasCoding)) ? new(system, folded)
            : new(system, code) { LowerCode = folded == code ? null : folded };
    }

    private ParameterPlacement? PlacementOf(SearchParameterDefinition parameter) =>
        parameter.Base.IsAbstract ? null : context.Definitions.LayoutOf(parameter.Base).Find(parameter.Code);

    private Outcome<SearchValue> TokenCode(SearchParameterDefinition parameter, string modifier, string text)
    {
        var parts = EscapedText.Split(text, '|');
        var plainParts = new string[parts.Length];
        for (var part = 0; part < parts.Length; part++)
            if (!EscapedText.TryUnescape(parts[part], out plainParts[part])) return BadEscape(parameter);
        return (modifier, plainParts) switch
        {
            ("of-type", [{ Length: > 0 } system, { Length: > 0 } code, { Length: > 0 } value]) => new SearchValue.TokenOfType(system, code, value),
            ("of-type", _) => Invalid(parameter, "with :of-type it must be system|code|value"),
            ("above" or "below", [{ Length: > 0 } system, { Length: > 0 } code]) => new SearchValue.Token(system, code),
            (_, [var code]) => Cased(parameter, null, code),
            (_, [{ Length: > 0 } system, ""]) => new SearchValue.Token(system, null),
            (_, [var system, { Length: > 0 } code]) => Cased(parameter, system, code),
            _ => Invalid(parameter, "a token is code, system|code, |code or system|"),
        };
    }

    private Outcome<SearchValue> Reference(SearchParameterDefinition parameter, string modifier, string text)
    {
        if (modifier == "identifier") return Identifier(parameter, text);
        if (modifier is "above" or "below") return Hierarchical(parameter, modifier, text);
        if (!EscapedText.TryUnescape(text, out var plain)) return BadEscape(parameter);
        if (plain.StartsWith(context.BaseUrl + "/", StringComparison.Ordinal)) plain = plain[(context.BaseUrl.Length + 1)..];
        var forced = modifier.Length > 0 ? context.Release.FindResourceType(modifier) : null;

        var parts = plain.Split('/');
        if (parts is [var only] && ResourceId.TryParse(only, out _)) return new SearchValue.Reference(forced, only);
        // A version makes it a literal: it matches references to that version alone.
        if (parts is [_, _, "_history", _] && forced is null) return new SearchValue.ReferenceUrl(plain);
        if (parts is [_, _] && ResourceId.TryParse(parts[1], out _) && context.Release.FindResourceType(parts[0]) is { } type)
        {
            return forced is null || forced == type
                ? new SearchValue.Reference(type, parts[1])
                : Invalid(parameter, $"the modifier asks for {forced.Name}, the value names {type.Name}");
        }
        if (forced is null && plain.Contains(':')) return new SearchValue.ReferenceUrl(plain);
        return Invalid(parameter, "a reference is an id, Type/id or an absolute URL");
    }

    private Outcome<SearchValue> Hierarchical(SearchParameterDefinition parameter, string modifier, string text)
    {
        if (!EscapedText.TryUnescape(text, out var plain)) return BadEscape(parameter);
        if (PlacementOf(parameter)?.Stored is ParameterPlacement.UriTerms) return VersionsBelow(parameter, plain);
        var parsed = Reference(parameter, "", text);
        if (parsed.IsRefused(out var refusal)) return refusal;
        if (parsed.Value is not SearchValue.Reference reference) return Invalid(parameter, $"with :{modifier} it names a resource of this server");
        ImmutableArray<TypeDefinition> types = reference.Type is { } type ? [type]
            : parameter.Targets.IsEmpty ? context.Release.ResourceTypes : parameter.Targets;
        return new SearchValue.Lineage(
            modifier == "above" ? LineageDirection.Above : LineageDirection.Below,
            [.. types.Select(each => new LineagePlace(each, reference.Id, Lineages.ParentOf(context.Definitions, each, parameter)))]);
    }

    /// <summary>R4 search.html#versions: "url|1" is also "url|1.2"; without version it is each.</summary>
    private static Outcome<SearchValue> VersionsBelow(SearchParameterDefinition parameter, string canonical) => canonical.IndexOf('|') switch
    {
        < 0 => new SearchValue.Continued(LexiconKind.Canonical, canonical, ["|"]),
        > 0 and var bar when bar < canonical.Length - 1 => new SearchValue.Continued(LexiconKind.Canonical, canonical, [".", "-"]),
        _ => Invalid(parameter, "a canonical URL is written as url or url|version"),
    };

    private Outcome<SearchValue> Identifier(SearchParameterDefinition parameter, string text)
    {
        var token = TokenCode(parameter, "", text);
        if (token.IsRefused(out var refusal)) return refusal;
        var (system, value) = (SearchValue.Token)token.Value;
        return value is null ? Invalid(parameter, "with :identifier it must hold a value") : new SearchValue.ReferenceIdentifier(system, value);
    }

    public Outcome<SearchValue> Date(SearchParameterDefinition parameter, string text)
    {
        var prefix = ReadPrefix(ref text);
        // A "+" that was not percent-encoded arrives as a space; what is meant is clear.
        if (!DateInterval.TryParse(text.Replace(' ', '+'), out var interval))
            return Invalid(parameter, "a date is written as YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm[:ss][Z|+hh:mm], with or without a prefix");
        var (low, high) = interval;
        if (prefix is Prefix.Approximate)
        {
            var margin = (low > context.Now ? low - context.Now : high < context.Now ? context.Now - high : TimeSpan.Zero) / 10;
            (low, high) = (low - DateTimeOffset.MinValue > margin ? low - margin : DateTimeOffset.MinValue,
                DateTimeOffset.MaxValue - high > margin ? high + margin : DateTimeOffset.MaxValue);
            (low, high) = (ToMicroseconds(low), ToMicroseconds(high));
        }
        return new SearchValue.Date(prefix, low, high);
    }

    /// <summary>The precision of the database, so that memory and SQL compare the same instants.</summary>
    private static DateTimeOffset ToMicroseconds(DateTimeOffset instant) =>
        instant == DateTimeOffset.MaxValue ? instant : instant.AddTicks(-(instant.Ticks % TimeSpan.TicksPerMicrosecond));

    private static Outcome<SearchValue> Number(SearchParameterDefinition parameter, string text)
    {
        var prefix = ReadPrefix(ref text);
        if (!NumberText.TryParse(text, out var value, out var margin))
            return Invalid(parameter, "a number is written as 100, 100.00 or 1.0e2, with or without a prefix");
        if (prefix is Prefix.Approximate) margin = Math.Max(margin, Math.Abs(value) * ApproximateShare);
        var low = value < decimal.MinValue + margin ? decimal.MinValue : value - margin;
        return new SearchValue.Number(prefix, value, low, value > decimal.MaxValue - margin ? decimal.MaxValue : value + margin);
    }

    private static Outcome<SearchValue> Quantity(SearchParameterDefinition parameter, string text)
    {
        var parts = EscapedText.Split(text, '|');
        var number = Number(parameter, parts[0]);
        if (number.IsRefused(out var refusal)) return refusal;
        var value = (SearchValue.Number)number.Value;
        var (system, unit) = ("", "");
        if (parts.Length > 1 && !EscapedText.TryUnescape(parts[1], out system)) return BadEscape(parameter);
        if (parts.Length > 2 && !EscapedText.TryUnescape(parts[2], out unit)) return BadEscape(parameter);
        return (parts.Length, system.Length, unit.Length) switch
        {
            (1, _, _) => new SearchValue.Quantity(value, null, null),
            (3, 0, > 0) => new SearchValue.Quantity(value, null, unit),
            (3, > 0, > 0) => new SearchValue.Quantity(value, system, unit),
            _ => Invalid(parameter, "a quantity is number, number||unit or number|system|code"),
        };
    }

    private static Outcome<SearchValue> Uri(SearchParameterDefinition parameter, string modifier, string text)
    {
        if (!EscapedText.TryUnescape(text, out var plain)) return BadEscape(parameter);
        return new SearchValue.Uri(modifier switch { "above" => UriMatch.Above, "below" => UriMatch.Below, _ => UriMatch.Exact }, plain);
    }

    private Outcome<SearchValue> Composite(SearchParameterDefinition parameter, string text)
    {
        var parts = EscapedText.Split(text, '$');
        if (parts.Length != parameter.Components.Length)
            return Invalid(parameter, $"it needs {parameter.Components.Length} parts with '$' between them");
        var values = ImmutableArray.CreateBuilder<SearchValue>(parts.Length);
        for (var part = 0; part < parts.Length; part++)
        {
            if (context.Release.FindSearchParameter(parameter.Components[part].Definition) is not { } component)
                return Refusal.Of(RefusalKind.BadRequest, "not-supported", $"The search parameter '{parameter.Code}' is not supported.");
            var value = Parse(component, "", parts[part]);
            if (value.IsRefused(out var refusal)) return refusal;
            if (value.Value is SearchValue.Token { Code: null }) return Invalid(parameter, "a token within a composite needs its code");
            if (value.Value is SearchValue.Quantity { System: null, Unit: not null })
                return Invalid(parameter, "a unit within a composite needs its system");
            values.Add(value.Value);
        }
        return new SearchValue.Composite(values.MoveToImmutable());
    }

    private static Prefix ReadPrefix(ref string text)
    {
        var prefix = text.Length < 2 ? null : text[..2] switch
        {
            "eq" => Prefix.Equal,
            "ne" => Prefix.NotEqual,
            "gt" => Prefix.Greater,
            "lt" => Prefix.Less,
            "ge" => Prefix.GreaterOrEqual,
            "le" => Prefix.LessOrEqual,
            "sa" => Prefix.StartsAfter,
            "eb" => Prefix.EndsBefore,
            "ap" => Prefix.Approximate,
            _ => (Prefix?)null,
        };
        if (prefix is not null) text = text[2..];
        return prefix ?? Prefix.Equal;
    }
}

using System.Collections.Immutable;
using System.Diagnostics;

using EventFhir.Core.Events;
using EventFhir.Core.Search.Filters;
using EventFhir.Core.Search.Words;
using EventFhir.Model;
using EventFhir.Model.Definitions;

namespace EventFhir.Core.Search;

/// <summary>Reads one parameter of a query, with its modifier, chain or _has, for one resource type.</summary>
internal sealed class ClauseParser(SearchContext context)
{
    private const string HasPrefix = "_has:";
    private readonly ValueParser values = new(context);
    private int branches;

    /// <param name="name">"name", "name:modifier", "reference:Type.name:modifier", "_has:Type:reference:name".</param>
    /// <returns>Null if the type has no such parameter, which Prefer: handling=lenient turns into silence.</returns>
    public Outcome<Clause>? Parse(TypeDefinition type, string name, string value) =>
        name switch
        {
            SearchCatalog.Filter => new FilterClauses(context).Parse(type, value),
            SearchCatalog.List => ParseList(value),
            SearchCatalog.Query => Bad("not-supported", "This server defines no named queries, so _query cannot name one."),
            _ => Parse(type, name, value, 0),
        };

    private Outcome<Clause>? Parse(TypeDefinition type, string name, string value, int depth)
    {
        if (depth > Limits.ChainDepthMax) return Bad("too-costly", $"A chain may have at most {Limits.ChainDepthMax} steps.");
        if (depth > 0 && ++branches > Limits.ChainBranchesMax)
            return Bad("too-costly", "The chain can lead through too many types; name them, as in subject:Type.name.");
        if (name.StartsWith(HasPrefix, StringComparison.Ordinal)) return ParseHas(type, name[HasPrefix.Length..], value, depth);

        var dot = name.IndexOf('.');
        var (code, modifier) = Cut(dot < 0 ? name : name[..dot], ':');
        if (context.Catalog.Find(type, code) is not { } parameter) return Underway(type, code) ?? ContentOff(type, code);
        return dot < 0 ? ParseValues(type, parameter, modifier, value) : ParseChain(type, parameter, modifier, name[(dot + 1)..], value, depth);
    }

    /// <summary>R4 search.html#chaining. Without a type, every target type that knows the next parameter is followed.</summary>
    private Outcome<Clause>? ParseChain(
        TypeDefinition type, SearchParameterDefinition parameter, string modifier, string rest, string value, int depth)
    {
        if (parameter.Type is not SearchParameterType.Reference)
            return Bad("invalid", $"'{parameter.Code}' is not a reference, so nothing can be chained to it.");
        if (!context.Catalog.CanFollow(type, parameter))
            return Bad("not-supported", $"'{parameter.Code}' cannot be followed to a resource.");
        ImmutableArray<TypeDefinition> targets = parameter.Targets.IsEmpty ? context.Release.ResourceTypes : parameter.Targets;
        if (modifier.Length > 0)
        {
            if (FindTarget(parameter, modifier) is not { } chosen) return UnsupportedModifier(parameter, modifier);
            targets = [chosen];
        }
        var queries = ImmutableArray.CreateBuilder<TypeQuery>();
        foreach (var target in targets)
        {
            if (Parse(target, rest, value, depth + 1) is not { } inner) continue;
            if (inner.IsRefused(out var refusal)) return refusal;
            queries.Add(new TypeQuery(target, [inner.Value]));
        }
        if (queries.Count == 0) return null;
        return new Clause.Chain(parameter, queries.ToImmutable());
    }

    /// <summary>R4 search.html#has: "Type:reference:name[:modifier]".</summary>
    private Outcome<Clause>? ParseHas(TypeDefinition type, string name, string value, int depth)
    {
        var (typeName, afterType) = Cut(name, ':');
        var (code, rest) = Cut(afterType, ':');
        if (rest.Length == 0) return Bad("invalid", "_has is written as _has:Type:reference:parameter=value.");
        if (context.Release.FindResourceType(typeName) is not { } source) return Bad("invalid", "_has names a resource type that does not exist.");
        if (context.Catalog.Find(source, code) is not { } parameter) return Underway(source, code);
        if (parameter.Type is not SearchParameterType.Reference) return Bad("invalid", $"'{parameter.Code}' of {source.Name} is not a reference.");
        if (!context.Catalog.CanFollow(source, parameter))
            return Bad("not-supported", $"'{parameter.Code}' cannot be followed to a resource.");
        if (!PointsTo(parameter, type)) return Bad("invalid", $"'{parameter.Code}' of {source.Name} does not point to {type.Name}.");
        if (Parse(source, rest, value, depth + 1) is not { } inner) return null;
        return inner.IsRefused(out var refusal) ? refusal : new Clause.Has(parameter, new TypeQuery(source, [inner.Value]));
    }

    /// <summary>R4 search.html#list: the resources that a List names. Those that a server keeps by function ($current-…) are not defined.</summary>
    private Outcome<Clause> ParseList(string value)
    {
        var ids = EscapedText.Split(value, ',');
        if (ids.Length > Limits.SearchValuesMax) return Bad("too-costly", $"A search parameter may have at most {Limits.SearchValuesMax} values.");
        var list = context.Release.FindResourceType("List") ?? throw new UnreachableException("The release has no lists.");
        for (var place = 0; place < ids.Length; place++)
        {
            if (ids[place].StartsWith('$'))
                return Bad("not-supported", "This server keeps no functional lists; _list takes the id of a stored List.");
            if (ids[place].StartsWith("List/", StringComparison.Ordinal)) ids = ids.SetItem(place, ids[place]["List/".Length..]);
            if (!ResourceId.TryParse(ids[place], out _)) return Bad("value", "A value of '_list' is not a valid id.");
        }
        var item = context.Catalog.Find(list, "item") ?? throw new UnreachableException("The items of lists cannot be searched.");
        return new Clause.Has(item, new TypeQuery(list, [new Clause.Id(ids)]));
    }

    private Outcome<Clause> ParseValues(TypeDefinition type, SearchParameterDefinition parameter, string modifier, string value)
    {
        if (modifier == "missing")
            return context.Catalog.CanBeMissing(type, parameter) ? ParseMissing(parameter, value) : UnsupportedModifier(parameter, modifier);
        var isType = context.Catalog.HasKeys(type, parameter) && parameter.Type is SearchParameterType.Reference
            && FindTarget(parameter, modifier) is not null;
        if (modifier.Length > 0 && !isType && !context.Catalog.ModifiersOf(type, parameter).Contains(modifier))
            return UnsupportedModifier(parameter, modifier);

        var alternatives = EscapedText.Split(value, ',');
        if (alternatives.Length > Limits.SearchValuesMax)
            return Bad("too-costly", $"A search parameter may have at most {Limits.SearchValuesMax} values.");
        if (parameter.Code == SearchCatalog.Id) return ParseIds(parameter, modifier, alternatives);
        if (parameter.Code == SearchCatalog.LastUpdated) return ParseLastUpdated(parameter, alternatives);
        if (parameter.Code == SearchCatalog.Text) return ParseWords(parameter, WordSource.Narrative, alternatives);
        if (parameter.Code == SearchCatalog.Content) return ParseWords(parameter, WordSource.Content, alternatives);

        var parsed = ImmutableArray.CreateBuilder<SearchValue>(alternatives.Length);
        foreach (var alternative in alternatives)
        {
            var outcome = values.Parse(parameter, modifier, alternative);
            if (outcome.IsRefused(out var refusal)) return refusal;
            parsed.Add(outcome.Value);
        }
        var clause = new Clause.Matches(parameter, parsed.MoveToImmutable());
        return modifier is "not" or "not-in" ? new Clause.Not(clause) : CanonicalVersions.Of(context.Catalog, type, clause);
    }

    private Outcome<Clause>? ContentOff(TypeDefinition type, string code) =>
        code == SearchCatalog.Content && context.Release.SearchParametersOf(type).Any(parameter => parameter.Code == code)
            ? Bad(
                "not-supported",
                $"_content is switched off for {type.Name}, since it makes writes dearer; the setting search-content switches it on, with a rebuild.")
            : (Outcome<Clause>?)null;

    /// <summary>A parameter that a part of the resources is not indexed by yet would give a wrong answer.</summary>
    private Outcome<Clause>? Underway(TypeDefinition type, string code) => context.Definitions.FindUnderway(type, code) is { } custom
        ? Bad(
            "transient",
            $"The search parameter '{code}' of {type.Name} is being indexed, {custom.Progress.Done} of {custom.Progress.Total} resources; "
            + "try again later.")
        : (Outcome<Clause>?)null;

    private static Outcome<Clause> ParseMissing(SearchParameterDefinition parameter, string value) => value switch
    {
        "true" => new Clause.Missing(parameter),
        "false" => new Clause.Not(new Clause.Missing(parameter)),
        _ => Bad("value", $"'{parameter.Code}:missing' takes true or false."),
    };

    private static Outcome<Clause> ParseIds(SearchParameterDefinition parameter, string modifier, ImmutableArray<string> alternatives)
    {
        foreach (var id in alternatives)
            if (!ResourceId.TryParse(id, out _)) return Bad("value", $"A value of the search parameter '{parameter.Code}' is not a valid id.");
        return modifier switch
        {
            "" => new Clause.Id(alternatives),
            "not" => new Clause.Not(new Clause.Id(alternatives)),
            _ => UnsupportedModifier(parameter, modifier),
        };
    }

    private Outcome<Clause> ParseLastUpdated(SearchParameterDefinition parameter, ImmutableArray<string> alternatives)
    {
        var dates = ImmutableArray.CreateBuilder<SearchValue.Date>(alternatives.Length);
        foreach (var alternative in alternatives)
        {
            var outcome = values.Parse(parameter, "", alternative);
            if (outcome.IsRefused(out var refusal)) return refusal;
            dates.Add((SearchValue.Date)outcome.Value);
        }
        return new Clause.LastUpdated(dates.MoveToImmutable());
    }

    private static Outcome<Clause> ParseWords(SearchParameterDefinition parameter, WordSource source, ImmutableArray<string> alternatives)
    {
        var queries = ImmutableArray.CreateBuilder<WordQuery>(alternatives.Length);
        foreach (var alternative in alternatives)
        {
            var (query, fault) = EscapedText.TryUnescape(alternative, out var plain) ? WordQueryParser.Parse(plain)
                : (null, "a backslash must be followed by ',', '$', '|' or another backslash");
            if (query is null) return Bad("value", $"A value of the search parameter '{parameter.Code}' is not valid: {fault}.");
            queries.Add(query);
        }
        return new Clause.Words(source, queries.Count == 1 ? queries[0] : new WordQuery.Any(queries.ToImmutable()));
    }

    private TypeDefinition? FindTarget(SearchParameterDefinition parameter, string name) =>
        name.Length > 0 && context.Release.FindResourceType(name) is { } type && PointsTo(parameter, type) ? type : null;

    private static bool PointsTo(SearchParameterDefinition parameter, TypeDefinition type) =>
        parameter.Targets.IsEmpty || parameter.Targets.Contains(type);

    private static (string Head, string Tail) Cut(string text, char separator)
    {
        var at = text.IndexOf(separator);
        return at < 0 ? (text, "") : (text[..at], text[(at + 1)..]);
    }

    private static Refusal Bad(string code, string diagnostics) => Refusal.Of(RefusalKind.BadRequest, code, diagnostics);

    private static Refusal UnsupportedModifier(SearchParameterDefinition parameter, string modifier) =>
        Bad("not-supported", $"The search parameter '{parameter.Code}' does not support the modifier ':{modifier}'.");
}

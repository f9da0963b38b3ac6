using System.Collections.Immutable;

using EventFhir.Model.Definitions;

namespace EventFhir.Core.Search;

/// <summary>R4 search.html#uri: of a parameter over canonical URLs, "|version" at the end of a value asks for the business version.</summary>
internal static class CanonicalVersions
{
    private const string Url = "url";
    private const string Version = "version";

    /// <summary>The clause itself, or if one of its URLs has a version, one that asks for both.</summary>
    public static Clause Of(SearchCatalog catalog, TypeDefinition type, Clause.Matches clause)
    {
        if (clause.Parameter is not { Code: Url, Type: SearchParameterType.Uri } || !clause.Values.Any(HasVersion)) return clause;
        if (catalog.Find(type, Version) is not { Type: SearchParameterType.Token } version) return clause;
        var clauses = ImmutableArray.CreateBuilder<Clause>();
        foreach (var value in clause.Values)
            clauses.Add(HasVersion(value) ? Split(clause.Parameter, version, value) : clause with { Values = [value] });
        return clauses.Count == 1 ? clauses[0] : new Clause.AnyOf(clauses.ToImmutable());
    }

    private static bool HasVersion(SearchValue value) =>
        value is SearchValue.Uri { Match: UriMatch.Exact } uri && uri.Value.LastIndexOf('|') is > 0 and var bar && bar < uri.Value.Length - 1;

    private static Clause.AllOf Split(SearchParameterDefinition url, SearchParameterDefinition version, SearchValue value)
    {
        var text = ((SearchValue.Uri)value).Value;
        var bar = text.LastIndexOf('|');
        return new Clause.AllOf([
            new Clause.Matches(url, [new SearchValue.Uri(UriMatch.Exact, text[..bar])]),
            // Versions are strings, of which the case does not count.
            new Clause.Matches(version, [new SearchValue.Token(null, text[(bar + 1)..].ToLowerInvariant())]),
        ]);
    }
}

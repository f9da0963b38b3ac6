using System.Collections.Immutable;

using EventFhir.Model;
using EventFhir.Model.Definitions;

namespace EventFhir.Core.Search;

/// <summary>Turns a query string into a <see cref="SearchQuery"/>, or says what is wrong with it (R4 search.html).</summary>
public sealed class SearchParser(SearchContext context)
{
    /// <summary>Searches one type: GET [base]/[type]?…</summary>
    public Outcome<SearchQuery> Parse(TypeDefinition type, IReadOnlyList<QueryParameter> parameters) =>
        Parse([new TypeQuery(type, [])], parameters, []);

    /// <summary>Searches the types named by _type, or all: GET [base]?_type=… Parameters have to be known to each of them.</summary>
    public Outcome<SearchQuery> ParseSystem(IReadOnlyList<QueryParameter> parameters)
    {
        var types = ImmutableArray.CreateBuilder<TypeQuery>();
        var typeParameters = parameters.Where(parameter => parameter.Name == "_type").ToList();
        foreach (var name in typeParameters.SelectMany(parameter => parameter.Value.Split(',')))
        {
            if (context.Release.FindResourceType(name) is not { } type) return Bad("value", "_type names a resource type that does not exist.");
            if (!types.Any(query => query.Type == type)) types.Add(new TypeQuery(type, []));
        }
        if (types.Count == 0) types.AddRange(context.Release.ResourceTypes.Select(type => new TypeQuery(type, [])));
        return Parse(types.ToImmutable(), [.. parameters.Where(parameter => parameter.Name != "_type")], typeParameters);
    }

    /// <summary>Searches within a compartment: GET [base]/[compartment]/[id]/[type]?…, or "*" for every type that the compartment holds.</summary>
    /// <param name="type">Null for "*".</param>
    public Outcome<SearchQuery> ParseCompartment(
        CompartmentDefinition compartment, string id, TypeDefinition? type, IReadOnlyList<QueryParameter> parameters)
    {
        var types = ImmutableArray.CreateBuilder<TypeQuery>();
        foreach (var entry in compartment.Entries)
            if (type is null || type == entry.Type)
                types.Add(new TypeQuery(entry.Type, [Membership(compartment, entry, id)]));
        return types.Count > 0
            ? Parse(types.ToImmutable(), parameters, [])
            : Refusal.Of(RefusalKind.NotFound, "not-found", $"The compartment of {compartment.Type.Name} holds no {type!.Name}.");
    }

    private Clause.AnyOf Membership(CompartmentDefinition compartment, CompartmentEntry entry, string id)
    {
        var clauses = ImmutableArray.CreateBuilder<Clause>();
        foreach (var code in entry.Parameters)
            if (context.Catalog.Find(entry.Type, code) is { Type: SearchParameterType.Reference } parameter)
                clauses.Add(new Clause.Matches(parameter, [new SearchValue.Reference(compartment.Type, id)]));
        return new Clause.AnyOf(clauses.ToImmutable());
    }

    private Outcome<SearchQuery> Parse(
        ImmutableArray<TypeQuery> scope, IReadOnlyList<QueryParameter> parameters, IReadOnlyList<QueryParameter> usedBefore)
    {
        if (parameters.Count > Limits.SearchParametersMax)
            return Bad("too-costly", $"A search may have at most {Limits.SearchParametersMax} parameters.");
        var clauses = scope.Select(query => query.Clauses.ToBuilder()).ToArray();
        var clauseParser = new ClauseParser(context);
        var resultParser = new ResultParser(context, [.. scope.Select(query => query.Type)]);
        var used = usedBefore.ToImmutableArray().ToBuilder();

        foreach (var parameter in parameters)
        {
            if (parameter.Value.Length == 0) continue;
            // No stored text has this character (R4 datatypes.html#string), and PostgreSQL has no text with it.
            if (parameter.Value.Contains('\0')) return Bad("value", "A search value may not contain the character U+0000.");
            var isResult = ResultParser.Knows(parameter.Name);
            var refusal = isResult
                ? resultParser.Read(parameter.Name, parameter.Value)
                : ReadClause(clauseParser, scope, clauses, parameter);
            if (refusal is null) used.Add(parameter);
            else if (refusal != Ignored) return refusal;
        }
        if (resultParser.Shape.Sort.Any(key => key.Code == SearchCatalog.Score) && clauses.Any(of => !of.OfType<Clause.Words>().Any()))
            return Bad("value", "_sort=_score orders by how well the words of _text and _content are met, so the search needs one of them.");
        var read = new SearchQuery(
            context.Definitions,
            [.. scope.Select((query, place) => query with { Clauses = clauses[place].ToImmutable() })], resultParser.Complete(), used.ToImmutable())
        {
            BaseUrl = context.BaseUrl,
        };
        return (SearchCost.Check(read) ?? ContainedSearch.Check(read)) is { } refused ? refused : read;
    }

    private Refusal? ReadClause(
        ClauseParser parser, ImmutableArray<TypeQuery> scope, ImmutableArray<Clause>.Builder[] clauses, QueryParameter parameter)
    {
        var read = new List<Clause>(scope.Length);
        foreach (var query in scope)
        {
            if (parser.Parse(query.Type, parameter.Name, parameter.Value) is not { } outcome)
                return context.Unknown is UnknownParameters.Ignore ? Ignored : UnknownParameter(query.Type, parameter.Name);
            if (outcome.IsRefused(out var refusal)) return refusal;
            read.Add(outcome.Value);
        }
        for (var place = 0; place < read.Count; place++) clauses[place].Add(read[place]);
        return null;
    }

    /// <summary>Stands for a parameter that is left out because the client asked for lenient handling; never sent.</summary>
    private static readonly Refusal Ignored = Bad("not-supported", "");

    private static Refusal UnknownParameter(TypeDefinition type, string name) =>
        Bad("not-supported", $"The search parameter '{name}' is not known or not supported for {type.Name}; see the CapabilityStatement.");

    private static Refusal Bad(string code, string diagnostics) => Refusal.Of(RefusalKind.BadRequest, code, diagnostics);
}

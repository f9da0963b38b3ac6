using System.Collections.Immutable;

using EventFhir.Core.Events;
using EventFhir.Core.Search;
using EventFhir.Model.Definitions;
using EventFhir.Model.Json;

namespace EventFhir.Core.Feed;

/// <summary>Makes criteria on single versions from what searches ask of compartments and tags; they are evaluated in memory.</summary>
internal static class ContentCriteria
{
    /// <param name="compartment">[type]/[id]; null for any.</param>
    /// <param name="tag">A value of the search parameter _tag; null for any.</param>
    public static Outcome<VersionCriteria> Of(SearchContext context, string? compartment, string? tag)
    {
        ImmutableArray<QueryParameter> parameters = tag is null ? [] : [new QueryParameter("_tag", tag)];
        ResourceKey? owner = null;
        var parser = new SearchParser(context);
        Outcome<SearchQuery> query;
        if (compartment is null) query = parser.ParseSystem(parameters);
        else
        {
            owner = ResourceKey.Find(context.Release, compartment);
            if (owner is not { } key || context.Release.Compartments.FirstOrDefault(one => one.Type == key.Type) is not { } definition)
                return FeedParameters.Bad("compartment is the type and id of a resource that has one.");
            query = parser.ParseCompartment(definition, key.Id.Value, type: null, parameters);
        }
        if (query.IsRefused(out var refusal)) return refusal;
        var queries = query.Value.Types.ToDictionary(static one => one.Type);
        // A compartment holds the resource that it belongs to, which need not be found by the references that make the compartment.
        var ofOwner = owner is { } held ? parser.Parse(held.Type, parameters).Value.Types[0] : null;
        var matcher = new SearchMatcher(context.Release, context.BaseUrl, []);
        return new VersionCriteria((type, body) =>
        {
            if (body.IsEmpty) return false;
            if (!queries.TryGetValue(type, out var wanted) && type != owner?.Type) return false;
            if (ResourceJsonReader.Read(body, context.Release).Resource is not { } resource) return false;
            if (ofOwner is not null && type == ofOwner.Type && resource.Id == owner?.Id.Value) return matcher.Matches(ofOwner, resource);
            return wanted is not null && matcher.Matches(wanted, resource);
        });
    }
}

using System.Collections.Immutable;

using EventFhir.Server.Formats;
using EventFhir.Server.Rest.Bundles;
using EventFhir.Server.Rest.Deferring;

namespace EventFhir.Server.Rest;

/// <summary>The table of all interactions (<see cref="Interaction"/>).</summary>
public static class Interactions
{
    private const string OfType = "/{type}";
    private const string OfInstance = "/{type}/{id}";

    public static Interaction OfMetadata(MetadataEndpoint metadata) =>
        new("capabilities", InteractionLevel.System, "GET", "/metadata", ["mode"], metadata.ReadAsync) { CanBeDeferred = false };

    public static ImmutableArray<Interaction> OfResources(ReadEndpoints reads, WriteEndpoints writes, HistoryEndpoints histories) =>
    [
        new("read", InteractionLevel.Instance, "GET", OfInstance, ReadEndpoints.Parameters, reads.ReadAsync),
        new("vread", InteractionLevel.Instance, "GET", OfInstance + "/_history/{version}", SubsetRequest.Parameters, reads.ReadVersionAsync),
        new("update", InteractionLevel.Instance, "PUT", OfInstance, [], writes.UpdateAsync),
        new("delete", InteractionLevel.Instance, "DELETE", OfInstance, [], writes.DeleteAsync),
        new("history-instance", InteractionLevel.Instance, "GET", OfInstance + "/_history", HistoryRequest.Parameters, histories.OfInstanceAsync),
        new("create", InteractionLevel.Type, "POST", OfType, [], writes.CreateAsync),
        new("history-type", InteractionLevel.Type, "GET", OfType + "/_history", HistoryRequest.Parameters, histories.OfTypeAsync),
        new("history-system", InteractionLevel.System, "GET", "/_history", HistoryRequest.Parameters, histories.OfSystemAsync),
    ];

    /// <summary>By criteria instead of an id, an update and a delete are the same interactions; a create by criteria has no URL of its own.</summary>
    public static ImmutableArray<Interaction> OfCriteria(ConditionalEndpoints conditionals) =>
    [
        new("update", InteractionLevel.Type, "PUT", OfType, default, conditionals.UpdateAsync),
        new("delete", InteractionLevel.Type, "DELETE", OfType, default, conditionals.DeleteAsync),
    ];

    public static ImmutableArray<Interaction> OfPatches(PatchEndpoints patches) =>
    [
        new("patch", InteractionLevel.Instance, "PATCH", OfInstance, [], patches.PatchAsync),
        new("patch", InteractionLevel.Type, "PATCH", OfType, default, patches.PatchByCriteriaAsync),
    ];

    /// <summary>A search by POST, or within a compartment, is the same interaction as by GET.</summary>
    public static ImmutableArray<Interaction> OfSearch(SearchEndpoints searches) =>
    [
        new("search-type", InteractionLevel.Type, "GET", OfType, default, searches.OfTypeAsync),
        new("search-type", InteractionLevel.Type, "POST", OfType + "/_search", default, searches.OfTypeAsync) { IsReading = true },
        new("search-type", InteractionLevel.Instance, "GET", OfInstance + "/{member}", default, searches.OfCompartmentAsync),
        new("search-system", InteractionLevel.System, "GET", "/", default, searches.OfSystemAsync),
        new("search-system", InteractionLevel.System, "POST", "/_search", default, searches.OfSystemAsync) { IsReading = true },
    ];

    /// <summary>One path for both: the type of the Bundle tells them apart.</summary>
    public static ImmutableArray<Interaction> OfBundles(BundleEndpoints bundles) =>
    [
        new("transaction", InteractionLevel.System, "POST", "/", [], bundles.AnswerAsync),
        new("batch", InteractionLevel.System, "POST", "/", [], bundles.AnswerAsync),
    ];

    /// <summary>Operations are no interactions, so the CapabilityStatement does not list them as such.</summary>
    public static ImmutableArray<Interaction> OfReindex(ReindexEndpoints reindex) =>
    [
        new("reindex", InteractionLevel.System, "GET", "/$reindex", [], reindex.ReadAsync),
        new("reindex", InteractionLevel.System, "POST", "/$reindex", [], reindex.StartAsync),
        new("reindex", InteractionLevel.Type, "POST", OfType + "/$reindex", [], reindex.StartOfTypeAsync),
        new("reindex", InteractionLevel.Instance, "POST", OfInstance + "/$reindex", [], reindex.OfInstanceAsync),
    ];

    /// <summary>Not of the specification's interactions: it leaves the URL to the server (R5 async-bundle.html).</summary>
    public static ImmutableArray<Interaction> OfDeferred(DeferredEndpoints deferred) =>
    [
        new("async-status", InteractionLevel.System, "GET", DeferredEndpoints.Path, [], deferred.ReadAsync) { CanBeDeferred = false },
        new("async-cancel", InteractionLevel.System, "DELETE", DeferredEndpoints.Path, [], deferred.CancelAsync) { CanBeDeferred = false },
    ];

    /// <summary>What destroys content, and what keeps it from being destroyed.</summary>
    public static ImmutableArray<Interaction> OfErasure(ErasureEndpoints erasures) =>
    [
        new("erase", InteractionLevel.Instance, "POST", OfInstance + "/$erase", [], erasures.EraseAsync),
        new("hold", InteractionLevel.Instance, "POST", OfInstance + "/$hold", [], erasures.HoldAsync),
        new("lift-hold", InteractionLevel.Instance, "POST", OfInstance + "/$lift-hold", [], erasures.LiftAsync),
    ];

    /// <summary>An operation of ours on what the log holds of a resource.</summary>
    public static ImmutableArray<Interaction> OfEvidence(EvidenceEndpoint evidence) =>
        [new("evidence-pack", InteractionLevel.Instance, "GET", OfInstance + "/$evidence-pack", [], evidence.ReadAsync)];

    public static ImmutableArray<Interaction> OfReplays(ReplayEndpoints replays) =>
    [
        new("replay", InteractionLevel.Instance, "GET", OfInstance + "/$replay", ReplayEndpoints.ReplayParameters, replays.ReplayAsync),
        new("diff", InteractionLevel.Instance, "GET", OfInstance + "/$diff", ReplayEndpoints.DiffParameters, replays.DiffAsync),
    ];

    /// <summary>
    /// Operations of the specification on every resource type, and $meta on the system; their codes are the names that the CapabilityStatement lists.
    /// </summary>
    public static ImmutableArray<Interaction> OfOperations(MetaEndpoints metas, ValidateEndpoints validations) =>
    [
        new("meta", InteractionLevel.Instance, "GET", OfInstance + "/$meta", [], metas.ReadAsync),
        new("meta", InteractionLevel.Instance, "GET", OfInstance + "/_history/{version}/$meta", [], metas.ReadVersionAsync),
        new("meta", InteractionLevel.Type, "GET", OfType + "/$meta", [], metas.ReadTypeAsync),
        new("meta", InteractionLevel.System, "GET", "/$meta", [], metas.ReadSystemAsync),
        new("meta-add", InteractionLevel.Instance, "POST", OfInstance + "/$meta-add", [], metas.AddAsync),
        new("meta-delete", InteractionLevel.Instance, "POST", OfInstance + "/$meta-delete", [], metas.DeleteAsync),
        new("validate", InteractionLevel.Type, "POST", OfType + "/$validate", ValidateEndpoints.Parameters, validations.OfTypeAsync)
        {
            IsReading = true,
        },
        new("validate", InteractionLevel.Instance, "POST", OfInstance + "/$validate", ValidateEndpoints.Parameters, validations.OfInstanceAsync)
        {
            IsReading = true,
        },
        new("validate", InteractionLevel.Instance, "GET", OfInstance + "/$validate", ValidateEndpoints.Parameters, validations.OfInstanceAsync),
    ];

    /// <summary>What the CapabilityStatement claims of a table.</summary>
    public static Abilities AbilitiesOf(
        ImmutableArray<Interaction> table, ImmutableArray<Interaction> operations, ConditionalDelete deletes)
    {
        return new Abilities(
            [.. table.Where(interaction => interaction.Level is not InteractionLevel.System).Select(interaction => interaction.Code).Distinct()],
            [.. table.Where(interaction => interaction.Level is InteractionLevel.System).Select(interaction => interaction.Code).Distinct()])
        {
            Operations = [.. operations.Select(operation => operation.Code).Distinct()],
            HasConditionalUpdate = IsByCriteria("PUT"),
            ConditionalDelete = !IsByCriteria("DELETE") ? "not-supported" : deletes is Rest.ConditionalDelete.Multiple ? "multiple" : "single",
        };

        bool IsByCriteria(string method) => table.Any(interaction => interaction.Path == OfType && interaction.Method == method);
    }
}

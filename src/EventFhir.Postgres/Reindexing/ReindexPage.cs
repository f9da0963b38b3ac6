using EventFhir.Model.Definitions;
using EventFhir.Postgres.Parameters;
using EventFhir.Postgres.Projections;
using EventFhir.Postgres.Writing;

using Npgsql;

namespace EventFhir.Postgres.Reindexing;

/// <summary>The index rows of a page of resources.</summary>
internal sealed class ReindexPage
{
    private readonly Dictionary<TypeDefinition, IndexRows> rows = [];

    public ReindexPage(IndexTarget target, List<WalkedResource> resources)
    {
        (Target, Resources) = (target, resources);
        for (var place = 0; place < resources.Count; place++)
        {
            var resource = resources[place];
            if (!rows.TryGetValue(resource.Type, out var ofType))
                rows.Add(resource.Type, ofType = new IndexRows(target.Projections.TablesOf(resource.Type)));
            ofType.AddNew(place + 1, resource.Entries, References);
        }
    }

    public IndexTarget Target { get; }
    public List<WalkedResource> Resources { get; }
    public References References { get; } = new();

    /// <summary>To follow a setting of es.rids.</summary>
    public void AddTo(NpgsqlBatch batch)
    {
        foreach (var ofType in rows.Values) ofType.AddRenewalTo(batch);
    }
}

using EventFhir.Core.Events;
using EventFhir.Model.Definitions;

namespace EventFhir.Core.Bundles;

/// <summary>What an entry of a transaction asks for, as its method and URL say.</summary>
public abstract record EntryAction
{
    private EntryAction() { }

    /// <summary>The order of execution (R4 http.html#trules): deletes, creates, updates, reads.</summary>
    public abstract int Rank { get; }

    /// <summary>POST [type].</summary>
    public sealed record Create(TypeDefinition Type) : EntryAction
    {
        public override int Rank => 1;
    }

    /// <summary>PUT or DELETE [type]/[id].</summary>
    public sealed record Write(WriteKind Kind, ResourceKey Key) : EntryAction
    {
        public override int Rank => RankOf(Kind);
    }

    /// <summary>POST [type] with ifNoneExist; PUT or DELETE [type]?criteria.</summary>
    /// <param name="Query">The criteria as they were sent, without question mark.</param>
    public sealed record ByCriteria(WriteKind Kind, TypeDefinition Type, string Query) : EntryAction
    {
        public override int Rank => RankOf(Kind);
    }

    /// <summary>PATCH [type]/[id]; POST [type]/[id]/$meta-add and $meta-delete, which change a part of the resource too.</summary>
    public sealed record Patch(ResourceKey Key) : EntryAction
    {
        /// <summary>Null for a patch proper.</summary>
        public MetaChange? Meta { get; init; }

        /// <summary>The version that met the criteria by which it was found; null where there were none.</summary>
        public long? Version { get; init; }

        public override int Rank => 2;
    }

    /// <summary>PATCH [type]?criteria.</summary>
    /// <param name="Query">The criteria as they were sent, without question mark.</param>
    public sealed record PatchByCriteria(TypeDefinition Type, string Query) : EntryAction
    {
        public override int Rank => 2;
    }

    /// <summary>The same, when it has been applied: the entry has the patched resource.</summary>
    /// <param name="Version">The version that was patched.</param>
    public sealed record Patched(ResourceKey Key, long Version) : EntryAction
    {
        public override int Rank => 2;
    }

    /// <summary>GET or HEAD of anything; a search or operation by POST that changes nothing.</summary>
    public sealed record Fetch : EntryAction
    {
        public override int Rank => 3;
    }

    /// <param name="baseUrl">Of this server, without a slash at the end.</param>
    public static Outcome<EntryAction> Of(BundleEntry entry, Release release, string baseUrl)
    {
        if (entry.Fault is { } fault) return fault;
        if (entry.Method is "GET" or "HEAD") return new Fetch();
        var url = EntryUrl.Of(entry.Url, baseUrl);
        if (entry.Method is "POST" && url is { Segments: [var owner, var member, var operation], Query: "" } && ChangeOf(operation) is { } change
            && release.FindResourceType(owner) is { } owned && ResourceId.TryParse(member, out var memberId))
            return WithResource(entry, new Patch(new ResourceKey(owned, memberId)) { Meta = change });
        // Whether there is such a search or operation, and that it changes nothing, is known to those who carry it out.
        if (entry.Method is "POST" && url.Segments is [.., ['$' or '_', ..]]) return new Fetch();
        if (url.Segments is not [var name, .. var rest] || rest.Length > 1 || release.FindResourceType(name) is not { } type)
            return Bad(entry, "value", "The URL of a write is that of a resource type, or of a resource: [type], [type]/[id].");
        if (entry.Method is "POST")
        {
            if (rest.Length > 0 || url.Query.Length > 0) return Bad(entry, "not-supported", "In a transaction, POST creates: its URL is [type].");
            EntryAction create = entry.IfNoneExist is { } query
                ? new ByCriteria(WriteKind.Create, type, query.Trim().TrimStart('?'))
                : new Create(type);
            return WithResource(entry, create);
        }
        if (entry.Method is "PATCH" && rest.Length == 0 && url.Query.Length > 0) return WithResource(entry, new PatchByCriteria(type, url.Query));
        if (entry.Method is "PATCH")
            return rest is [var patched] && url.Query.Length == 0 && ResourceId.TryParse(patched, out var patchedId)
                ? WithResource(entry, new Patch(new ResourceKey(type, patchedId)))
                : Bad(entry, "value", "The URL of a patch is [type]/[id], or [type]?criteria.");
        if (KindOf(entry.Method) is not { } kind)
            return Refusal.Of(
                RefusalKind.BadRequest, "code-invalid", "The method is GET, HEAD, POST, PUT, DELETE or PATCH.", $"{entry.Path}.request.method");
        if (rest.Length == 0 && url.Query.Length > 0) return WithResource(entry, new ByCriteria(kind, type, url.Query));
        return rest is [var text] && url.Query.Length == 0 && ResourceId.TryParse(text, out var id)
            ? WithResource(entry, new Write(kind, new ResourceKey(type, id)))
            : Bad(entry, "value", $"The URL of {entry.Method} is [type]/[id], or [type]?criteria.");
    }

    private static MetaChange? ChangeOf(string operation) => operation switch
    {
        "$meta-add" => MetaChange.Add,
        "$meta-delete" => MetaChange.Delete,
        _ => null,
    };

    private static int RankOf(WriteKind kind) => kind switch
    {
        WriteKind.Delete => 0,
        WriteKind.Create => 1,
        _ => 2,
    };

    private static WriteKind? KindOf(string method) => method switch
    {
        "PUT" => WriteKind.Update,
        "DELETE" => WriteKind.Delete,
        _ => null,
    };

    private static Outcome<EntryAction> WithResource(BundleEntry entry, EntryAction action) =>
        entry.Resource.IsEmpty && entry.Method is not "DELETE"
            ? Refusal.Of(RefusalKind.BadRequest, "required", "This request needs a resource.", $"{entry.Path}.resource")
            : action;

    private static Refusal Bad(BundleEntry entry, string code, string diagnostics) =>
        Refusal.Of(RefusalKind.BadRequest, code, diagnostics, $"{entry.Path}.request.url");
}

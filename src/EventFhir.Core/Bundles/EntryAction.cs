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
        public override int Rank => Kind is WriteKind.Delete ? 0 : 2;
    }

    /// <summary>GET or HEAD of anything.</summary>
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
        if (url.Query.Length > 0)
            return Bad(entry, "not-supported", "Conditional updates, patches and deletes are not supported in transactions.");
        if (url.Segments is not [var name, .. var rest] || rest.Length > 1 || release.FindResourceType(name) is not { } type)
            return Bad(entry, "value", "The URL of a write is that of a resource type, or of a resource: [type], [type]/[id].");
        if (entry.Method is "POST")
            return rest.Length == 0
                ? WithResource(entry, new Create(type))
                : Bad(entry, "not-supported", "In a transaction, POST creates: its URL is [type].");
        if (rest is not [var text] || !ResourceId.TryParse(text, out var id))
            return Bad(entry, "value", $"The URL of {(entry.Method is "PUT" ? "an update" : "this request")} is [type]/[id].");
        var key = new ResourceKey(type, id);
        return entry.Method switch
        {
            "PUT" => WithResource(entry, new Write(WriteKind.Update, key)),
            "DELETE" => new Write(WriteKind.Delete, key),
            "PATCH" => Bad(entry, "not-supported", "PATCH is not supported in transactions."),
            _ => Refusal.Of(
                RefusalKind.BadRequest, "code-invalid", "The method is GET, HEAD, POST, PUT, DELETE or PATCH.", $"{entry.Path}.request.method"),
        };
    }

    private static Outcome<EntryAction> WithResource(BundleEntry entry, EntryAction action) =>
        entry.Resource.IsEmpty
            ? Refusal.Of(RefusalKind.BadRequest, "required", "This request needs a resource.", $"{entry.Path}.resource")
            : action;

    private static Refusal Bad(BundleEntry entry, string code, string diagnostics) =>
        Refusal.Of(RefusalKind.BadRequest, code, diagnostics, $"{entry.Path}.request.url");
}

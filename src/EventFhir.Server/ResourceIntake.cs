using EventFhir.Core;
using EventFhir.Core.Bundles;
using EventFhir.Core.Events;
using EventFhir.Core.Search.Parameters;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.Json;
using EventFhir.Model.Validation;

namespace EventFhir.Server;

/// <summary>What the id in a body has to be: a create ignores it, an update needs that of the URL.</summary>
public enum BodyId { Ignored, Required }

/// <summary>Turns the text of a resource into what the store takes: read, check, compose, extract. REST and import go this way alike.</summary>
public sealed class ResourceIntake(ActiveDefinitions active)
{
    private readonly Release release = active.Current.Release;

    /// <summary>For a resource whose key the URL tells. Nothing that is returned points into the text.</summary>
    public (ResourceContent? Content, Refusal? Refusal) Prepare(ReadOnlyMemory<byte> json, ResourceKey key, BodyId bodyId)
    {
        var read = ResourceJsonReader.Read(json, release);
        return Refuse(read, key, bodyId) is { } refusal ? (null, refusal) : Accept(read, read.Resource!, key.Id);
    }

    /// <summary>For a resource of a transaction, whose links are rewritten before it is looked at.</summary>
    public (ResourceContent? Content, Refusal? Refusal) Prepare(ReadOnlyMemory<byte> json, ResourceKey key, BodyId bodyId, LinkRewriter links)
    {
        var read = ResourceJsonReader.Read(json, release, ResourcePlace.TransactionEntry);
        if (Refuse(read, key, bodyId) is { } refusal) return (null, refusal);
        if (read.Verdict is not ReadVerdict.Valid) return (null, new Refusal(RefusalKind.Unprocessable, read.Issues));
        var rewritten = links.Rewrite(read.Resource!);
        return rewritten.IsRefused(out var broken) ? (null, broken) : Accept(read, rewritten.Value, key.Id);
    }

    /// <summary>For a resource that brings its key.</summary>
    /// <param name="fallbackId">The id if the resource has none; null if there is none.</param>
    public (ResourceKey Key, ResourceContent? Content, Refusal? Refusal) Prepare(ReadOnlyMemory<byte> json, string? fallbackId)
    {
        var read = ResourceJsonReader.Read(json, release);
        if (read.Resource is not { } resource) return (default, null, new Refusal(RefusalKind.BadRequest, read.Issues));
        if (!ResourceId.TryParse(resource.Id ?? fallbackId, out var id))
            return (default, null, BadRequest("The resource has no correct id, and nothing else names one.", $"{resource.Type.Name}.id"));
        var (content, refusal) = Accept(read, resource, id);
        return (new ResourceKey(resource.Type, id), content, refusal);
    }

    /// <summary>Null if the text is a resource, and that of the URL.</summary>
    private static Refusal? Refuse(ReadResult read, ResourceKey key, BodyId bodyId)
    {
        if (read.Resource is not { } resource) return new Refusal(RefusalKind.BadRequest, read.Issues);
        if (resource.Type != key.Type) return BadRequest($"The URL is for {key.Type.Name}, the body is of another resource type.", "resourceType");
        return bodyId is BodyId.Required && resource.Id != key.Id.Value
            ? BadRequest("The body must have the id of the URL.", $"{key.Type.Name}.id")
            : null;
    }

    private (ResourceContent?, Refusal?) Accept(ReadResult read, Resource resource, ResourceId id)
    {
        if (read.Verdict is not ReadVerdict.Valid) return (null, new Refusal(RefusalKind.Unprocessable, read.Issues));
        var issues = ResourceValidator.Validate(resource);
        foreach (var issue in issues)
            if (issue.IsError) return (null, new Refusal(RefusalKind.Unprocessable, issues));
        if (resource.Type.Name == CustomParameterReader.TypeName
            && new CustomParameterReader(active.Current).Read(resource, id.Value).IsRefused(out var refusal)) return (null, refusal);
        return (new ResourceContent(BodyTemplate.Of(resource, id), active.Extractor.Extract(resource)), null);
    }

    private static Refusal BadRequest(string diagnostics, string expression) =>
        Refusal.Of(RefusalKind.BadRequest, "invariant", diagnostics, expression);
}

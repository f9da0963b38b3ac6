using EventFhir.Core;
using EventFhir.Core.Events;
using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.Json;
using EventFhir.Model.Validation;
using EventFhir.Postgres.Replay;

namespace EventFhir.Server;

/// <summary>What the id in a body has to be: a create ignores it, an update needs that of the URL.</summary>
public enum BodyId { Ignored, Required }

/// <summary>Turns the text of a resource into what the store takes: read, check, compose, extract. REST and import go this way alike.</summary>
public sealed class ResourceIntake(Release release, IndexExtractor extractor)
{
    public static ResourceIntake For(EventFhirOptions options) =>
        new(options.Release, new IndexExtractor(options.Definitions, options.BaseUrl is null ? null : new Uri(options.BaseUrl)));

    /// <summary>For a resource whose key the URL tells. Nothing that is returned points into the text.</summary>
    public (ResourceContent? Content, Refusal? Refusal) Prepare(ReadOnlyMemory<byte> json, ResourceKey key, BodyId bodyId)
    {
        var read = ResourceJsonReader.Read(json, release);
        if (read.Resource is not { } resource) return (null, new Refusal(RefusalKind.BadRequest, read.Issues));
        if (resource.Type != key.Type)
            return (null, BadRequest($"The URL is for {key.Type.Name}, the body is of another resource type.", "resourceType"));
        if (bodyId is BodyId.Required && resource.Id != key.Id.Value)
            return (null, BadRequest("The body must have the id of the URL.", $"{key.Type.Name}.id"));
        return Accept(read, resource, key.Id);
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

    /// <summary>How rebuild and verify make the search rows of stored text: as the write did.</summary>
    public ReplayRules ReplayRules => new(release, extractor.Definitions.LayoutOf, (type, body) =>
        ResourceJsonReader.Read(body, release).Resource is { } resource && resource.Type == type
            ? extractor.Extract(resource)
            : throw new InvalidDataException($"A stored {type.Name} cannot be read."));

    private (ResourceContent?, Refusal?) Accept(ReadResult read, Resource resource, ResourceId id)
    {
        if (read.Verdict is not ReadVerdict.Valid) return (null, new Refusal(RefusalKind.Unprocessable, read.Issues));
        var issues = ResourceValidator.Validate(resource);
        foreach (var issue in issues)
            if (issue.IsError) return (null, new Refusal(RefusalKind.Unprocessable, issues));
        return (new ResourceContent(BodyTemplate.Of(resource, id), extractor.Extract(resource)), null);
    }

    private static Refusal BadRequest(string diagnostics, string expression) =>
        Refusal.Of(RefusalKind.BadRequest, "invariant", diagnostics, expression);
}

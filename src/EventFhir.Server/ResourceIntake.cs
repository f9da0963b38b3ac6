using System.Collections.Immutable;

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
        var read = ReadOf(json, key.Type, ResourcePlace.Alone);
        if (read.IsRefused(out var refusal)) return (null, refusal);
        var resource = read.Value.Resource!;
        if (bodyId is BodyId.Required && resource.Id != key.Id.Value)
            return (null, BadRequest("The body must have the id of the URL.", $"{key.Type.Name}.id"));
        return Check(read.Value, resource) is { } invalid ? (null, invalid) : Compose(resource, key.Id);
    }

    /// <summary>For a resource that gets its id later, by <see cref="Compose"/>; it points into the text.</summary>
    public Outcome<Resource> Read(ReadOnlyMemory<byte> json, TypeDefinition type)
    {
        var read = ReadOf(json, type, ResourcePlace.Alone);
        if (read.IsRefused(out var refusal)) return refusal;
        return Check(read.Value, read.Value.Resource!) is { } invalid ? invalid : read.Value.Resource!;
    }

    /// <summary>For a resource of a transaction, whose links are rewritten before it is checked; it points into a text of its own or that of the
    /// transaction.</summary>
    public Outcome<Resource> Read(ReadOnlyMemory<byte> json, TypeDefinition type, LinkRewriter links)
    {
        var read = ReadOf(json, type, ResourcePlace.TransactionEntry);
        if (read.IsRefused(out var refusal)) return refusal;
        if (read.Value.Verdict is not ReadVerdict.Valid) return new Refusal(RefusalKind.Unprocessable, read.Value.Issues);
        var rewritten = links.Rewrite(read.Value.Resource!);
        if (rewritten.IsRefused(out refusal)) return refusal;
        return Check(read.Value, rewritten.Value) is { } invalid ? invalid : rewritten.Value;
    }

    /// <returns>With a resource, of that type.</returns>
    private Outcome<ReadResult> ReadOf(ReadOnlyMemory<byte> json, TypeDefinition type, ResourcePlace place)
    {
        var read = ResourceJsonReader.Read(json, release, place);
        if (read.Resource is not { } resource) return new Refusal(RefusalKind.BadRequest, read.Issues);
        return resource.Type == type
            ? read
            : BadRequest($"The URL is for {type.Name}, the body is of another resource type.", "resourceType");
    }

    /// <summary>For a resource that brings its key.</summary>
    /// <param name="fallbackId">The id if the resource has none; null if there is none.</param>
    public (ResourceKey Key, ResourceContent? Content, Refusal? Refusal) Prepare(ReadOnlyMemory<byte> json, string? fallbackId)
    {
        var read = ResourceJsonReader.Read(json, release);
        if (read.Resource is not { } resource) return (default, null, new Refusal(RefusalKind.BadRequest, read.Issues));
        if (!ResourceId.TryParse(resource.Id ?? fallbackId, out var id))
            return (default, null, BadRequest("The resource has no correct id, and nothing else names one.", $"{resource.Type.Name}.id"));
        if (Check(read, resource) is { } invalid) return (default, null, invalid);
        var (content, refusal) = Compose(resource, id);
        return (new ResourceKey(resource.Type, id), content, refusal);
    }

    private static Refusal? Check(ReadResult read, Resource resource)
    {
        if (read.Verdict is not ReadVerdict.Valid) return new Refusal(RefusalKind.Unprocessable, read.Issues);
        var issues = ResourceValidator.Validate(resource);
        foreach (var issue in issues)
            if (issue.IsError) return new Refusal(RefusalKind.Unprocessable, issues);
        return null;
    }

    /// <summary>All that there is to say of a resource, advice included; nothing is stored.</summary>
    /// <param name="id">The id that it must have; null if it need not have one.</param>
    public ImmutableArray<Issue> Inspect(ReadOnlyMemory<byte> json, TypeDefinition type, string? id)
    {
        var read = ReadOf(json, type, ResourcePlace.Alone);
        if (read.IsRefused(out var refusal)) return refusal.Issues;
        if (read.Value.Verdict is not ReadVerdict.Valid) return read.Value.Issues;
        var resource = read.Value.Resource!;
        var issues = ResourceValidator.Validate(resource, InvariantWarnings.Report);
        if (id is not null && resource.Id != id)
            issues = issues.Add(new Issue(IssueSeverity.Error, "invariant", "The body must have the id of the URL.", $"{type.Name}.id"));
        return type.Name == CustomParameterReader.TypeName
            && new CustomParameterReader(active.Current).Read(resource, resource.Id ?? "new").IsRefused(out refusal)
            ? issues.AddRange(refusal.Issues) : issues;
    }

    /// <summary>What is stored of a resource that was checked. Nothing that is returned points into its text.</summary>
    public (ResourceContent? Content, Refusal? Refusal) Compose(Resource resource, ResourceId id)
    {
        if (resource.Type.Name == CustomParameterReader.TypeName
            && new CustomParameterReader(active.Current).Read(resource, id.Value).IsRefused(out var refusal)) return (null, refusal);
        return (new ResourceContent(BodyTemplate.Of(resource, id), active.Extractor.Extract(resource)), null);
    }

    private static Refusal BadRequest(string diagnostics, string expression) =>
        Refusal.Of(RefusalKind.BadRequest, "invariant", diagnostics, expression);
}

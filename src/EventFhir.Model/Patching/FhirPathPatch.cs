using System.Collections.Immutable;
using System.Globalization;
using System.Text;

using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.FhirPath;
using EventFhir.Model.Json;

namespace EventFhir.Model.Patching;

/// <summary>A patch as a Parameters resource (R4 fhirpatch.html). Immutable; may be applied any number of times.</summary>
public sealed class FhirPathPatch
{
    private enum Verb { Add, Insert, Delete, Replace, Move }

    private readonly Release release;
    private readonly ImmutableArray<Operation> operations;

    private FhirPathPatch(Release release, ImmutableArray<Operation> operations) => (this.release, this.operations) = (release, operations);

    /// <summary>Null if the resource is no patch; then there is a fault.</summary>
    /// <param name="parameters">A Parameters resource without structural faults.</param>
    public static FhirPathPatch? Parse(Resource parameters, out PatchFault? fault)
    {
        var root = (JsonPart.Members)JsonPart.Parse(parameters.Json, out _)!;
        var operations = ImmutableArray.CreateBuilder<Operation>();
        fault = null;
        foreach (var part in (root.Find("parameter"u8) as JsonPart.List)?.Items ?? [])
        {
            var reason = operations.Count == Limits.PatchOperationsMax
                ? $"A patch may have up to {Limits.PatchOperationsMax} operations."
                : Read(parameters.Release, (JsonPart.Members)part, out var operation) is { } wrong ? wrong : Keep(operations, operation!);
            if (reason is null) continue;
            fault = new PatchFault(PatchFaultKind.Malformed, operations.Count, reason);
            return null;
        }
        return new FhirPathPatch(parameters.Release, operations.ToImmutable());
    }

    /// <param name="json">A resource.</param>
    public PatchOutcome Apply(ReadOnlyMemory<byte> json)
    {
        if ((long)json.Length * operations.Length > Limits.PatchWorkBytesMax)
            return Refused(-1, "So many operations on so large a resource take too long; send several patches, or update the resource.");
        for (var index = 0; index < operations.Length; index++)
        {
            // Each operation sees what those before it have left, which need not be valid yet.
            if (ResourceJsonReader.Read(json, release).Resource is not { } resource)
                return Refused(index, "What the patch has made is no resource.");
            var patched = new PatchedResource(resource);
            if (Apply(patched, operations[index]) is { } reason) return Refused(index, reason);
            json = patched.Write();
            if (json.Length > Limits.BodyBytesMax) return Refused(index, "The patch makes the resource too large.");
        }
        return new PatchOutcome(json, null);
    }

    private static PatchOutcome Refused(int index, string reason) =>
        new(default, new PatchFault(PatchFaultKind.NotApplicable, index, reason));

    private static string? Apply(PatchedResource patched, Operation operation)
    {
        var found = new List<Element>();
        if (Evaluate(patched.Resource, operation.Path, found) is { } failed) return failed;
        switch (operation.Verb)
        {
            case Verb.Add:
                return found.Count == 1 ? patched.Add(found[0], operation.Name, operation.Value!) : NotOne(found.Count);
            case Verb.Replace:
                return found.Count == 1 ? patched.Replace(found[0], operation.Value!) : NotOne(found.Count);
            case Verb.Delete:
                // R4 fhirpatch.html: what is not there need not be deleted.
                return found.Count switch { 0 => null, 1 => patched.Delete(found[0]), _ => NotOne(found.Count) };
            case Verb.Insert:
                return found.Count > 0 ? patched.Insert(found, operation.Source, operation.Value!) : InsertFirst(patched, operation);
            default:
                return found.Count > 0 ? patched.Move(found, operation.Source, operation.Destination) : NotOne(0);
        }
    }

    /// <summary>A list without items has no element to be found by: its owner has, and the last name of the path says which list is meant.</summary>
    private static string? InsertFirst(PatchedResource patched, Operation operation)
    {
        if (operation.Source != 0 || operation.Owner is null) return NotOne(0);
        var found = new List<Element>();
        if (Evaluate(patched.Resource, operation.Owner, found) is { } failed) return failed;
        return found.Count == 1 ? patched.Add(found[0], operation.Name, operation.Value!) : NotOne(found.Count);
    }

    private static string NotOne(int count) =>
        count == 0 ? "The path leads to nothing." : string.Create(CultureInfo.InvariantCulture, $"The path leads to {count} elements, not to one.");

    /// <returns>What is wrong; null if nothing is.</returns>
    private static string? Evaluate(Resource resource, FhirPathExpression path, List<Element> found)
    {
        var outcome = path.Evaluate(resource.Root, EvaluationContext.Default with { StepsMax = Limits.PatchStepsMax });
        if (outcome.Error is { } error) return $"The path cannot be evaluated ({error.Kind}).";
        foreach (var value in outcome.Values)
        {
            if (!value.IsElement || value.Element.Resource != resource) return "The path leads to values, not to elements of the resource.";
            if (!found.Contains(value.Element)) found.Add(value.Element);
        }
        return null;
    }

    private static string? Keep(ImmutableArray<Operation>.Builder operations, Operation operation)
    {
        operations.Add(operation);
        return null;
    }

    /// <returns>What is wrong; null if nothing is.</returns>
    private static string? Read(Release release, JsonPart.Members parameter, out Operation? operation)
    {
        operation = null;
        if (PatchValue.TextOf(parameter, "name"u8) is not "operation") return "The parameters of a patch are named \"operation\".";
        var parts = new Dictionary<string, PatchValue>();
        foreach (var part in (parameter.Find("part"u8) as JsonPart.List)?.Items ?? [])
        {
            var value = PatchValue.Of((JsonPart.Members)part);
            if (value.Name is not ("type" or "path" or "name" or "value" or "index" or "source" or "destination"))
                return "An operation has type, path, name, value, index, source and destination.";
            if (!parts.TryAdd(value.Name, value)) return "A part of an operation occurs twice.";
        }
        Verb? verb = Text("type") switch
        {
            "add" => Verb.Add,
            "insert" => Verb.Insert,
            "delete" => Verb.Delete,
            "replace" => Verb.Replace,
            "move" => Verb.Move,
            _ => null,
        };
        if (verb is not { } known) return "\"type\" is add, insert, delete, replace or move.";
        if (Text("path") is not { Length: > 0 } path) return "An operation needs a path.";
        if (!FhirPathExpression.TryCompile(path, release, out var compiled, out var error))
            return $"The path is no FHIRPath expression (at {error.Position}).";
        var (name, owner) = (Text("name") ?? "", (FhirPathExpression?)null);
        if (known is Verb.Add && name.Length == 0) return "An add needs the name of the element.";
        if (known is Verb.Insert && path.LastIndexOf('.') is > 0 and var dot)
        {
            name = path[(dot + 1)..];
            FhirPathExpression.TryCompile(path[..dot], release, out owner, out _);
        }
        var given = parts.GetValueOrDefault("value");
        if (known is Verb.Add or Verb.Insert or Verb.Replace && given is not { IsEmpty: false }) return "The operation needs a value.";
        var source = Number(known is Verb.Insert ? "index" : "source");
        var destination = Number("destination");
        if (known is Verb.Insert or Verb.Move && source is null) return "The operation needs a place to begin with, from 0.";
        if (known is Verb.Move && destination is null) return "A move needs a destination, from 0.";
        operation = new Operation(known, compiled, owner, name, given, source ?? 0, destination ?? 0);
        return null;

        string? Text(string part) => parts.TryGetValue(part, out var value) ? value.Text : null;

        int? Number(string part) =>
            parts.TryGetValue(part, out var value) && value.Value is JsonPart.Scalar { Kind: JsonKind.Number } number
            && int.TryParse(Encoding.ASCII.GetString(number.Raw.Span), NumberStyles.None, CultureInfo.InvariantCulture, out var parsed)
                ? parsed
                : null;
    }

    /// <param name="Owner">Of an insert: what the path leads to without its last name.</param>
    /// <param name="Source">Of an insert: the index.</param>
    private sealed record Operation(
        Verb Verb, FhirPathExpression Path, FhirPathExpression? Owner, string Name, PatchValue? Value, int Source, int Destination);
}

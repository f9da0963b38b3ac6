using System.Buffers;
using System.Text;

using EventFhir.Model.Json;

namespace EventFhir.Model.Patching;

/// <summary>A patch document of RFC 6902. Immutable; may be applied any number of times.</summary>
public sealed class JsonPatch
{
    /// <summary>Four have a meaning; others are left aside.</summary>
    private const int MembersMax = 16;

    private enum Verb { Add, Remove, Replace, Move, Copy, Test }

    private readonly Operation[] operations;

    private JsonPatch(Operation[] operations) => this.operations = operations;

    /// <summary>Null if the text is no patch document; then there is a fault.</summary>
    public static JsonPatch? Parse(ReadOnlyMemory<byte> json, out PatchFault? fault)
    {
        fault = null;
        var parsed = JsonPart.Parse(json, out var wrong);
        if (parsed is null) return Malformed(-1, wrong!, out fault);
        if (parsed is not JsonPart.List list) return Malformed(-1, "A JSON Patch is an array of operations.", out fault);
        if (list.Items.Count > Limits.PatchOperationsMax)
            return Malformed(-1, $"A patch may have up to {Limits.PatchOperationsMax} operations.", out fault);
        var operations = new Operation[list.Items.Count];
        for (var index = 0; index < operations.Length; index++)
        {
            if (Read(list.Items[index], out var operation) is { } reason) return Malformed(index, reason, out fault);
            operations[index] = operation;
        }
        return new JsonPatch(operations);
    }

    /// <param name="json">Any JSON.</param>
    public PatchOutcome Apply(ReadOnlyMemory<byte> json)
    {
        var root = JsonPart.Parse(json, out var wrong);
        if (root is null) return new PatchOutcome(default, new PatchFault(PatchFaultKind.NotApplicable, -1, wrong!));
        var document = new PatchedDocument(root);
        for (var index = 0; index < operations.Length; index++)
            if (Apply(document, operations[index]) is { } reason)
                return new PatchOutcome(default, new PatchFault(PatchFaultKind.NotApplicable, index, reason));
        var target = new ArrayBufferWriter<byte>(json.Length + 256);
        document.Root.Write(target);
        return new PatchOutcome(target.WrittenMemory, null);
    }

    /// <summary>Whether an operation changes this place itself, or moves it away.</summary>
    public bool Changes(params ReadOnlySpan<string> names)
    {
        foreach (var operation in operations)
        {
            if (operation.Verb is not Verb.Test && operation.Path.Is(names)) return true;
            if (operation.Verb is Verb.Move && operation.From.Is(names)) return true;
        }
        return false;
    }

    private static string? Apply(PatchedDocument document, Operation operation) => operation.Verb switch
    {
        Verb.Add => document.Add(operation.Path, operation.Value!.Copy()),
        Verb.Remove => document.Remove(operation.Path, out _),
        Verb.Replace => document.Replace(operation.Path, operation.Value!.Copy()),
        Verb.Move => document.Move(operation.From, operation.Path),
        Verb.Copy => document.Copy(operation.From, operation.Path),
        _ => document.Find(operation.Path) is not { } found ? PatchedDocument.Missing
            : JsonEquality.AreEqual(found, operation.Value!) ? null : "The value to be tested is another one.",
    };

    /// <returns>What is wrong; null if nothing is.</returns>
    private static string? Read(JsonPart part, out Operation operation)
    {
        operation = default;
        if (part is not JsonPart.Members { Entries.Count: <= MembersMax } members) return $"An operation is an object of up to {MembersMax} members.";
        foreach (var member in members.Entries)
            if (members.Entries.Count(other => other.Name.Span.SequenceEqual(member.Name.Span)) > 1) return "A member occurs twice.";
        Verb? verb = Text(members, "op"u8) switch
        {
            "add" => Verb.Add,
            "remove" => Verb.Remove,
            "replace" => Verb.Replace,
            "move" => Verb.Move,
            "copy" => Verb.Copy,
            "test" => Verb.Test,
            _ => null,
        };
        if (verb is not { } known) return "\"op\" is add, remove, replace, move, copy or test.";
        if (Text(members, "path"u8) is not { } path || JsonPointer.Parse(path) is not { } target) return "\"path\" is a JSON Pointer.";
        JsonPointer? source = target;
        if (known is Verb.Move or Verb.Copy) source = Text(members, "from"u8) is { } from ? JsonPointer.Parse(from) : null;
        if (source is not { } origin) return "\"from\" is a JSON Pointer.";
        var value = members.Find("value"u8);
        if (value is null && known is Verb.Add or Verb.Replace or Verb.Test) return "The operation has no \"value\".";
        operation = new Operation(known, target, origin, value);
        return null;
    }

    private static string? Text(JsonPart.Members members, ReadOnlySpan<byte> name) =>
        members.Find(name) is JsonPart.Scalar { Kind: JsonKind.String } text ? Encoding.UTF8.GetString(text.Text.Span) : null;

    private static JsonPatch? Malformed(int index, string diagnostics, out PatchFault? fault)
    {
        fault = new PatchFault(PatchFaultKind.Malformed, index, diagnostics);
        return null;
    }

    /// <param name="From">As the path where the verb has none.</param>
    private readonly record struct Operation(Verb Verb, JsonPointer Path, JsonPointer From, JsonPart? Value);
}

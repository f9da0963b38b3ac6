using System.Buffers;
using System.Globalization;
using System.Text;

using EventFhir.Model.Json;

namespace EventFhir.Model.Patching;

/// <summary>One operation of a FHIRPath Patch (R4 fhirpatch.html) that a difference consists of.</summary>
public sealed record DiffOperation
{
    internal DiffOperation(string verb, string path, string name, int? index, JsonPart.Members? value) =>
        (Verb, Path, Name, Index, this.value) = (verb, path, name, index, value);

    private readonly JsonPart.Members? value;

    /// <summary>"add", "insert", "delete" or "replace".</summary>
    public string Verb { get; }

    /// <summary>What it changes, of an insert the list, of an add what it adds to: "Patient.name[0].given".</summary>
    public string Path { get; }

    /// <summary>Of an add: the element's name in FHIRPath; else empty.</summary>
    public string Name { get; }

    /// <summary>Of an insert: where in the list, from 0.</summary>
    public int? Index { get; }

    /// <summary>The operation as one parameter of a Parameters resource, in UTF-8.</summary>
    public ReadOnlyMemory<byte> Json
    {
        get
        {
            var parts = new JsonPart.List();
            parts.Items.Add(DiffValue.Text("type", "valueCode", Verb));
            parts.Items.Add(DiffValue.Text("path", "valueString", Path));
            if (Name.Length > 0) parts.Items.Add(DiffValue.Text("name", "valueString", Name));
            if (Index is { } index) parts.Items.Add(DiffValue.Number("index", "valueInteger", index));
            if (value is not null) parts.Items.Add(value);
            var operation = new JsonPart.Members();
            operation.Set("name"u8.ToArray(), DiffValue.Scalar("operation"));
            operation.Set("part"u8.ToArray(), parts);
            return Written(operation);
        }
    }

    /// <summary>On one line, for people: "replace Patient.birthDate = {"valueDate":"1990-02-04"}".</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Verb).Append(' ').Append(Path);
        if (Name.Length > 0) text.Append('.').Append(Name);
        if (Index is { } index) text.Append(CultureInfo.InvariantCulture, $"[{index}]");
        if (value is null) return text.ToString();
        var content = (JsonPart.Members)value.Copy();
        content.Remove("name"u8);
        // A value alone tells as much as the property that it is under.
        var shown = content.Entries.Count == 1 ? content.Entries[0].Value : content;
        return text.Append(" = ").Append(Encoding.UTF8.GetString(Written(shown).Span)).ToString();
    }

    private static ReadOnlyMemory<byte> Written(JsonPart part)
    {
        var target = new ArrayBufferWriter<byte>(256);
        part.Write(target);
        return target.WrittenMemory;
    }
}

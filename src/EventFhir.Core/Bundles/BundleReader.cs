using System.Collections.Immutable;
using System.Text.Json;

using EventFhir.Model;
using EventFhir.Model.Definitions;

namespace EventFhir.Core.Bundles;

/// <summary>
/// Cuts a Bundle into its entries without reading the resources: each stays a slice of the text, so that a Bundle takes hardly more memory than
/// its text, and its resources can be read one by one.
/// </summary>
public sealed class BundleReader
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = Limits.DepthMax + DepthOfResource };

    /// <summary>The Bundle, its array of entries, and the entry enclose a resource.</summary>
    private const int DepthOfResource = 3;

    private readonly ReadOnlyMemory<byte> text;
    private readonly Release release;
    private readonly ImmutableArray<BundleEntry>.Builder entries = ImmutableArray.CreateBuilder<BundleEntry>();
    private readonly List<string> criteria = [];

    private BundleReader(ReadOnlyMemory<byte> text, Release release) => (this.text, this.release) = (text, release);

    /// <summary>What is wrong with one entry alone is the entry's fault; all else refuses the Bundle.</summary>
    /// <param name="utf8">Must not change while the entries are in use.</param>
    public static Outcome<BundleRequest> Read(ReadOnlyMemory<byte> utf8, Release release)
    {
        if (utf8.Span.StartsWith("\uFEFF"u8)) utf8 = utf8["\uFEFF"u8.Length..];
        try
        {
            return new BundleReader(utf8, release).Read();
        }
        catch (JsonException exception)
        {
            return Bad("structure", $"The text is not JSON, or nests deeper than {Limits.DepthMax} (line {exception.LineNumber + 1}).", "");
        }
        catch (InvalidOperationException)
        {
            // A string with half of a surrogate pair, or bytes that are no UTF-8.
            return Bad("structure", "The text is not valid UTF-8.", "");
        }
    }

    private Outcome<BundleRequest> Read()
    {
        var json = new Utf8JsonReader(text.Span, Options);
        if (!json.Read() || json.TokenType is not JsonTokenType.StartObject) return Bad("structure", "A Bundle is a JSON object.", "");
        string? resourceType = null, type = null;
        var hasEntries = false;
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            var name = json.GetString()!;
            if (name is not "resourceType" && !IsKnown("Bundle", name)) return Bad("structure", "A Bundle has no such element.", "Bundle");
            json.Read();
            switch (name)
            {
                case "resourceType":
                    resourceType = TextOf(json);
                    break;
                case "type":
                    type = TextOf(json);
                    break;
                case "entry":
                    if (json.TokenType is not JsonTokenType.StartArray || hasEntries)
                        return Bad("structure", "The entries are one array.", "Bundle.entry");
                    hasEntries = true;
                    if (!ReadEntries(ref json)) return Bad("structure", "Each entry is an object.", BundleEntry.PathOf(entries.Count));
                    break;
                default:
                    json.Skip();
                    break;
            }
        }
        // The end of the text, or what must not follow it.
        json.Read();
        if (resourceType is not "Bundle") return Bad("invariant", "What is posted to the base is a Bundle.", "");
        return type switch
        {
            "batch" => new BundleRequest(BundleType.Batch, entries.DrainToImmutable()),
            "transaction" => new BundleRequest(BundleType.Transaction, entries.DrainToImmutable()),
            _ => Bad("value", "A Bundle that is posted to the base is of type batch or transaction.", "Bundle.type"),
        };
    }

    private bool ReadEntries(ref Utf8JsonReader json)
    {
        while (json.Read() && json.TokenType is not JsonTokenType.EndArray)
        {
            if (json.TokenType is not JsonTokenType.StartObject) return false;
            entries.Add(ReadEntry(ref json));
        }
        return true;
    }

    private BundleEntry ReadEntry(ref Utf8JsonReader json)
    {
        var entry = new BundleEntry(entries.Count, default);
        criteria.Clear();
        var hasRequest = false;
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            var name = json.GetString()!;
            json.Read();
            switch (name)
            {
                case "fullUrl":
                    if (TextOf(json) is not { Length: > 0 } fullUrl) entry = Faulty(entry, "A fullUrl is an absolute URI.", ".fullUrl");
                    else entry = entry with { FullUrl = fullUrl };
                    break;
                case "resource":
                    if (json.TokenType is not JsonTokenType.StartObject || !entry.Resource.IsEmpty)
                        entry = Faulty(entry, "The resource is one JSON object.", ".resource");
                    var start = (int)json.TokenStartIndex;
                    ReadResource(ref json);
                    entry = entry with { Resource = text[start..(int)json.BytesConsumed] };
                    break;
                case "request":
                    if (json.TokenType is not JsonTokenType.StartObject || hasRequest)
                        entry = Faulty(entry, "The request is one JSON object.", ".request");
                    hasRequest = true;
                    if (json.TokenType is JsonTokenType.StartObject) entry = ReadRequest(ref json, entry);
                    else json.Skip();
                    break;
                default:
                    if (!IsKnown("Bundle.entry", name)) entry = Faulty(entry, "An entry has no such element.", "");
                    json.Skip();
                    break;
            }
        }
        if (entry.Method.Length == 0 || entry.Url.Length == 0)
            entry = Faulty(entry, "An entry of a batch or transaction has a request with method and url.", ".request");
        return criteria.Count == 0 ? entry : entry with { Criteria = [.. criteria] };
    }

    private BundleEntry ReadRequest(ref Utf8JsonReader json, BundleEntry entry)
    {
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            var name = json.GetString()!;
            if (!IsKnown("Bundle.entry.request", name)) entry = Faulty(entry, "A request has no such element.", ".request");
            json.Read();
            if (name is not ("method" or "url" or "ifNoneMatch" or "ifModifiedSince" or "ifMatch" or "ifNoneExist"))
            {
                json.Skip();
                continue;
            }
            if (TextOf(json) is not { } value)
            {
                entry = Faulty(entry, "The value of this element is a string.", $".request.{name}");
                json.Skip();
                continue;
            }
            entry = name switch
            {
                "method" => entry with { Method = value },
                "url" => entry with { Url = value },
                "ifNoneMatch" => entry with { IfNoneMatch = value },
                "ifModifiedSince" => entry with { IfModifiedSince = value },
                "ifMatch" => entry with { IfMatch = value },
                _ => entry with { IfNoneExist = value },
            };
        }
        return entry;
    }

    /// <summary>Reads to the end of the value, and gathers what may be conditional references on the way.</summary>
    private void ReadResource(ref Utf8JsonReader json)
    {
        var depth = json.CurrentDepth;
        if (json.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray)) return;
        while (json.Read() && json.CurrentDepth > depth)
        {
            if (json.TokenType is not JsonTokenType.PropertyName || !json.ValueTextEquals("reference"u8)) continue;
            json.Read();
            if (json.TokenType is JsonTokenType.String && json.ValueSpan.Contains((byte)'?')) criteria.Add(json.GetString()!);
        }
    }

    private bool IsKnown(string type, string name) =>
        release.FindType(type)!.FindProperty(System.Text.Encoding.UTF8.GetBytes(name.StartsWith('_') ? name[1..] : name)) is not null;

    private static string? TextOf(in Utf8JsonReader json) => json.TokenType is JsonTokenType.String ? json.GetString() : null;

    /// <summary>The first fault is the one that is told.</summary>
    private static BundleEntry Faulty(BundleEntry entry, string diagnostics, string where) =>
        entry.Fault is null
            ? entry with { Fault = Refusal.Of(RefusalKind.BadRequest, "structure", diagnostics, entry.Path + where) }
            : entry;

    private static Refusal Bad(string code, string diagnostics, string expression) =>
        Refusal.Of(RefusalKind.BadRequest, code, diagnostics, expression);
}

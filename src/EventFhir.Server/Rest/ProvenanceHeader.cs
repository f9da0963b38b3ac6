using System.Text.Json;

using EventFhir.Core;
using EventFhir.Core.Events;
using EventFhir.Model;

namespace EventFhir.Server.Rest;

/// <summary>
/// X-Provenance (R4 provenance.html): a Provenance without target, since that is what the request writes. Its agent and its reasons are kept with
/// the event; what would not be kept is refused, and "recorded" is left to the server's clock.
/// </summary>
public static class ProvenanceHeader
{
    public const string Name = "X-Provenance";

    /// <param name="given">What the other headers say.</param>
    public static Outcome<Provenance> Read(string json, Provenance given)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return Read(document.RootElement, given);
        }
        catch (JsonException)
        {
            return Malformed("value", "is no JSON");
        }
        catch (InvalidOperationException)
        {
            return Malformed("structure", "has a value of another JSON type than its element has, or half of a surrogate pair");
        }
    }

    private static Outcome<Provenance> Read(JsonElement root, Provenance given)
    {
        var result = given;
        foreach (var property in root.EnumerateObject())
        {
            switch (property.Name)
            {
                case "resourceType" when property.Value.ValueEquals("Provenance"u8):
                case "recorded":
                    break;
                case "agent":
                    if (property.Value.GetArrayLength() != 1) return Malformed("not-supported", "has one agent here");
                    var agent = ReadAgent(property.Value[0], result);
                    if (agent.IsRefused(out var refusal)) return refusal;
                    result = agent.Value;
                    break;
                case "reason":
                    result = WithReasons(property.Value, result);
                    break;
                default:
                    return Malformed("not-supported", "may have resourceType, recorded, agent and reason; nothing else would be kept");
            }
        }
        if (result.Actor is null) return Malformed("required", "needs an agent with a 'who' that has a reference, an identifier or a display");
        return IsKept(result.Actor) && IsKept(result.OnBehalfOf) && IsKept(result.Reason) && IsKept(result.Purpose)
            ? result
            : Malformed("too-long", $"has texts of up to {Limits.ProvenanceTextMax} characters, without control characters");
    }

    private static Outcome<Provenance> ReadAgent(JsonElement agent, Provenance given)
    {
        foreach (var property in agent.EnumerateObject())
        {
            switch (property.Name)
            {
                case "who": given = given with { Actor = TextOf(property.Value) }; break;
                case "onBehalfOf": given = given with { OnBehalfOf = TextOf(property.Value) }; break;
                case "type" or "role": break;
                default: return Malformed("not-supported", "has an agent with who, onBehalfOf, type and role");
            }
        }
        return given;
    }

    /// <summary>The codes are the purpose of use, the first text is the reason.</summary>
    private static Provenance WithReasons(JsonElement reasons, Provenance given)
    {
        var tokens = new List<string>();
        string? text = null;
        foreach (var reason in reasons.EnumerateArray())
        {
            text ??= Text(reason, "text"u8);
            if (!reason.TryGetProperty("coding"u8, out var codings)) continue;
            foreach (var coding in codings.EnumerateArray())
                if (Text(coding, "code"u8) is { } code)
                    tokens.Add(Text(coding, "system"u8) is { } system ? $"{Escaped(system)}|{Escaped(code)}" : Escaped(code));
        }
        return given with { Reason = text ?? given.Reason, Purpose = tokens.Count > 0 ? string.Join(',', tokens) : null };
    }

    /// <summary>As R4 search.html#escaping has it for tokens.</summary>
    private static string Escaped(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("|", "\\|", StringComparison.Ordinal)
            .Replace(",", "\\,", StringComparison.Ordinal);

    /// <summary>The reference, else the identifier as a token, else the display; null if there is none of them.</summary>
    private static string? TextOf(JsonElement reference)
    {
        if (Text(reference, "reference"u8) is { } url) return url;
        if (reference.TryGetProperty("identifier"u8, out var identifier) && Text(identifier, "value"u8) is { } value)
            return Text(identifier, "system"u8) is { } system ? $"{system}|{value}" : value;
        return Text(reference, "display"u8);
    }

    private static string? Text(JsonElement owner, ReadOnlySpan<byte> name) =>
        owner.TryGetProperty(name, out var value) && value.GetString() is { Length: > 0 } text ? text : null;

    private static bool IsKept(string? text) =>
        text is null || (text.Length <= Limits.ProvenanceTextMax && !text.AsSpan().ContainsAnyInRange('\0', '\u001f'));

    private static Refusal Malformed(string code, string what) =>
        Refusal.Of(RefusalKind.BadRequest, code, $"{Name}: a Provenance without target {what}.");
}

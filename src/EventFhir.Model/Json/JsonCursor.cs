using System.Buffers;

namespace EventFhir.Model.Json;

internal enum JsonKind : byte { Fault, Object, Array, String, Number, True, False, Null }

/// <summary>
/// Walks over JSON text (RFC 8259) that is valid UTF-8. After a fault every method says so and moves no further, so callers check at the ends of
/// loops. Hot path, measured by Benchmarks/Micro.
/// </summary>
/// <param name="depthMax">How deep objects and arrays may nest.</param>
internal ref struct JsonCursor(ReadOnlySpan<byte> text, int depthMax = Limits.DepthMax)
{
    private static readonly SearchValues<byte> StringEnds = SearchValues.Create(
        [(byte)'"', (byte)'\\', .. Enumerable.Range(0, 32).Select(control => (byte)control)]);

    private readonly ReadOnlySpan<byte> text = text;
    private readonly int depthMax = depthMax;
    private int at;
    private int depth;

    /// <summary>What is wrong with the text; null while nothing is.</summary>
    public string? Fault { get; private set; }

    /// <summary>The offset of the fault.</summary>
    public int FaultAt { get; private set; }

    public readonly int Position => at;

    /// <summary>The value or member name read last. For strings Start and Length exclude the quotes.</summary>
    public int Start { get; private set; }
    public int Length { get; private set; }
    public bool IsEscaped { get; private set; }
    public readonly ReadOnlySpan<byte> Value => text.Slice(Start, Length);

    /// <summary>Reads a value; of objects and arrays only the opening bracket.</summary>
    public JsonKind ReadValue()
    {
        if (!SkipSpace()) return Fail("The text ends where a value should be.");
        Start = at;
        Length = 1;
        IsEscaped = false;
        switch (text[at])
        {
            case (byte)'"': return ReadString() ? JsonKind.String : JsonKind.Fault;
            case (byte)'{': return Open(JsonKind.Object);
            case (byte)'[': return Open(JsonKind.Array);
            case (byte)'t': return ReadLiteral("true"u8, JsonKind.True);
            case (byte)'f': return ReadLiteral("false"u8, JsonKind.False);
            case (byte)'n': return ReadLiteral("null"u8, JsonKind.Null);
            default: return ReadNumber();
        }
    }

    /// <summary>
    /// After an opening brace or a member's value: reads the name of the next member and its colon. False at the closing brace and after a fault.
    /// </summary>
    public bool NextMember(ref bool isFirst)
    {
        if (!NextPart(ref isFirst, (byte)'}')) return false;
        if (at >= text.Length || text[at] != '"') { Fail("A member name in double quotes should be here."); return false; }
        if (!ReadString()) return false;
        if (SkipSpace() && text[at] == ':') { at++; return true; }
        Fail("A colon should follow the member name.");
        return false;
    }

    /// <summary>After an opening bracket or an item: true if an item follows. False at the closing bracket and after a fault.</summary>
    public bool NextItem(ref bool isFirst) => NextPart(ref isFirst, (byte)']');

    /// <summary>Reads over what is left of a value of this kind.</summary>
    public void Skip(JsonKind kind)
    {
        var isFirst = true;
        if (kind is JsonKind.Object)
            while (NextMember(ref isFirst)) Skip(ReadValue());
        else if (kind is JsonKind.Array)
            while (NextItem(ref isFirst)) Skip(ReadValue());
    }

    /// <summary>After the value: nothing but white space may follow.</summary>
    public void ReadEnd()
    {
        if (Fault is null && SkipSpace()) Fail("Nothing may follow the end of the resource.");
    }

    private bool NextPart(ref bool isFirst, byte close)
    {
        if (Fault is not null) return false;
        if (!SkipSpace()) { Fail("The text ends inside an object or array."); return false; }
        if (text[at] == close)
        {
            at++;
            depth--;
            return false;
        }
        if (isFirst) { isFirst = false; return true; }
        if (text[at] != ',') { Fail("A comma or the closing bracket should be here."); return false; }
        at++;
        if (SkipSpace()) return true;
        Fail("The text ends inside an object or array.");
        return false;
    }

    private JsonKind Open(JsonKind kind)
    {
        if (++depth > depthMax) return Fail($"Objects and arrays nest deeper than {depthMax}.");
        at++;
        return kind;
    }

    private bool SkipSpace()
    {
        while ((uint)at < (uint)text.Length)
        {
            if (text[at] is not ((byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')) return true;
            at++;
        }
        return false;
    }

    private JsonKind ReadLiteral(ReadOnlySpan<byte> literal, JsonKind kind)
    {
        if (!text[at..].StartsWith(literal)) return Fail("This is no JSON value.");
        at += literal.Length;
        Length = literal.Length;
        return kind;
    }

    private JsonKind ReadNumber()
    {
        var number = text[at..];
        var length = JsonNumber.LengthOf(number);
        if (length == 0) return Fail("This is no JSON value.");
        at += length;
        Length = length;
        return JsonKind.Number;
    }

    private bool ReadString()
    {
        Start = ++at;
        IsEscaped = false;
        while (true)
        {
            var step = text[at..].IndexOfAny(StringEnds);
            if (step < 0) { at = text.Length; Fail("The text ends inside a string."); return false; }
            at += step;
            if (text[at] == '"') break;
            if (text[at] != '\\') { Fail("A control character in a string must be escaped."); return false; }
            IsEscaped = true;
            if (!SkipEscape()) return false;
        }
        Length = at - Start;
        at++;
        return true;
    }

    private bool SkipEscape()
    {
        var length = JsonEscape.LengthOf(text[at..]);
        if (length == 0)
        {
            Fail("This escape is unknown, or half of a surrogate pair.");
            return false;
        }
        at += length;
        return true;
    }

    private JsonKind Fail(string fault)
    {
        if (Fault is null) (Fault, FaultAt) = (fault, at);
        return JsonKind.Fault;
    }
}

using System.Buffers;

namespace EventFhir.Model.Json;

/// <summary>White space around JSON values, taken away or put in. Strings and numbers stay as they are, byte for byte.</summary>
public static class JsonLayout
{
    private const int IndentWidth = 2;
    private static readonly SearchValues<byte> QuotesAndSpace = SearchValues.Create("\" \t\r\n"u8);
    private static readonly SearchValues<byte> Interesting = SearchValues.Create("\"{}[],: \t\r\n"u8);

    /// <summary>Copies correct JSON without the white space outside strings. The target must be as long as the text.</summary>
    /// <returns>The number of bytes written.</returns>
    public static int Minify(ReadOnlySpan<byte> json, Span<byte> target)
    {
        var written = 0;
        while (true)
        {
            var step = json.IndexOfAny(QuotesAndSpace);
            if (step < 0) step = json.Length;
            else if (json[step] == '"') step += StringLength(json[step..]);
            json[..step].CopyTo(target[written..]);
            written += step;
            if (step == json.Length) return written;
            if (json[step] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n') step++;
            json = json[step..];
        }
    }

    /// <summary>Writes correct JSON for people: one member or item on a line, two spaces for each level (R4 http.html#parameters, _pretty).</summary>
    public static void Indent(ReadOnlySpan<byte> json, IBufferWriter<byte> target)
    {
        var depth = 0;
        while (!json.IsEmpty)
        {
            var step = json.IndexOfAny(Interesting);
            if (step != 0)
            {
                if (step < 0) step = json.Length;
                target.Write(json[..step]);
                json = json[step..];
                continue;
            }
            var length = 1;
            switch (json[0])
            {
                case (byte)'"':
                    length = StringLength(json);
                    target.Write(json[..length]);
                    break;
                case (byte)'{' or (byte)'[':
                    target.Write(json[..1]);
                    if (!IsClosedNext(json[1..]))
                    {
                        NewLine(target, ++depth);
                        break;
                    }
                    length = json.IndexOfAny("]}"u8) + 1;
                    target.Write(json.Slice(length - 1, 1));
                    break;
                case (byte)'}' or (byte)']':
                    NewLine(target, --depth);
                    target.Write(json[..1]);
                    break;
                case (byte)',':
                    target.Write(","u8);
                    NewLine(target, depth);
                    break;
                case (byte)':':
                    target.Write(": "u8);
                    break;
            }
            json = json[length..];
        }
    }

    private static bool IsClosedNext(ReadOnlySpan<byte> json)
    {
        var next = json.IndexOfAnyExcept(" \t\r\n"u8);
        return next >= 0 && json[next] is ((byte)'}' or (byte)']');
    }

    private static void NewLine(IBufferWriter<byte> target, int depth)
    {
        var width = 1 + depth * IndentWidth;
        var line = target.GetSpan(width)[..width];
        line.Fill((byte)' ');
        line[0] = (byte)'\n';
        target.Advance(width);
    }

    /// <summary>The length of the string that the text begins with, quotes included.</summary>
    private static int StringLength(ReadOnlySpan<byte> json)
    {
        var at = 1;
        while (true)
        {
            at += json[at..].IndexOfAny((byte)'"', (byte)'\\');
            if (json[at] == '"') return at + 1;
            at += 2;
        }
    }
}

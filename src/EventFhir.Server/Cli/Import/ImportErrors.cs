using System.Buffers;
using System.Text.Json;

using EventFhir.Core;
using EventFhir.Server.Formats;

namespace EventFhir.Server.Cli.Import;

/// <summary>The resources that were refused, one JSON object per line: where each came from and what is wrong with it, never its content.</summary>
public sealed class ImportErrors : IDisposable
{
    private readonly Lock gate = new();
    private readonly FileStream? file;
    private readonly TextWriter screen;
    private int shown;

    /// <summary>How many refusals are shown when they are not written to a file.</summary>
    private const int ShownMax = 20;

    /// <param name="path">Null to show the first of them on <paramref name="screen"/> only.</param>
    public ImportErrors(string? path, TextWriter screen)
    {
        this.screen = screen;
        file = path is null ? null : new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read);
    }

    public int Count { get; private set; }

    public void Add(ImportRecord record, Refusal refusal)
    {
        var line = Write(record, refusal);
        lock (gate)
        {
            Count++;
            file?.Write(line.WrittenSpan);
            if (file is null && shown++ < ShownMax)
            {
                var place = record.Line > 0 ? $"{record.Source}:{record.Line}" : record.Source;
                screen.WriteLine($"{place}: {refusal.Issues[0].Diagnostics} {refusal.Issues[0].Expression}");
            }
            if (file is null && shown == ShownMax) screen.WriteLine("More refusals are not shown; --errors FILE writes them all.");
        }
    }

    public void Dispose() => file?.Dispose();

    private static ArrayBufferWriter<byte> Write(ImportRecord record, Refusal refusal)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, OutcomeWriter.Relaxed))
        {
            json.WriteStartObject();
            json.WriteString("source"u8, record.Source);
            if (record.Line > 0) json.WriteNumber("line"u8, record.Line);
            json.WritePropertyName("outcome"u8);
            json.WriteRawValue(OutcomeWriter.Write(id: null, refusal.Issues).Span);
            json.WriteEndObject();
        }
        buffer.Write("\n"u8);
        return buffer;
    }
}

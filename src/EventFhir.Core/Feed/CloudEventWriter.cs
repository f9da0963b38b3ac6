using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace EventFhir.Core.Feed;

/// <summary>Writes events as CloudEvents 1.0 in JSON. Hot path, measured by feed-catchup.</summary>
/// <param name="source">The base URL of the server: with the id it names the event.</param>
public sealed class CloudEventWriter(string source, int epoch, FeedBody body, bool hasPrevious) : IDisposable
{
    public const string TypeStart = "org.eventfhir.resource.";

    private static readonly JsonWriterOptions Options =
        new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly ImmutableArray<JsonEncodedText> Types =
    [
        .. Enum.GetNames<FeedEventKind>().Select(static name => JsonEncodedText.Encode(TypeStart + name.ToLowerInvariant())),
    ];

    private readonly JsonEncodedText encodedSource = JsonEncodedText.Encode(source);
    private Utf8JsonWriter? writer;

    /// <param name="changes">For <see cref="FeedBody.ChangedPaths"/>; empty otherwise.</param>
    public void Write(IBufferWriter<byte> output, FeedEvent e, ImmutableArray<string> changes)
    {
        if (writer is null) writer = new Utf8JsonWriter(output, Options);
        else writer.Reset(output);
        writer.WriteStartObject();
        writer.WriteString("specversion"u8, "1.0"u8);
        writer.WriteString("id"u8, e.Id);
        writer.WriteString("source"u8, encodedSource);
        writer.WriteString("type"u8, Types[(int)e.Kind]);
        Span<char> subject = stackalloc char[256];
        subject.TryWrite(CultureInfo.InvariantCulture, $"{e.Key.Type.Name}/{e.Key.Id.Value}", out var length);
        writer.WriteString("subject"u8, subject[..length]);
        writer.WriteString("time"u8, e.RecordedAt);
        Span<char> number = stackalloc char[40];
        // Comparable as text, as the CloudEvents extension "sequence" asks.
        number.TryWrite(CultureInfo.InvariantCulture, $"{e.Position:D19}", out length);
        writer.WriteString("sequence"u8, number[..length]);
        writer.WriteString("partitionkey"u8, subject[..(e.Key.Type.Name.Length + 1 + e.Key.Id.Value.Length)]);
        number.TryWrite(CultureInfo.InvariantCulture, $"e{epoch}.{e.Position}", out length);
        writer.WriteString("efcursor"u8, number[..length]);
        writer.WriteNumber("efversion"u8, e.Version);
        writer.WriteString("eftx"u8, e.Transaction);
        if (e.Actor is { } actor) writer.WriteString("efactor"u8, actor);
        if (e.Trace is { } trace) writer.WriteString("traceparent"u8, trace);
        WriteData(e, changes);
        writer.WriteEndObject();
        writer.Flush();
    }

    public void Dispose() => writer?.Dispose();

    private void WriteData(FeedEvent e, ImmutableArray<string> changes)
    {
        switch (body)
        {
            case FeedBody.None when !hasPrevious:
                return;
            case FeedBody.Full when !hasPrevious:
                if (e.Body.IsEmpty) return;
                writer!.WriteString("datacontenttype"u8, "application/fhir+json"u8);
                writer.WritePropertyName("data"u8);
                writer.WriteRawValue(e.Body.Span, skipInputValidation: true);
                return;
            default:
                break;
        }
        writer!.WriteString("datacontenttype"u8, "application/json"u8);
        writer.WriteStartObject("data"u8);
        if (body is FeedBody.Full) WriteVersion("current"u8, e.Body);
        if (hasPrevious) WriteVersion("previous"u8, e.Previous);
        if (body is FeedBody.ChangedPaths)
        {
            writer.WriteStartArray("changedPaths"u8);
            foreach (var path in changes) writer.WriteStringValue(path);
            writer.WriteEndArray();
        }
        writer.WriteEndObject();
    }

    private void WriteVersion(ReadOnlySpan<byte> name, ReadOnlyMemory<byte> version)
    {
        writer!.WritePropertyName(name);
        if (version.IsEmpty) writer.WriteNullValue();
        else writer.WriteRawValue(version.Span, skipInputValidation: true);
    }
}

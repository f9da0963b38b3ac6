using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;

using EventFhir.Server.Rest;

using Microsoft.AspNetCore.WebUtilities;

namespace EventFhir.Server.Formats;

/// <summary>
/// Writes the answer to a batch or transaction (R4 bundle.html#transaction-response) around the bodies of its entries: the parts are the frame and
/// the bodies in turn.
/// </summary>
public static class BundleResponseWriter
{
    /// <summary>So large a frame is cut, that it may be written piece by piece.</summary>
    private const int FrameCharactersMax = 64 * 1024;

    /// <param name="type">"batch-response" or "transaction-response".</param>
    /// <param name="answers">In the order of the entries.</param>
    public static ImmutableArray<ReadOnlyMemory<byte>> Write(string type, IReadOnlyList<Answer> answers)
    {
        var parts = ImmutableArray.CreateBuilder<ReadOnlyMemory<byte>>();
        var frame = new StringBuilder(1024);
        frame.Append("{\"resourceType\":\"Bundle\",\"type\":\"").Append(type).Append('"');
        for (var place = 0; place < answers.Count; place++)
        {
            frame.Append(place == 0 ? ",\"entry\":[{" : ",{");
            Append(frame, parts, answers[place]);
            frame.Append('}');
            if (frame.Length > FrameCharactersMax) parts.Add(Cut(frame));
        }
        frame.Append(answers.Count > 0 ? "]}" : "}");
        parts.Add(Cut(frame));
        return parts.DrainToImmutable();
    }

    private static void Append(StringBuilder frame, ImmutableArray<ReadOnlyMemory<byte>>.Builder parts, Answer answer)
    {
        if (!answer.Body.IsEmpty)
        {
            frame.Append("\"resource\":");
            parts.Add(Cut(frame));
            parts.AddRange(answer.Body);
            frame.Append(',');
        }
        frame.Append(CultureInfo.InvariantCulture, $"\"response\":{{\"status\":\"{answer.Status} {ReasonPhrases.GetReasonPhrase(answer.Status)}\"");
        if (answer.Location is { } location)
            frame.Append(",\"location\":\"").Append(JsonEncodedText.Encode(location, OutcomeWriter.Relaxed.Encoder)).Append('"');
        if (answer.Version is { } version) frame.Append(CultureInfo.InvariantCulture, $",\"etag\":\"W/\\\"{version}\\\"\"");
        else if (answer.Tag is { } tag) frame.Append(",\"etag\":\"").Append(JsonEncodedText.Encode(tag, OutcomeWriter.Relaxed.Encoder)).Append('"');
        if (answer.LastUpdated is { } updated) frame.Append(",\"lastModified\":\"").Append(FhirInstant.Write(updated)).Append('"');
        if (!answer.Issues.IsEmpty)
        {
            frame.Append(",\"outcome\":");
            parts.Add(Cut(frame));
            parts.Add(OutcomeWriter.Write(id: null, answer.Issues));
        }
        frame.Append('}');
    }

    private static ReadOnlyMemory<byte> Cut(StringBuilder frame)
    {
        var bytes = Encoding.UTF8.GetBytes(frame.ToString());
        frame.Clear();
        return bytes;
    }
}

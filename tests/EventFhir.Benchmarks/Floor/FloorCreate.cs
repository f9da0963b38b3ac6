using System.Text;
using System.Text.Json;

namespace EventFhir.Benchmarks.Floor;

/// <summary>A create as the floor stores it: the body with its id, the typed columns, and twelve hashed terms.</summary>
public sealed record FloorCreate(string Id, byte[] Body, long Patient, DateTime Date, double Value, long[] Terms)
{
    public const int TermCount = 12;

    /// <summary>Waits for the commit that holds this create.</summary>
    public TaskCompletionSource Committed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static FloorCreate Parse(string id, byte[] sent)
    {
        var json = new Utf8JsonReader(sent);
        var terms = new long[TermCount];
        var strings = 0;
        long patient = 0;
        var date = DateTime.UnixEpoch;
        var value = 0d;
        while (json.Read())
        {
            switch (json.TokenType)
            {
                case JsonTokenType.String:
                    var hash = Hash(json.ValueSpan);
                    terms[strings++ % TermCount] = hash;
                    if (json.ValueSpan.StartsWith("Patient/"u8)) patient = hash;
                    else if (json.TryGetDateTimeOffset(out var instant)) date = instant.UtcDateTime;
                    break;
                case JsonTokenType.Number:
                    value = json.GetDouble();
                    break;
                default:
                    break;
            }
        }

        return new FloorCreate(id, WithId(id, sent), patient, date, value, terms);
    }

    private static byte[] WithId(string id, byte[] sent)
    {
        var typeEnd = sent.AsSpan().IndexOf((byte)',');
        return [.. sent.AsSpan(0, typeEnd), .. Encoding.UTF8.GetBytes($",\"id\":\"{id}\""), .. sent.AsSpan(typeEnd)];
    }

    private static long Hash(ReadOnlySpan<byte> text)
    {
        var hash = 14695981039346656037UL;
        foreach (var value in text) hash = (hash ^ value) * 1099511628211UL;
        return (long)hash;
    }
}

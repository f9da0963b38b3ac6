using System.Buffers;
using System.Text;
using EventFhir.Benchmarks.Data;
using EventFhir.Benchmarks.Load;

namespace EventFhir.Benchmarks.Workloads;

/// <summary>
/// POST of one Observation of about 0.9 kB with random subject, code, time and value. The requests are made ahead, one per
/// code, and only digits of equal length change, so that making one costs well under a microsecond.
/// </summary>
public sealed class CreateObservations : Workload
{
    private const int PatientCount = 10_000;
    private static readonly byte[] PatientMark = "99999999-0000"u8.ToArray();
    private static readonly byte[] DayMark = "2011-11-11T09"u8.ToArray();
    private static readonly byte[] ValueMark = "1977.35"u8.ToArray();

    private readonly Random random = new(7);
    private readonly Variant[] variants;
    private readonly Dictionary<long, byte[]> samples = [];

    public CreateObservations()
    {
        var values = SampleValues();
        variants = [.. Enumerable.Range(0, 20).Select(_ => Variant.Of(Fill(values)))];
    }

    /// <summary>Bytes of the body that is sent.</summary>
    public int BodyBytes => variants[0].BodyLength;

    /// <summary>The body of the benchmarks: the same Observation of about 1 kB.</summary>
    public static byte[] SampleBody() => Fill(SampleValues());

    public override int Write(ArrayBufferWriter<byte> request, long number)
    {
        var tag = random.Next(variants.Length);
        var variant = variants[tag];
        var target = request.GetSpan(variant.Request.Length)[..variant.Request.Length];
        variant.Request.CopyTo(target);
        var patient = random.Next(PatientCount);
        foreach (var place in variant.Patients) Digits(target.Slice(place, 8), patient);
        var (month, day) = (random.Next(1, 13), random.Next(1, 29));
        var year = random.Next(1990, 2026);
        foreach (var place in variant.Days)
        {
            Digits(target.Slice(place, 4), year);
            Digits(target.Slice(place + 5, 2), month);
            Digits(target.Slice(place + 8, 2), day);
        }

        Digits(target.Slice(variant.Value + 1, 3), random.Next(1000));
        Digits(target.Slice(variant.Value + 5, 2), random.Next(100));
        request.Advance(variant.Request.Length);
        if (AnswerCheck.IsSampled(number)) samples[number] = target[^variant.BodyLength..].ToArray();
        return tag;
    }

    public override string? Fault(int tag, long number, in HttpAnswer answer)
    {
        samples.Remove(number, out var sent);
        return AnswerCheck.Fault(answer, 201, number, sent ?? []);
    }

    private static TemplateValues SampleValues()
    {
        var values = new TemplateValues(new Random(11));
        foreach (var reference in new[] { "patient", "encounter" }) values.Set(reference, "99999999-0000-4000-8000-000000000000");
        values.Set("id", "none");
        values.Set("date", "2011-11-11");
        return values;
    }

    private static byte[] Fill(TemplateValues values) =>
        new SampleResource("Observation", "none", ResourceTemplate.Named("observation-sample").Fill(values)).BodyWithoutId();

    private static void Digits(Span<byte> target, int value)
    {
        for (var index = target.Length - 1; index >= 0; index--, value /= 10) target[index] = (byte)('0' + (value % 10));
    }

    private sealed record Variant(byte[] Request, int BodyLength, int[] Patients, int[] Days, int Value)
    {
        public static Variant Of(byte[] body)
        {
            var request = Requests.Post("/fhir/Observation", body);
            return new Variant(request, body.Length, PlacesOf(request, PatientMark), PlacesOf(request, DayMark), PlacesOf(request, ValueMark)[0]);
        }

        private static int[] PlacesOf(byte[] request, byte[] mark)
        {
            var places = new List<int>();
            for (var start = 0; request.AsSpan(start).IndexOf(mark) is >= 0 and var found; start = places[^1] + mark.Length)
                places.Add(start + found);
            return places.Count > 0 ? [.. places] : throw new InvalidDataException($"The template lacks {Encoding.UTF8.GetString(mark)}.");
        }
    }
}

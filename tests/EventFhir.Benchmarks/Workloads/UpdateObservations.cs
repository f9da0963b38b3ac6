using System.Buffers;
using System.Buffers.Text;
using System.Collections.Immutable;
using System.Text;
using EventFhir.Benchmarks.Data;
using EventFhir.Benchmarks.Load;

namespace EventFhir.Benchmarks.Workloads;

/// <summary>PUT with If-Match on random Observations of a set; each changes one digit of the text, so that it makes a version.</summary>
public sealed class UpdateObservations : Workload
{
    private const int SetSize = 10_000;

    private readonly Random random = new(19);
    private readonly Target[] targets;

    public UpdateObservations(SampleData data)
    {
        var observations = data.Resources.Where(static resource => resource.Type == "Observation").Take(SetSize);
        targets = [.. observations.Select(static resource => new Target(resource))];
    }

    /// <summary>Each Observation of the set with the newest version that was acknowledged.</summary>
    public ImmutableArray<(string Id, int Version)> Versions => [.. targets.Select(static target => (target.Resource.Id, target.Version))];

    public override int Write(ArrayBufferWriter<byte> request, long number)
    {
        var tag = random.Next(targets.Length);
        while (targets[tag].IsBusy) tag = (tag + 1) % targets.Length;
        var target = targets[tag];
        target.IsBusy = true;
        target.Body[target.DigitPlace] = (byte)('0' + ((target.Body[target.DigitPlace] - '0' + 1) % 10));
        request.Write(Requests.HeadWithBody("PUT", target.Path, target.Body.Length, $"If-Match: W/\"{target.Version}\"\r\n"));
        request.Write(target.Body);
        return tag;
    }

    public override string? Fault(int tag, long number, in HttpAnswer answer)
    {
        var target = targets[tag];
        target.IsBusy = false;
        if (AnswerCheck.Fault(answer, 200, number, target.Body) is { } fault) return fault;
        var etag = answer.Header("ETag: "u8);
        if (!etag.StartsWith("W/\""u8) || !Utf8Parser.TryParse(etag[3..], out int version, out _) || version != target.Version + 1)
            return $"ETag {Encoding.ASCII.GetString(etag)} after version {target.Version}";
        target.Version = version;
        return null;
    }

    private sealed class Target(SampleResource resource)
    {
        public SampleResource Resource { get; } = resource;

        public string Path { get; } = $"/fhir/Observation/{resource.Id}";

        public byte[] Body { get; } = (byte[])resource.Body.Clone();

        /// <summary>The last minute digit of the first time: valid whatever it becomes.</summary>
        public int DigitPlace { get; } = resource.Body.AsSpan().IndexOf("effectiveDateTime\":\""u8) + "effectiveDateTime\":\"2011-11-11T09:1".Length;

        public int Version { get; set; } = 1;

        public bool IsBusy { get; set; }
    }
}

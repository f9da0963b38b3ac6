using System.Buffers;
using System.Text;
using EventFhir.Benchmarks.Data;
using EventFhir.Benchmarks.Load;

namespace EventFhir.Benchmarks.Workloads;

/// <summary>JSON Patch of one code of random Observations; each makes a version.</summary>
public sealed class PatchObservations(SampleData data) : Workload
{
    private readonly Random random = new(23);
    private readonly Target[] targets = [.. data.Resources.Where(static resource => resource.Type == "Observation").Select(static resource => new Target(resource.Id))];

    public override int Write(ArrayBufferWriter<byte> request, long number)
    {
        var tag = random.Next(targets.Length);
        while (targets[tag].IsBusy) tag = (tag + 1) % targets.Length;
        var target = targets[tag];
        target.IsBusy = true;
        request.Write(target.Patches++ % 2 == 0 ? target.ToAmended : target.ToCorrected);
        return tag;
    }

    public override string? Fault(int tag, long number, in HttpAnswer answer)
    {
        targets[tag].IsBusy = false;
        var expected = targets[tag].Patches % 2 == 1 ? "\"status\":\"amended\""u8 : "\"status\":\"corrected\""u8;
        if (answer.Status != 200) return $"status {answer.Status}: {Encoding.UTF8.GetString(answer.Body)}";
        return answer.Body.IndexOf(expected) >= 0 ? null : "the status is not what was asked for";
    }

    private sealed class Target(string id)
    {
        public byte[] ToAmended { get; } = Request(id, "amended");
        public byte[] ToCorrected { get; } = Request(id, "corrected");
        public bool IsBusy { get; set; }
        public int Patches { get; set; }

        private static byte[] Request(string id, string status)
        {
            var body = Encoding.ASCII.GetBytes($$"""[{"op":"replace","path":"/status","value":"{{status}}"}]""");
            return
            [
                .. Encoding.ASCII.GetBytes(
                    $"PATCH /fhir/Observation/{id} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/fhir+json\r\n"
                    + $"Content-Type: application/json-patch+json\r\nContent-Length: {body.Length}\r\n\r\n"),
                .. body,
            ];
        }
    }
}

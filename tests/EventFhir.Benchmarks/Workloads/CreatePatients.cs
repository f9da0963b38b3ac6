using System.Buffers;
using System.Text;
using EventFhir.Benchmarks.Load;

namespace EventFhir.Benchmarks.Workloads;

/// <summary>How patients are created: without a condition; by criteria, each new; by criteria, every second there already.</summary>
public enum CreateCondition { None, AllNew, HalfThere }

/// <summary>POST of a patient whose identifier is a number, alone or with If-None-Exist on that identifier.</summary>
public sealed class CreatePatients : Workload
{
    /// <summary>So far back everything is answered: it is more than connections wait.</summary>
    private const int Behind = 1_000;

    private const string NumberMark = "000000000000";

    private const string Body = $$$"""
        {"resourceType":"Patient","identifier":[{"use":"official","system":"urn:bench","value":"{{{NumberMark}}}"}],"active":true,
        "name":[{"use":"official","family":"Chalmers","given":["Peter","James"]},{"use":"usual","given":["Jim"]}],"telecom":[{"system":"phone","value":"(03) 5555 6473","use":"work","rank":1}],"gender":"male",
        "birthDate":"1974-12-25","deceasedBoolean":false,"address":[{"use":"home","type":"both","line":["534 Erewhon St"],"city":"PleasantVille","district":"Rainbow","state":"Vic","postalCode":"3999","period":{"start":"1974-12-25"}}]}
        """;

    private readonly CreateCondition condition;
    private readonly long first;
    private readonly byte[] template;
    private readonly int[] places;
    private readonly int bodyLength;
    private readonly Dictionary<long, byte[]> samples = [];

    /// <summary>Over all rounds, unlike the number of a request.</summary>
    private long sent;

    /// <param name="first">The lowest number, so that several workloads do not meet.</param>
    public CreatePatients(CreateCondition condition, long first)
    {
        (this.condition, this.first) = (condition, first);
        var body = Encoding.UTF8.GetBytes(Body);
        bodyLength = body.Length;
        var header = condition is CreateCondition.None ? "" : $"If-None-Exist: identifier=urn:bench|{NumberMark}\r\n";
        template = [.. Requests.HeadWithBody("POST", "/fhir/Patient", body.Length, header), .. body];
        places = [.. PlacesOf(template, Encoding.ASCII.GetBytes(NumberMark))];
    }

    public override int Write(ArrayBufferWriter<byte> request, long number)
    {
        var own = sent++;
        var isThere = condition is CreateCondition.HalfThere && own % 2 == 1 && own > Behind;
        var identifier = first + (isThere ? own - Behind - 1 : own);
        var bytes = request.GetSpan(template.Length)[..template.Length];
        template.CopyTo(bytes);
        foreach (var place in places)
            for (var (index, rest) = (place + NumberMark.Length - 1, identifier); index >= place; index--, rest /= 10)
                bytes[index] = (byte)('0' + (rest % 10));
        request.Advance(template.Length);
        if (AnswerCheck.IsSampled(number)) samples[number] = bytes[^bodyLength..].ToArray();
        return isThere ? 200 : 201;
    }

    public override string? Fault(int tag, long number, in HttpAnswer answer)
    {
        samples.Remove(number, out var body);
        return AnswerCheck.Fault(answer, tag, number, body ?? []);
    }

    private static IEnumerable<int> PlacesOf(byte[] text, byte[] mark)
    {
        for (var start = 0; text.AsSpan(start).IndexOf(mark) is >= 0 and var found; start += found + mark.Length) yield return start + found;
    }
}

using System.Buffers;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Text;
using EventFhir.Benchmarks.Data;
using EventFhir.Benchmarks.Load;

namespace EventFhir.Benchmarks.Workloads;

/// <summary>
/// hs-crud: each user creates nine resources, reads each, updates each in one element, and deletes them in reverse, again and again; one request
/// after the other. The requests are made ahead, and the ids that the server gives are written into them.
/// </summary>
public sealed class CreateReadUpdateDelete : Workload
{
    private const int IdLength = 36;
    private const int NanosecondsPerTick = 100;

    private readonly ImmutableArray<Step> steps;

    /// <summary>By the number of the resource: the step and the place in its bytes where the id stands.</summary>
    private readonly ImmutableArray<(int Step, int Place)>[] marks;

    private readonly List<User> users = [];
    private readonly Stack<int> idle = [];

    public CreateReadUpdateDelete(CrudRecord record)
    {
        var resources = record.Resources;
        steps =
        [
            .. resources.Select((resource, number) => new Step(
                CrudOperation.Create, number, Requests.Post($"/fhir/{resource.Type}", resource.BodyWithoutId(), Gzip), resource.BodyWithoutId().Length)),
            .. resources.Select((resource, number) => new Step(CrudOperation.Read, number, Requests.Get(PathOf(resource), Gzip), 0)),
            .. resources.Select((resource, number) => Update(resource, number)),
            .. resources.Select((resource, number) => new Step(CrudOperation.Delete, number, Requests.Delete(PathOf(resource)), 0)).Reverse(),
        ];
        marks = [.. resources.Select((resource, _) => PlacesOf(Encoding.ASCII.GetBytes(resource.Id)))];
    }

    /// <summary>By operation, since the last <see cref="ForgetLatencies"/>.</summary>
    public ImmutableArray<Histogram> Latencies { get; private set; } = NewHistograms();

    private static string Gzip => "Accept-Encoding: gzip\r\n";

    /// <summary>What the warm-up took does not count.</summary>
    public void ForgetLatencies() => Latencies = NewHistograms();

    public override int Write(ArrayBufferWriter<byte> request, long number)
    {
        if (!idle.TryPop(out var tag))
        {
            tag = users.Count;
            users.Add(new User([.. steps.Select(static step => (byte[])step.Request.Clone())]));
        }

        var user = users[tag];
        request.Write(user.Requests[user.Next]);
        user.SentAt = Stopwatch.GetTimestamp();
        return tag;
    }

    public override string? Fault(int tag, long number, in HttpAnswer answer)
    {
        var user = users[tag];
        var step = steps[user.Next];
        Latencies[(int)step.Operation].Record(Stopwatch.GetElapsedTime(user.SentAt).Ticks * NanosecondsPerTick);
        var fault = Check(user, step, number, answer);
        // A pass that went wrong is given up.
        user.Next = fault is null ? (user.Next + 1) % steps.Length : 0;
        idle.Push(tag);
        return fault;
    }

    private string? Check(User user, Step step, long number, in HttpAnswer answer)
    {
        switch (step.Operation)
        {
            case CrudOperation.Create:
                var fault = AnswerCheck.Fault(answer, 201, number, BodyOf(user, user.Next));
                return fault ?? TakeId(user, step.Resource, answer);
            case CrudOperation.Read:
                return AnswerCheck.Fault(answer, 200, number, BodyOf(user, step.Resource));
            case CrudOperation.Update:
                return AnswerCheck.Fault(answer, 200, number, BodyOf(user, user.Next));
            default:
                return answer.Status == 204 ? null : $"DELETE answered {answer.Status}";
        }
    }

    /// <summary>From the Location: …/[type]/[id]/_history/1.</summary>
    private string? TakeId(User user, int resource, in HttpAnswer answer)
    {
        var location = answer.Header("Location: "u8);
        var end = location.IndexOf("/_history/"u8);
        if (end < IdLength || location[end - IdLength - 1] != '/') return $"Location {Encoding.ASCII.GetString(location)}";
        foreach (var (step, place) in marks[resource])
            location[(end - IdLength)..end].CopyTo(user.Requests[step].AsSpan(place));
        return null;
    }

    private byte[] BodyOf(User user, int step) => user.Requests[step][^steps[step].BodyLength..];

    private ImmutableArray<(int, int)> PlacesOf(byte[] mark)
    {
        var found = ImmutableArray.CreateBuilder<(int, int)>();
        for (var step = 0; step < steps.Length; step++)
        {
            var bytes = steps[step].Request;
            for (var from = 0; bytes.AsSpan(from).IndexOf(mark) is >= 0 and var place; from += place + 1) found.Add((step, from + place));
        }

        return found.ToImmutable();
    }

    private static Step Update(SampleResource resource, int number)
    {
        var text = Encoding.UTF8.GetString(resource.Body);
        var afterId = text.IndexOf(resource.Id, StringComparison.Ordinal) + IdLength + 1;
        var body = Encoding.UTF8.GetBytes(text.Insert(afterId, ",\"language\":\"en\""));
        return new Step(
            CrudOperation.Update, number, [.. Requests.HeadWithBody("PUT", PathOf(resource), body.Length, Gzip), .. body], body.Length);
    }

    private static string PathOf(SampleResource resource) => $"/fhir/{resource.Type}/{resource.Id}";

    private static ImmutableArray<Histogram> NewHistograms() => [.. Enum.GetValues<CrudOperation>().Select(static _ => new Histogram())];

    /// <param name="Resource">Its number in the record.</param>
    private sealed record Step(CrudOperation Operation, int Resource, byte[] Request, int BodyLength);

    /// <param name="requests">With the ids of the resources that the user has made.</param>
    private sealed class User(byte[][] requests)
    {
        public byte[][] Requests { get; } = requests;

        /// <summary>The step that is or will be sent.</summary>
        public int Next { get; set; }

        public long SentAt { get; set; }
    }
}

public enum CrudOperation { Create, Read, Update, Delete }

using System.Security.Cryptography;

using EventFhir.Core;
using EventFhir.Model;

namespace EventFhir.Server.Rest.Deferring;

/// <summary>
/// The requests of this node that prefer to be answered later (Prefer: respond-async; R5 async-bundle.html, which R4 async.html leaves open). They
/// are carried out a few at a time, in the order in which they came, and their answers are kept for a while. All of it is in memory: a node that
/// stops forgets them, and what had been committed until then stays.
/// </summary>
public sealed class DeferredRequests(Failures failures, TimeProvider time) : IAsyncDisposable
{
    private static readonly Refusal TooMany = Refusal.Of(
        RefusalKind.TooBusy, "throttled", "Too many requests wait to be answered later, or their answers to be fetched; try again.");

    private static readonly Refusal TooLarge = Refusal.Of(
        RefusalKind.TooLarge, "too-costly", $"The answers that are kept may have {Limits.DeferredBytesMax} bytes in all; ask for less at once.");

    private readonly Lock entering = new();
    private readonly Dictionary<string, DeferredRequest> known = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim places = new(Limits.DeferredAtOnceMax);
    private readonly CancellationTokenSource stopping = new();
    private readonly HashSet<Task> running = [];

    /// <summary>The id under which the answer can be asked for; carrying the request out begins at once, or when others are done.</summary>
    public Outcome<string> Start(HttpContext detached, Func<HttpContext, ValueTask<Answer>> handle)
    {
        var cancelling = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token);
        var request = new DeferredRequest(
            Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), cancelling, detached.Request.ContentLength ?? 0);
        lock (entering)
        {
            ForgetOld();
            if (stopping.IsCancellationRequested || known.Count >= Limits.DeferredRequestsMax || BytesWith(request) > Limits.DeferredBytesMax)
                return TooMany;
            known.Add(request.Id, request);
            detached.RequestAborted = cancelling.Token;
            var run = Task.Run(() => RunAsync(request, detached, handle), CancellationToken.None);
            running.Add(run);
            _ = run.ContinueWith(Left, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
        return request.Id;
    }

    /// <summary>Null if there is none, if it was cancelled, or if its answer was kept long enough.</summary>
    internal DeferredRequest? Find(string id)
    {
        lock (entering)
        {
            ForgetOld();
            return known.GetValueOrDefault(id);
        }
    }

    /// <summary>Stops what is under way, as far as it can be stopped, and forgets the answer; false if there is no such request.</summary>
    public bool Cancel(string id)
    {
        lock (entering)
        {
            if (!known.Remove(id, out var request)) return false;
            // Once it is answered, there is nothing to stop.
            if (request.Answer is null) request.Cancelling.Cancel();
            return true;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task[] left;
        lock (entering)
        {
            stopping.Cancel();
            left = [.. running];
        }
        await Task.WhenAll(left);
        stopping.Dispose();
        places.Dispose();
    }

    private async Task RunAsync(DeferredRequest request, HttpContext detached, Func<HttpContext, ValueTask<Answer>> handle)
    {
        using var cancelling = request.Cancelling;
        var cancelled = detached.RequestAborted;
        Answer answer;
        try
        {
            await places.WaitAsync(cancelled);
            try
            {
                Change(request.Id, static request => request with { IsBegun = true });
                answer = await handle(detached);
            }
            finally
            {
                places.Release();
            }
        }
        catch (OperationCanceledException) when (cancelled.IsCancellationRequested)
        {
            return;
        }
        catch (Exception exception)
        {
            answer = Answer.Of(failures.RefusalOf(exception, detached));
        }
        Change(request.Id, request => request with { Answer = answer, Answered = time.GetUtcNow(), Bytes = BytesOf(answer) });
    }

    private void Change(string id, Func<DeferredRequest, DeferredRequest> change)
    {
        lock (entering)
        {
            if (!known.TryGetValue(id, out var request)) return;
            var changed = change(request);
            if (changed.Bytes > Limits.DeferredBytesMax) changed = changed with { Answer = Answer.Of(TooLarge), Bytes = 0 };
            known.Remove(id);
            // The oldest answers make room for the newest.
            while (BytesWith(changed) > Limits.DeferredBytesMax && OldestAnswered() is { } oldest) known.Remove(oldest.Id);
            known.Add(id, changed);
        }
    }

    private void Left(Task run)
    {
        lock (entering) running.Remove(run);
    }

    private void ForgetOld()
    {
        while (OldestAnswered() is { } oldest && time.GetUtcNow() - oldest.Answered > Limits.DeferredAnswerTimeMax) known.Remove(oldest.Id);
    }

    private DeferredRequest? OldestAnswered() =>
        known.Values.Where(request => request.Answer is not null).MinBy(request => request.Answered);

    private long BytesWith(DeferredRequest another) => known.Values.Sum(request => request.Bytes) + another.Bytes;

    private static long BytesOf(Answer answer) => answer.Body.Sum(part => (long)part.Length);
}

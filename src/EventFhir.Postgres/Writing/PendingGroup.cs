using System.Collections.Immutable;
using System.Diagnostics;

using EventFhir.Core.Events;

namespace EventFhir.Postgres.Writing;

/// <summary>A group that waits for its batch, and the answer somebody waits for.</summary>
internal sealed class PendingGroup(WriteGroup group, CancellationToken cancellationToken)
{
    /// <summary>So that the answer's continuation runs on its own thread, not in the writer lane.</summary>
    private readonly TaskCompletionSource<ImmutableArray<WriteOutcome>> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public WriteGroup Group => group;
    public Guid TransactionId { get; } = Guid.CreateVersion7();
    public long QueuedAt { get; } = Stopwatch.GetTimestamp();
    public Task<ImmutableArray<WriteOutcome>> Outcomes => completion.Task;

    /// <summary>Nobody waits for the answer any more, and nothing has been sent.</summary>
    public bool IsAbandoned => cancellationToken.IsCancellationRequested;

    public long Bytes { get; } = group.Commands.Sum(
        static command => (long)(command.Content?.Body.Head.Length ?? 0) + (command.Content?.Body.Tail.Length ?? 0));

    public void Complete(ImmutableArray<WriteOutcome> outcomes) => completion.TrySetResult(outcomes);
    public void Abandon() => completion.TrySetCanceled(cancellationToken);
    public void Refuse(Core.Refusal refusal) => Complete(RefusedBy(refusal));

    public ImmutableArray<WriteOutcome> RefusedBy(Core.Refusal refusal) =>
        [.. group.Commands.Select(command => new WriteOutcome.Refused(command.Key, refusal))];
}

using System.Collections.Immutable;

namespace EventFhir.Core.Events;

/// <summary>The newest version of a resource, as far as a decision depends on it. A key that was never written has no head (null).</summary>
public sealed record ResourceHead(long Version, bool IsDeleted, DateTimeOffset LastUpdated, Guid Digest);

/// <summary>What a command leads to, before its group is looked at.</summary>
public abstract record Decision
{
    private Decision() { }

    public sealed record Append(long Version, DateTimeOffset LastUpdated, bool IsNew) : Decision;
    public sealed record Unchanged(ResourceHead? Head) : Decision;
    public sealed record Refused(Refusal Refusal) : Decision;
}

/// <summary>
/// The rules of a write. Sql/Migrations/0002_append.sql decides the same under the locks of the streams; a law test holds them together.
/// </summary>
public static class Decider
{
    /// <param name="now">Whole milliseconds, as meta.lastUpdated has them.</param>
    public static Decision Decide(ResourceHead? head, WriteCommand command, DateTimeOffset now)
    {
        var exists = head is { IsDeleted: false };
        var allowed = command.Precondition switch
        {
            Precondition.AnyOf anyOf => exists && anyOf.Versions.Contains(head!.Version),
            Precondition.Present => exists,
            Precondition.Absent => !exists,
            Precondition.StillAt at => exists && head!.Version == at.Version,
            _ => true,
        };
        if (!allowed) return new Decision.Refused(WriteRefusals.PreconditionFailed(command.Key, command.Precondition, head));
        return command.Kind switch
        {
            WriteKind.Create when exists => new Decision.Refused(WriteRefusals.AlreadyExists(command.Key)),
            WriteKind.Delete when !exists => new Decision.Unchanged(head),
            WriteKind.Update when exists && head!.Digest == command.Content!.Body.Digest => new Decision.Unchanged(head),
            _ => new Decision.Append((head?.Version ?? 0) + 1, Later(now, head), IsNew: !exists),
        };
    }

    /// <summary>All commands of a group are carried out, or none is.</summary>
    public static ImmutableArray<WriteOutcome> Decide(WriteGroup group, Func<ResourceKey, ResourceHead?> headOf, DateTimeOffset now)
    {
        var decisions = group.Commands.Select(command => (command.Key, Decision: Decide(headOf(command.Key), command, now))).ToList();
        var refused = decisions.Exists(decided => decided.Decision is Decision.Refused);
        return [.. decisions.Select(decided => Outcome(decided.Key, decided.Decision, refused))];
    }

    private static WriteOutcome Outcome(ResourceKey key, Decision decision, bool groupRefused) => decision switch
    {
        Decision.Refused refused => new WriteOutcome.Refused(key, refused.Refusal),
        _ when groupRefused => new WriteOutcome.Refused(key, WriteRefusals.GroupRefused(key)),
        Decision.Append append => new WriteOutcome.Appended(key, append.Version, append.LastUpdated, append.IsNew),
        Decision.Unchanged { Head: { } head } => new WriteOutcome.Unchanged(key, head.Version, head.LastUpdated, head.IsDeleted),
        _ => new WriteOutcome.Unchanged(key, Version: 0, LastUpdated: default, IsDeleted: false),
    };

    /// <summary>lastUpdated never goes back within a resource, whatever the clock does.</summary>
    private static DateTimeOffset Later(DateTimeOffset now, ResourceHead? head) => head is null || now > head.LastUpdated ? now : head.LastUpdated;
}

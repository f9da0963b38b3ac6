namespace EventFhir.Core.Events;

/// <summary>The refusals of a write, with the words the client reads.</summary>
public static class WriteRefusals
{
    public static Refusal AlreadyExists(ResourceKey key) =>
        Refusal.Of(RefusalKind.Conflict, "duplicate", $"{key} exists already.");

    /// <param name="head">Null or deleted: there is no current version.</param>
    public static Refusal PreconditionFailed(ResourceKey key, Precondition precondition, ResourceHead? head) =>
        precondition is Precondition.StillAt ? Superseded : Refusal.Of(RefusalKind.PreconditionFailed, "conflict", precondition switch
        {
            Precondition.Absent => $"{key} exists already (If-None-Match: *).",
            _ when head is null or { IsDeleted: true } => $"{key} has no current version, but the request asks for one (If-Match).",
            _ => $"The current version of {key} is {head.Version}, not the one that the request asks for (If-Match).",
        });

    /// <summary>What the server had looked up for the write changed before it was written; whoever looked it up does so again.</summary>
    public static readonly Refusal Superseded =
        Refusal.Of(RefusalKind.Conflict, "conflict", "Others kept changing what this request depends on; try again.");

    public static Refusal GroupRefused(ResourceKey key) =>
        Refusal.Of(RefusalKind.GroupRefused, "processing", $"{key} was left as it is, because another part of the same request was refused.");

    public static readonly Refusal TooBusy =
        Refusal.Of(RefusalKind.TooBusy, "throttled", "The server has more writes waiting than it can take; try again shortly.");

    public static readonly Refusal Unavailable =
        Refusal.Of(RefusalKind.Unavailable, "transient", "The database is not available; the write may or may not have been stored.");

    public static readonly Refusal TimedOut =
        Refusal.Of(RefusalKind.TimedOut, "timeout", "The database did not answer in time; the write may or may not have been stored.");

    public static readonly Refusal Internal =
        Refusal.Of(RefusalKind.Internal, "exception", "The write failed by a fault of the server; nothing was stored.");

    public static readonly Refusal LayoutChanged =
        Refusal.Of(RefusalKind.Unavailable, "transient", "The search tables were made by another version of the server; run: eventfhir rebuild.");
}

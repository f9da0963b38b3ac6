using System.Collections.Immutable;

using EventFhir.Core;
using EventFhir.Core.Bundles;
using EventFhir.Core.Events;
using EventFhir.Model;
using EventFhir.Model.Validation;

namespace EventFhir.Server.Rest.Bundles;

/// <summary>The commands of a transaction: its resources read, rewritten, checked and indexed, each for itself and several at once.</summary>
/// <param name="Commands">In the order of the plan's writes.</param>
public sealed record EntryContents(ImmutableArray<WriteCommand> Commands)
{
    /// <summary>Below this, other processors are not worth waking up.</summary>
    private const int EntriesMin = 50;

    public static Outcome<EntryContents> Prepare(ResourceIntake intake, TransactionPlan plan)
    {
        var writes = plan.Writes;
        var contents = new ResourceContent?[writes.Length];
        var refusals = new Refusal?[writes.Length];
        if (writes.Length < EntriesMin)
            for (var place = 0; place < writes.Length; place++) PrepareOne(place);
        else
            Parallel.For(0, writes.Length, PrepareOne);

        if (Array.Exists(refusals, static refusal => refusal is not null)) return RefusalOf(plan, refusals);
        return new EntryContents([.. writes.Select((write, place) => new WriteCommand(write.Kind, write.Key, contents[place], write.Precondition))]);

        void PrepareOne(int place)
        {
            var write = writes[place];
            if (write.Kind is WriteKind.Delete) return;
            var read = intake.Read(write.Entry.Resource, write.Key.Type, new LinkRewriter(plan.Links, write.Entry.FullUrl));
            if (read.IsRefused(out refusals[place])) return;
            var isOther = write.Id switch
            {
                EntryId.Required => read.Value.Id != write.Key.Id.Value,
                EntryId.Optional => read.Value.Id is { } id && id != write.Key.Id.Value,
                _ => false,
            };
            if (isOther)
                refusals[place] = Refusal.Of(
                    RefusalKind.BadRequest, "invariant", "The resource must have the id of the URL, or of what meets the criteria.",
                    $"{write.Key.Type.Name}.id");
            else (contents[place], refusals[place]) = intake.Compose(read.Value, write.Key.Id);
        }
    }

    /// <summary>What is wrong with all of them, in the order of the entries; the first says what kind of refusal it is.</summary>
    private static Refusal RefusalOf(TransactionPlan plan, Refusal?[] refusals)
    {
        var issues = ImmutableArray.CreateBuilder<Issue>();
        RefusalKind? kind = null;
        foreach (var (entry, refusal) in plan.Writes.Select((write, place) => (write.Entry, refusals[place])).OrderBy(pair => pair.Entry.Number))
        {
            if (refusal is null || issues.Count >= Limits.IssuesMax) continue;
            kind ??= refusal.Kind;
            issues.AddRange(refusal.Issues.Select(issue => issue with
            {
                Expression = PathOf(entry, issue.Expression), Line = 0, Column = 0,
            }));
        }
        return new Refusal(kind!.Value, [.. issues.Take(Limits.IssuesMax)]);
    }

    /// <summary>"Observation.status" as "Bundle.entry[3].resource.status".</summary>
    private static string PathOf(BundleEntry entry, string expression)
    {
        var point = expression.IndexOf('.', StringComparison.Ordinal);
        return $"{entry.Path}.resource{(point < 0 ? "" : expression[point..])}";
    }
}

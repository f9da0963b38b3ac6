using System.Collections.Immutable;
using System.Globalization;

using EventFhir.Core.Events;
using EventFhir.Core.Search;
using EventFhir.Model;
using EventFhir.Model.Definitions;

namespace EventFhir.Core.Feed;

/// <summary>Reads the parameters of GET /feed (docs/feed.md). One that occurs several times, or has commas, wants any of its values.</summary>
/// <param name="context">For criteria on content, which are those of searches.</param>
public sealed class FeedParameters(SearchContext context)
{
    private const int LimitByDefault = 100;

    private static readonly Refusal Unknown =
        Bad("The feed has the parameters after, limit, wait, type, event, resource, compartment, tag, shard, body and previous.");

    public Outcome<FeedWish> Parse(IReadOnlyList<QueryParameter> parameters)
    {
        var wish = new FeedWish(FeedFilter.All, After: null, LimitByDefault, TimeSpan.Zero, FeedBody.Full, WithPrevious: false);
        string? compartment = null, tag = null;
        foreach (var (name, value) in parameters)
        {
            var read = Read(wish, name, value);
            switch (name)
            {
                case "compartment" when compartment is null:
                    compartment = value;
                    break;
                case "tag" when tag is null:
                    tag = value;
                    break;
                case "compartment" or "tag":
                    return Bad($"{name} may be given once.");
                default:
                    if (read is not { } outcome) return Unknown;
                    if (outcome.IsRefused(out var refusal)) return refusal;
                    wish = outcome.Value;
                    break;
            }
        }
        if (compartment is null && tag is null) return wish;
        var criteria = ContentCriteria.Of(context, compartment, tag);
        return criteria.IsRefused(out var refused) ? refused : wish with { Filter = wish.Filter with { Criteria = criteria.Value } };
    }

    /// <summary>The wish with one more parameter; null if the name is not known.</summary>
    private Outcome<FeedWish>? Read(FeedWish wish, string name, string value)
    {
        switch (name)
        {
            case "after":
                return FeedCursor.TryParse(value, out var cursor) ? wish with { After = cursor } : Bad("after is a cursor such as e1.4711.");
            case "limit":
                return int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is > 0 and <= Limits.FeedPageMax
                    ? wish with { Limit = limit }
                    : Bad($"limit is a number from 1 to {Limits.FeedPageMax}.");
            case "wait":
                return int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var wait) && wait <= Limits.FeedWaitMax.TotalSeconds
                    ? wish with { Wait = TimeSpan.FromSeconds(wait) }
                    : Bad($"wait is a number of seconds up to {Limits.FeedWaitMax.TotalSeconds}.");
            case "type":
                return Types(wish, value);
            case "event":
                return Kinds(wish, value);
            case "resource":
                return Resources(wish, value);
            case "shard":
                return Shard(wish, value);
            case "body":
                return value switch
                {
                    "full" => wish with { Body = FeedBody.Full },
                    "none" => wish with { Body = FeedBody.None },
                    "changed-paths" => wish with { Body = FeedBody.ChangedPaths },
                    _ => Bad("body is full, none or changed-paths."),
                };
            case "previous":
                return value is "true" or "false" ? wish with { WithPrevious = value is "true" } : Bad("previous is true or false.");
            default:
                return null;
        }
    }

    private Outcome<FeedWish> Types(FeedWish wish, string value)
    {
        var types = wish.Filter.Types.ToBuilder();
        foreach (var name in value.Split(','))
        {
            if (context.Release.FindResourceType(name) is not { } type) return Bad("type names a resource type that does not exist.");
            types.Add(type);
        }
        return wish with { Filter = wish.Filter with { Types = types.ToImmutable() } };
    }

    private static Outcome<FeedWish> Kinds(FeedWish wish, string value)
    {
        var kinds = wish.Filter.Kinds.ToBuilder();
        foreach (var name in value.Split(','))
        {
            // The whole name is what the events themselves say.
            var start = name.StartsWith(CloudEventWriter.TypeStart, StringComparison.Ordinal) ? CloudEventWriter.TypeStart.Length : 0;
            if (name[start..] is not ("created" or "updated" or "deleted" or "erased"))
                return Bad("event is created, updated, deleted or erased.");
            kinds.Add(Enum.Parse<FeedEventKind>(name[start..], ignoreCase: true));
        }
        return wish with { Filter = wish.Filter with { Kinds = kinds.ToImmutable() } };
    }

    private Outcome<FeedWish> Resources(FeedWish wish, string value)
    {
        var resources = wish.Filter.Resources.ToBuilder();
        foreach (var text in value.Split(','))
        {
            if (ResourceKey.Find(context.Release, text) is not { } key) return Bad("resource is a type and an id, such as [type]/123.");
            resources.Add(key);
        }
        return resources.Count <= Limits.FeedResourcesMax
            ? wish with { Filter = wish.Filter with { Resources = resources.ToImmutable() } }
            : Bad($"resource may name up to {Limits.FeedResourcesMax} resources.");
    }

    private static Outcome<FeedWish> Shard(FeedWish wish, string value)
    {
        var slash = value.IndexOf('/', StringComparison.Ordinal);
        return slash > 0
            && int.TryParse(value.AsSpan(0, slash), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && int.TryParse(value.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && count is > 0 and <= Limits.FeedShardsMax && number > 0 && number <= count
                ? wish with { Filter = wish.Filter with { Shard = new FeedShard(number, count) } }
                : Bad($"shard is k/n, the k-th of n parts, with n up to {Limits.FeedShardsMax}.");
    }

    internal static Refusal Bad(string diagnostics) => Refusal.Of(RefusalKind.BadRequest, "value", diagnostics);
}

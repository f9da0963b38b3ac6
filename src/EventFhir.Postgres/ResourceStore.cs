using System.Collections.Immutable;
using System.Threading.Channels;

using EventFhir.Core.Events;
using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Bulk;
using EventFhir.Postgres.Conditions;
using EventFhir.Postgres.Parameters;
using EventFhir.Postgres.Replay;
using EventFhir.Postgres.Search;
using EventFhir.Postgres.Writing;

using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EventFhir.Postgres;

/// <summary>
/// The one write path. Each group is atomic; groups that arrive together are committed together. A group is answered when it is durable,
/// and by then every read and every search column shows it.
/// </summary>
public sealed class ResourceStore : IAsyncDisposable
{
    private readonly StoreOptions options;
    private readonly Channel<PendingGroup> small;
    private readonly Channel<PendingGroup> large;
    private readonly ImmutableArray<Task> lanes;

    /// <summary>For commands whose index entries follow one layout, which never changes.</summary>
    /// <param name="layoutOf">SearchDefinitions.LayoutOf: where the search parameters of a type are stored.</param>
    public ResourceStore(
        EventDatabase database, Release release, Func<TypeDefinition, TypeLayout> layoutOf, StoreOptions? options = null, ILogger? logger = null)
        : this(database, new LiveIndexing(database, NewTablesOf(options), new ReplayRules(release, layoutOf, static (type, _) =>
            throw new NotSupportedException($"The {type.Name} was indexed by other parameters."))), options, logger)
    {
    }

    /// <summary>Follows the search parameters that clients define.</summary>
    public ResourceStore(EventDatabase database, ParameterRegistry registry, StoreOptions? options = null, ILogger? logger = null)
        : this(database, new LiveIndexing(database, NewTablesOf(options), registry), options, logger)
    {
    }

    private ResourceStore(EventDatabase database, LiveIndexing indexing, StoreOptions? options, ILogger? logger)
    {
        this.options = options ?? new StoreOptions();
        logger ??= NullLogger.Instance;
        var known = new KnownRids();
        var guards = new GuardCheck(database, indexing.Release);
        small = Channel.CreateBounded<PendingGroup>(this.options.QueueLengthMax);
        large = Channel.CreateBounded<PendingGroup>(this.options.LargeGroupsWaitingMax);
        // Each large group is a batch of its own.
        var alone = this.options with { GroupsPerBatchMax = 1 };
        lanes =
        [
            .. Enumerable.Range(0, this.options.Lanes).Select(_ => Run(small, this.options)),
            .. Enumerable.Range(0, this.options.LargeLanes).Select(_ => Run(large, alone)),
        ];
        Task Run(Channel<PendingGroup> arrivals, StoreOptions laneOptions) =>
            Task.Run(() => new WriteLane(
                new WriteQueue(arrivals, laneOptions), database, indexing, known, guards, this.options.BulkCommandsMin, logger).RunAsync());
    }

    private static NewTables NewTablesOf(StoreOptions? options) => (options ?? new StoreOptions()).NewTables;

    /// <summary>One outcome per command, in their order.</summary>
    /// <param name="cancellationToken">Takes the group out of the queue; once it is on its way to the database it is carried out.</param>
    public Task<ImmutableArray<WriteOutcome>> WriteAsync(WriteGroup group, CancellationToken cancellationToken)
    {
        if (group.Commands.IsEmpty) return Task.FromResult(ImmutableArray<WriteOutcome>.Empty);
        var pending = new PendingGroup(group, cancellationToken);
        // Criteria that are more than a look-up by key may take their time, and would hold up the small writes too.
        var isLarge = group.Commands.Length > options.SmallGroupCommandsMax || pending.Bytes > options.BytesPerBatchMax
            || group.Guards.Any(static guard => !KeyQueries.Is(guard.Criteria.Query));
        if (!(isLarge ? large : small).Writer.TryWrite(pending)) pending.Refuse(WriteRefusals.TooBusy);
        return pending.Outcomes;
    }

    /// <summary>Takes no more writes, and returns when those already taken are answered.</summary>
    public async ValueTask DisposeAsync()
    {
        small.Writer.TryComplete();
        large.Writer.TryComplete();
        await Task.WhenAll(lanes);
    }
}

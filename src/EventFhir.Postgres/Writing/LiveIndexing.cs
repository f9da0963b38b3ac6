using EventFhir.Core.Events;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Parameters;
using EventFhir.Postgres.Projections;
using EventFhir.Postgres.Replay;

using Npgsql;

namespace EventFhir.Postgres.Writing;

/// <summary>How writes are indexed at present, shared by all lanes; it changes when clients define search parameters.</summary>
internal sealed class LiveIndexing
{
    /// <summary>es.require_generation: the write was indexed by another set of parameters than the one in force.</summary>
    public const string StaleSet = "EF001";
    private readonly Func<ReplayRules> current;
    private readonly Func<CancellationToken, Task> reload;
    private readonly Func<ReplayRules, IndexTarget> targetOf;
    private volatile IndexTarget? target;

    public LiveIndexing(EventDatabase database, NewTables newTables, ReplayRules rules)
        : this(database, newTables, () => rules, static _ => Task.CompletedTask)
    {
    }

    public LiveIndexing(EventDatabase database, NewTables newTables, ParameterRegistry registry)
        : this(database, newTables, () => registry.Rules, registry.ReloadAsync)
    {
    }

    private LiveIndexing(EventDatabase database, NewTables newTables, Func<ReplayRules> current, Func<CancellationToken, Task> reload)
    {
        (this.current, this.reload) = (current, reload);
        targetOf = rules => new IndexTarget(rules, new ProjectionCatalog(database.Writer, rules.LayoutOf, newTables));
    }

    public Release Release => current().Release;

    public IndexTarget Target
    {
        get
        {
            var rules = current();
            if (target is { } known && ReferenceEquals(known.Rules, rules)) return known;
            return target = targetOf(rules);
        }
    }

    public Task ReloadAsync(CancellationToken cancellationToken) => reload(cancellationToken);
}

/// <summary>The search parameters that a batch is indexed by, and the tables for them.</summary>
internal sealed record IndexTarget(ReplayRules Rules, ProjectionCatalog Projections)
{
    // A body without its version is no resource text; what it says there is not indexed.
    private static readonly byte[] Version = "\"versionId\":\"1\",\"lastUpdated\":\"2000-01-01T00:00:00.000Z\""u8.ToArray();

    /// <summary>The command with index entries by these parameters, whatever they were made by.</summary>
    public WriteCommand Renew(WriteCommand command)
    {
        if (command.Content is not { } content || content.Index.Generation == Rules.Generation) return command;
        byte[] body = [.. content.Body.Head.Span, .. Version, .. content.Body.Tail.Span];
        return command with { Content = content with { Index = Rules.Extract(command.Key.Type, body) } };
    }

    /// <summary>To follow the locks of a write in its transaction.</summary>
    public NpgsqlBatchCommand Require() => new("select es.require_generation($1)")
    {
        Parameters = { new NpgsqlParameter<long> { TypedValue = Rules.Generation } },
    };
}

using System.Collections.Immutable;
using System.Data.Common;

using EventFhir.Core;
using EventFhir.Model;
using EventFhir.Postgres;
using EventFhir.Postgres.Conditions;
using EventFhir.Postgres.Erasing;
using EventFhir.Postgres.Feed;
using EventFhir.Postgres.Following;
using EventFhir.Postgres.Parameters;
using EventFhir.Postgres.Proof;
using EventFhir.Postgres.Reading;
using EventFhir.Postgres.Reindexing;
using EventFhir.Postgres.Search;
using EventFhir.Server.Daemon;
using EventFhir.Server.Formats;
using EventFhir.Server.Observability;
using EventFhir.Server.Proof;
using EventFhir.Server.Rest;
using EventFhir.Server.Rest.Bundles;
using EventFhir.Server.Rest.Deferring;
using EventFhir.Server.Rest.Feed;

using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace EventFhir.Server;

/// <summary>
/// The web application around an open database: this is where everything is put together. Disposing it answers the requests under way,
/// then closes the write path; the database is the caller's.
/// </summary>
public sealed class ServerHost : IAsyncDisposable
{
    /// <summary>How long what a killed import left may wait for somebody to see it.</summary>
    private static readonly TimeSpan IndexesInterval = TimeSpan.FromSeconds(30);

    private readonly WebApplication app;
    private readonly ResourceStore store;
    private readonly BackgroundLoop indexing;

    private readonly ParameterRegistry registry;
    private readonly SearchDaemon daemon;

    private readonly ReindexWalk reindexing;
    private readonly FeedHead feedHead = new();
    private readonly BackgroundLoop sequencing;
    private readonly LogSigners signers;
    private readonly ImmutableArray<FollowerWork> following;
    private readonly ProjectionWatch watch;
    private readonly ProjectionRebuilds rebuilds;
    private DeferredRequests? deferred;

    private ServerHost(
        EventFhirOptions options, WebApplication app, ParameterRegistry registry, ResourceStore store, SearchDaemon daemon, ReindexWalk reindexing,
        Database database, LogSigners signers)
    {
        this.signers = signers;
        (this.app, this.registry, this.store, this.daemon, this.reindexing) = (app, registry, store, daemon, reindexing);
        var logger = app.Services.GetRequiredService<ILogger<BackgroundLoop>>();
        sequencing = new BackgroundLoop(SequencerWork.Name, new SequencerWork(database.Events, feedHead).StepAsync, logger);
        var loggers = app.Services.GetRequiredService<ILoggerFactory>();
        var followers = Followers.Of(options, signers);
        following = [.. followers.Select(follower => new FollowerWork(database.Events, follower, Followers.CheckpointInterval, loggers))];
        watch = new ProjectionWatch(new Projections(database.Events), loggers.CreateLogger<BackgroundLoop>());
        rebuilds = new ProjectionRebuilds(database.Events, registry, followers, loggers.CreateLogger<ProjectionRebuilds>());
        // What an import that was killed has left is slow to search, not wrong.
        indexing = new BackgroundLoop(
            "Making the search indexes that an import left", token => CompleteIndexesAsync(options, database, token), logger);
    }

    /// <summary>The base URL on which the application listens, with the port it really got.</summary>
    public string Url =>
        app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First() + FhirRoutes.Base;

    /// <summary>Migrates the database and starts to listen.</summary>
    /// <exception cref="IOException">The port is in use.</exception>
    public static async Task<ServerHost> StartAsync(EventFhirOptions options, Database database, CancellationToken cancellationToken)
    {
        await database.PrepareAsync(options, cancellationToken);
        var signers = await database.OpenSignersAsync(options, cancellationToken);
        var app = Build(options);
        var loggers = app.Services.GetRequiredService<ILoggerFactory>();
        var registry = await database.OpenParametersAsync(options, cancellationToken);
        var reindexing = new ReindexWalk(database.Events, registry);
        var daemon = new SearchDaemon(
            registry, new ParameterWalk(database.Events, registry), reindexing, loggers.CreateLogger<SearchDaemon>());
        var host = new ServerHost(options, app, registry, database.OpenStore(options, registry), daemon, reindexing, database, signers);
        host.Compose(options, database, loggers);
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
        daemon.Start();
        host.sequencing.Start();
        foreach (var work in host.following) work.Start();
        host.watch.Start();
        host.indexing.Start();
        Log.Serving(loggers.CreateLogger<ServerHost>(), options.Release.Name, host.Url);
        return host;
    }

    /// <summary>Returns when the process is told to stop, and the requests under way are answered.</summary>
    public Task WaitForShutdownAsync(CancellationToken cancellationToken) => app.WaitForShutdownAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await indexing.DisposeAsync();
        if (deferred is not null) await deferred.DisposeAsync();
        await daemon.DisposeAsync();
        await store.DisposeAsync();
        await sequencing.DisposeAsync();
        foreach (var work in following) await work.DisposeAsync();
        await rebuilds.DisposeAsync();
        await watch.DisposeAsync();
        signers.Dispose();
        registry.Dispose();
        await app.DisposeAsync();
    }

    private static async Task CompleteIndexesAsync(EventFhirOptions options, Database database, CancellationToken cancellationToken)
    {
        await database.CompleteAbandonedIndexesAsync(options, cancellationToken);
        await Task.Delay(IndexesInterval, cancellationToken);
    }

    private static WebApplication Build(EventFhirOptions options)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.Sources.Clear();
        builder.Logging.ClearProviders().AddEventFhirConsole(options);
        builder.Services.AddSingleton<IHostedService>(new Telemetry(options));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = Limits.DrainTimeMax);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(options.Listen, options.Port);
            kestrel.AddServerHeader = false;
            kestrel.AllowSynchronousIO = false;
            kestrel.Limits.MaxRequestBodySize = Limits.BodyBytesMax;
            kestrel.Limits.MaxRequestLineSize = 2 * Limits.RequestLineBytesMax;
            kestrel.Limits.MaxRequestHeadersTotalSize = Limits.HeaderBytesMax;
            kestrel.Limits.MaxRequestHeaderCount = Limits.HeaderCountMax;
            kestrel.Limits.RequestHeadersTimeout = Limits.HeaderTimeMax;
            kestrel.Limits.KeepAliveTimeout = Limits.IdleConnectionTimeMax;
        });
        return builder.Build();
    }

    private void Compose(EventFhirOptions options, Database database, ILoggerFactory loggers)
    {
        var time = TimeProvider.System;
        var release = options.Release;
        var negotiation = new Negotiation(release);
        var baseUrl = new BaseUrl(options.BaseUrl);
        var reader = new ResourceReader(database.Events);
        var pageLink = new PageLink(options.PageKey ?? database.SharedSecret);
        var moments = new MomentReader(database.Events);
        var asOf = new AsOfRequest(moments);
        var searches = new SearchEndpoints(registry, new SearchReader(database.Events, release), baseUrl, pageLink, time, asOf);
        var intake = new ResourceIntake(registry.Active);
        var failures = new Failures(loggers.CreateLogger<Failures>());
        var answers = new WriteAnswers(daemon, reader, baseUrl);
        var byCriteria = new ConditionalStore(database.Events, store, registry);
        var conditionals = new ConditionalEndpoints(
            release, negotiation, intake, byCriteria, answers, reader, baseUrl, options.ConditionalDelete, time);
        var patches = new PatchEndpoints(
            release, new PatchIntake(release, negotiation), intake, store, byCriteria, answers, reader, baseUrl, time);
        var interactions = Interactions.OfResources(
            new ReadEndpoints(release, reader, asOf),
            new WriteEndpoints(release, negotiation, intake, store, conditionals, answers, time),
            new HistoryEndpoints(release, new HistoryReader(database.Events, release), reader, baseUrl, pageLink, asOf))
            .AddRange(Interactions.OfCriteria(conditionals))
            .AddRange(Interactions.OfPatches(patches))
            .AddRange(Interactions.OfSearch(searches));
        var onResources = Interactions.OfOperations(
            new MetaEndpoints(release, negotiation, intake, store, answers, reader, new LabelReader(database.Events)),
            new ValidateEndpoints(release, negotiation, intake, reader));
        var proofs = new ProofReader(database.Events, release);
        // Not for the entries of a batch: a zip is no resource.
        var evidence = Interactions.OfEvidence(new EvidenceEndpoint(release, reader, new EvidenceMaker(proofs, signers, time)));
        var operations = Interactions.OfReindex(new ReindexEndpoints(registry, reindexing, daemon, baseUrl)).AddRange(onResources)
            .AddRange(Interactions.OfReplays(new ReplayEndpoints(release, new ReplayReader(database.Events), reader, moments, baseUrl)));
        var entries = new BatchRun(new EntryDispatch(interactions.AddRange(operations), release, baseUrl, failures));
        var transactions = new TransactionRun(
            release, intake, store, byCriteria, new ReferenceCriteria(registry, byCriteria, release),
            new TransactionPatches(new PatchIntake(release, negotiation), reader, byCriteria), new TransactionAnswers(daemon, reader, baseUrl),
            new TransactionReads(entries, moments, release), entries, baseUrl, options.ConditionalDelete, time);
        interactions = interactions.AddRange(Interactions.OfBundles(new BundleEndpoints(release, negotiation, entries, transactions)));
        var abilities = Interactions.AbilitiesOf(interactions, onResources, options.ConditionalDelete);
        var capabilities = new CapabilityStatementWriter(registry.Active, abilities, time.GetUtcNow());
        var erasures = Interactions.OfErasure(
            new ErasureEndpoints(release, negotiation, intake, new Eraser(database.Events, store, release)));
        var deferrals = new DeferredEndpoints(deferred = new DeferredRequests(failures, time), baseUrl);
        var all = interactions.AddRange(operations).AddRange(evidence).AddRange(erasures).AddRange(Interactions.OfDeferred(deferrals))
            .Add(Interactions.OfMetadata(new MetadataEndpoint(capabilities, baseUrl)));
        var routes = new FhirRoutes(
            all, release, negotiation, baseUrl, new RequestProvenance(new SourceAddress(options.Proxies)), deferred, deferrals);

        var errors = new ErrorAnswers(routes, failures);
        var requests = new RequestLog(loggers.CreateLogger<RequestLog>(), time);
        app.Use(requests.HandleAsync);
        app.Use(new Cors(options.CorsOrigins).HandleAsync);
        app.Use(errors.HandleAsync);
        app.Use(new MinPosition(feedHead).HandleAsync);
        app.UseRouting();
        routes.Map(app);
        var feed = new FeedReader(database.Events, release);
        new FeedEndpoints(feed, feedHead, registry, baseUrl, time, app.Lifetime).Map(app);
        new GroupEndpoints(new ConsumerGroups(database.Events), feed).Map(app);
        new HealthEndpoints(database.Events.AnswersAsync, () => watch.Troubles, app.Lifetime).Map(app);
        new ProjectionEndpoints(new Projections(database.Events), rebuilds, baseUrl).Map(app);
        new ProofEndpoints(proofs, release).Map(app);
    }
}

using System.Collections.Immutable;
using System.Diagnostics.Metrics;

using EventFhir.Postgres.Following;

namespace EventFhir.Server.Daemon;

/// <summary>Looks every few seconds how the projections are, for /health and for OpenTelemetry: neither has to ask the database.</summary>
public sealed class ProjectionWatch : IAsyncDisposable
{
    public const string MeterName = "EventFhir.Projections";
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(2);

    /// <summary>So far behind, a follower that runs is a degraded state.</summary>
    private static readonly TimeSpan LagMax = TimeSpan.FromMinutes(1);

    private readonly Projections projections;
    private readonly BackgroundLoop loop;
    private readonly Meter meter = new(MeterName);
    private volatile IReadOnlyList<ProjectionStatus> seen = [];

    public ProjectionWatch(Projections projections, ILogger<BackgroundLoop> logger)
    {
        this.projections = projections;
        loop = new BackgroundLoop("Watching the projections", StepAsync, logger);
        meter.CreateObservableGauge(
            "eventfhir.projection.lag.events", () => Measure(static status => status.LagEvents), "{event}",
            "Events that a projection has not worked in.");
        meter.CreateObservableGauge(
            "eventfhir.projection.lag", () => Measure(static status => status.LagSeconds), "s", "Since the first of them was recorded.");
        meter.CreateObservableGauge(
            "eventfhir.projection.state", () => Measure(static status => (long)status.State), description: "1 running, 2 paused, 3 stopped.");
    }

    /// <summary>What is not as it should be, in words; empty if all is well.</summary>
    public ImmutableArray<string> Troubles => [.. seen.Select(TroubleOf).OfType<string>()];

    public void Start() => loop.Start();

    public async ValueTask DisposeAsync()
    {
        await loop.DisposeAsync();
        meter.Dispose();
    }

    private static string? TroubleOf(ProjectionStatus status) => status switch
    {
        { State: ProjectionState.Paused } => $"{status.Name} is paused",
        { State: ProjectionState.Stopped } => $"{status.Name} has stopped",
        { LagSeconds: var lag } when lag > LagMax.TotalSeconds => FormattableString.Invariant($"{status.Name} is {lag:0} s behind"),
        _ => null,
    };

    private async Task StepAsync(CancellationToken cancellationToken)
    {
        seen = await projections.StatusAsync(cancellationToken);
        await Task.Delay(LookInterval, cancellationToken);
    }

    private IEnumerable<Measurement<T>> Measure<T>(Func<ProjectionStatus, T> value)
        where T : struct =>
        seen.Select(status => new Measurement<T>(value(status), new KeyValuePair<string, object?>("projection", status.Name)));
}

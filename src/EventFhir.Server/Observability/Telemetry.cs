using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace EventFhir.Server.Observability;

/// <summary>Sends traces and metrics to an OTLP collector while the server runs; does nothing if none is configured.</summary>
public sealed class Telemetry(EventFhirOptions options) : IHostedService, IDisposable
{
    private TracerProvider? traces;
    private MeterProvider? metrics;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.OtlpEndpoint is null) return Task.CompletedTask;
        var resource = ResourceBuilder.CreateDefault()
            .AddService("eventfhir", serviceVersion: typeof(Telemetry).Assembly.GetName().Version!.ToString(3));
        traces = Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(resource)
            .AddSource("Microsoft.AspNetCore", "Npgsql", "EventFhir.*")
            .AddOtlpExporter(exporter => exporter.Endpoint = EndpointOf(exporter, "v1/traces"))
            .Build();
        metrics = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(resource)
            .AddMeter("Microsoft.AspNetCore.*", "System.Runtime", "Npgsql", "EventFhir.*")
            .AddOtlpExporter(exporter => exporter.Endpoint = EndpointOf(exporter, "v1/metrics"))
            .Build();
        return Task.CompletedTask;
    }

    // An endpoint set in code is taken as it is, so over HTTP the path of the signal has to be added (OTLP specification, "Endpoint URLs").
    private Uri EndpointOf(OtlpExporterOptions exporter, string path) => exporter.Protocol is OtlpExportProtocol.HttpProtobuf
        ? new Uri(options.OtlpEndpoint!.ToString().TrimEnd('/') + "/" + path)
        : options.OtlpEndpoint!;

    public Task StopAsync(CancellationToken cancellationToken)
    {
        traces?.ForceFlush(5_000);
        metrics?.ForceFlush(5_000);
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        traces?.Dispose();
        metrics?.Dispose();
    }
}

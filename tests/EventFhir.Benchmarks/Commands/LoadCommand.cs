using System.Net;
using EventFhir.Benchmarks.Load;
using EventFhir.Benchmarks.Measures;
using EventFhir.Benchmarks.Workloads;

namespace EventFhir.Benchmarks.Commands;

/// <summary>Drives a server that runs already, closed loop or at a rate.</summary>
public static class LoadCommand
{
    public static int Run(string address, Options options)
    {
        var server = IPEndPoint.Parse(address);
        var duration = TimeSpan.FromSeconds(options.Number("seconds", 5));
        using var generator = new LoadGenerator(server, (int)options.Number("connections", 32));
        var workload = options.Text("workload") switch
        {
            "b0-read" => ConstantAnswers.Reading(),
            "b0-write" => ConstantAnswers.Writing(CreateObservations.SampleBody()),
            _ => (Workload)new CreateObservations(),
        };
        using var allocation = options.Has("process") ? new AllocationMeter((int)options.Number("process", 0)) : null;
        var result = options.Has("rate")
            ? generator.RunOpen(workload, options.Number("rate", 1_000), duration)
            : generator.RunClosed(workload, duration);
        if (allocation is not null) Console.WriteLine($"{allocation.BytesPerSecond() / result.PerSecond:0} bytes allocated per operation");
        Console.WriteLine($"{result.PerSecond:0}/s, {result.Failures} failures, p50 {result.Latency.PercentileMs(0.5):0.00} ms, " +
            $"p95 {result.Latency.PercentileMs(0.95):0.00} ms, p99 {result.Latency.PercentileMs(0.99):0.00} ms, " +
            $"p99.9 {result.Latency.PercentileMs(0.999):0.00} ms, max {result.Latency.Max / 1e6:0.00} ms");
        if (result.FirstFault is { } fault) Console.Error.WriteLine(fault);
        return result.IsValid ? 0 : 1;
    }
}

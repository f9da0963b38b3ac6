using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;
using EventFhir.Benchmarks.Micro;

namespace EventFhir.Benchmarks.Commands;

/// <summary><c>bench micro</c>: BenchmarkDotNet in this process, short enough for every change.</summary>
public static class MicroCommand
{
    public static int Run(string[] arguments)
    {
        var job = Job.Default.WithToolchain(InProcessNoEmitToolchain.Instance).WithWarmupCount(6).WithIterationCount(8)
            .WithIterationTime(Perfolizer.Horology.TimeInterval.FromMilliseconds(250));
        var config = ManualConfig.CreateEmpty()
            .AddJob(job)
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddExporter(MarkdownExporter.Console)
            .AddLogger(ConsoleLogger.Default)
            .WithOptions(ConfigOptions.DisableLogFile)
            .WithArtifactsPath(Path.Combine(Path.GetTempPath(), "eventfhir-benchmarks"));
        BenchmarkSwitcher.FromTypes([typeof(TakingInAResource)]).Run(["--filter", arguments.Length > 0 ? $"*{arguments[0]}*" : "*"], config);
        return 0;
    }
}

using System.Globalization;
using EventFhir.Benchmarks.Baselines;
using EventFhir.Benchmarks.Data;
using EventFhir.Benchmarks.Floor;
using EventFhir.Benchmarks.Load;
using EventFhir.Benchmarks.Report;
using EventFhir.Benchmarks.Workloads;
using Npgsql;

namespace EventFhir.Benchmarks.Scenarios;

/// <summary>
/// The quick tier: every scenario of the write and read path in about four minutes. Floor and server take turns (A B A B A B)
/// on one cluster, so that a change of the machine's mood meets both; the medians are compared.
/// </summary>
public sealed class QuickRun(Bench bench, SampleData data, Func<SampleData>? largeData, RunReport report, Func<string, bool> isWanted)
{
    private const int Connections = 32;
    private const int Rounds = 3;
    private static readonly TimeSpan RoundDuration = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan AllocationDuration = TimeSpan.FromSeconds(4.5);
    private static readonly TimeSpan WarmUpDuration = TimeSpan.FromSeconds(3);

    public async Task RunAsync()
    {
        await using var floor = await ProgramUnderTest.StartFloorAsync(await bench.NewDatabaseAsync("floor"));
        if (isWanted("baselines")) await MeasureHttpAsync(floor);
        if (isWanted("baselines")) await MeasureSqlAsync();
        await MeasureCreatesAsync(floor);
        if (isWanted("bulk-import") || isWanted("read") || isWanted("update") || isWanted("vread") || isWanted("as-of")) await MeasureLoadedAsync(floor);
        if (isWanted("bulk-import") && largeData is not null)
            await new ImportMeasurement(bench, largeData(), report).MeasureAsync("bulk-import, large", await bench.NewDatabaseAsync("large"), ImportRounds.One);
    }

    private async Task MeasureHttpAsync(ProgramUnderTest floor)
    {
        foreach (var (name, workload) in new[]
        {
            ("B0 constant answer", ConstantAnswers.Reading()),
            ("B0 body discarded", ConstantAnswers.Writing(CreateObservations.SampleBody())),
        })
        {
            var trial = new Trial(floor, workload, Connections, bench.Meter);
            trial.WarmUp(TimeSpan.FromSeconds(1));
            await trial.RunRoundAsync(TimeSpan.FromSeconds(2));
            Add(Row.Of(name, trial, null, null) with { Program = "Kestrel" });
        }
    }

    private async Task MeasureSqlAsync()
    {
        await using var database = NpgsqlDataSource.Create(await bench.NewDatabaseAsync("baselines"));
        var sql = new SqlBaselines(database, data);
        Say("B4 copy into event table, 1", await sql.CopyAsync());
        Say("B1 select by key, 32", await sql.SelectByKeyAsync(Connections));
        Say("B2 insert event, 1", await sql.InsertEventAsync(1));
        Say("B2 insert event, 32", await sql.InsertEventAsync(Connections));
        Say("B2b event and head, 32", await sql.InsertEventAndHeadAsync(Connections));
        Say("B3 100 events per commit, 8", await sql.InsertEventsAsync(8));
        void Say(string name, double perSecond) => Add(new Row(name, "SQL", perSecond));
    }

    private async Task MeasureCreatesAsync(ProgramUnderTest floor)
    {
        if (!isWanted("create-observation") && !isWanted("create-mixed")) return;
        await using var server = await ProgramUnderTest.StartServerAsync(await bench.NewDatabaseAsync("creates"));
        if (isWanted("create-observation"))
        {
            var busy = await CompareAsync("create-observation, 32", floor, server, static () => new CreateObservations(), Connections, Allocation.Measure);
            MeasureOpen("create-observation", busy);
            await CompareAsync("create-observation, 1", floor, server, static () => new CreateObservations(), 1, Allocation.Skip);
        }

        if (isWanted("create-mixed"))
            await CompareAsync("create-mixed, 32", floor, server, () => new CreateMixed(data), Connections, Allocation.Skip);
    }

    private async Task MeasureLoadedAsync(ProgramUnderTest floor)
    {
        var connectionString = await bench.NewDatabaseAsync("loaded");
        var import = new ImportMeasurement(bench, data, report);
        await (isWanted("bulk-import") ? import.CompareAsync(connectionString) : import.RunAsync(connectionString));
        await using var server = await ProgramUnderTest.StartServerAsync(connectionString);
        await bench.CheckpointAsync();
        if (isWanted("read"))
        {
            await FloorData.LoadAsync(bench.ConnectionStringOf("floor"), data);
            var busy = await CompareAsync("read, 32", floor, server, () => new ReadResources(data), Connections, Allocation.Measure);
            MeasureOpen("read", busy);
        }

        if (!isWanted("update") && !isWanted("vread") && !isWanted("as-of")) return;
        var loaded = DateTime.UtcNow;
        var updates = new UpdateObservations(data);
        await MeasureAloneAsync("update, 32", server, updates, "B2b event and head, 32");
        if (isWanted("vread")) await MeasureAloneAsync("vread, 32", server, new ReadVersions(updates.Versions), "B1 select by key, 32");
        if (!isWanted("as-of")) return;
        var asOf = string.Create(CultureInfo.InvariantCulture, $"_asOf={loaded:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}");
        var (changed, patients) = (updates.Versions.Where(static version => version.Version > 1).Take(2_000).ToList(),
            data.Resources.Where(static resource => resource.Type is "Patient").ToList());
        await MeasureAloneAsync(
            "history, 32", server, new ReadTheSame([.. changed.Select(version => $"/fhir/Observation/{version.Id}/_history")], AnswersOverTime.AreTheSame), "B1 select by key, 32");
        await MeasureAloneAsync(
            "as-of-read, 32", server, new ReadTheSame([.. changed.Select(version => $"/fhir/Observation/{version.Id}?{asOf}")], AnswersOverTime.AreTheSame), "B1 select by key, 32");
        string[] searches = ["", "&" + asOf];
        foreach (var then in searches)
            await MeasureAloneAsync(
                then.Length > 0 ? "as-of-search, 32" : "the same search as of now, 32", server,
                new ReadTheSame([.. patients.Select(patient => $"/fhir/Observation?patient={patient.Id}&_sort=-date&_count=20{then}")],
                    then.Length > 0 ? AnswersOverTime.AreTheSame : AnswersOverTime.MayDiffer),
                "B1 select by key, 32");
    }

    private async Task<Trial> CompareAsync(
        string scenario, ProgramUnderTest floor, ProgramUnderTest server, Func<Workload> workload, int connections, Allocation allocation)
    {
        var floorTrial = new Trial(floor, workload(), connections, bench.Meter);
        var serverTrial = new Trial(server, workload(), connections, bench.Meter);
        floorTrial.WarmUp(TimeSpan.FromSeconds(1));
        serverTrial.WarmUp(WarmUpDuration);
        for (var round = 0; round < Rounds; round++)
        {
            await floorTrial.RunRoundAsync(RoundDuration);
            await serverTrial.RunRoundAsync(RoundDuration);
        }

        if (allocation is Allocation.Measure) serverTrial.MeasureAllocation(AllocationDuration);
        Add(Row.Of(scenario, floorTrial, null, null));
        Add(Row.Of(scenario, serverTrial, "floor", floorTrial.PerSecond));
        return serverTrial;
    }

    private async Task MeasureAloneAsync(string scenario, ProgramUnderTest server, Workload workload, string baseline)
    {
        var trial = new Trial(server, workload, Connections, bench.Meter);
        trial.WarmUp(TimeSpan.FromSeconds(1));
        for (var round = 0; round < Rounds; round++) await trial.RunRoundAsync(TimeSpan.FromSeconds(2));
        Add(Row.Of(scenario, trial, baseline, report.Rows.Find(row => row.Scenario == baseline)?.PerSecond));
    }

    /// <summary>Latency at a load that the server can bear: closed loops hide queues.</summary>
    private void MeasureOpen(string scenario, Trial busy)
    {
        if (!busy.IsValid) return;
        foreach (var share in new[] { 0.5, 0.8 })
        {
            var result = busy.RunOpen(busy.PerSecond * share, RoundDuration);
            Add(new Row(
                FormattableString.Invariant($"{scenario}, open loop at {share * 100:0} %"), "server", result.PerSecond,
                P50: result.Latency.PercentileMs(0.5), P99: result.Latency.PercentileMs(0.99), P999: result.Latency.PercentileMs(0.999), Max: result.Latency.Max / 1e6,
                Note: result.FirstFault));
        }
    }

    private void Add(Row row)
    {
        report.Rows.Add(row);
        Console.Error.WriteLine(FormattableString.Invariant($"{row.Scenario} {row.Program}: {row.PerSecond:0}/s {row.Note}"));
    }

    private enum Allocation { Skip, Measure }
}

using EventFhir.Benchmarks.Baselines;
using EventFhir.Benchmarks.Data;
using EventFhir.Benchmarks.Report;
using EventFhir.Benchmarks.Workloads;
using Npgsql;

namespace EventFhir.Benchmarks.Scenarios;

/// <summary>Writes other than plain creates and updates: by criteria, patches, deletes. Creates by criteria take turns with plain ones.</summary>
public sealed class ChangesRun(Bench bench, SampleData data, RunReport report, Func<string, bool> isWanted)
{
    private const int Connections = 32;
    private const int Rounds = 3;
    private const long Apart = 100_000_000;
    private static readonly TimeSpan RoundDuration = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan DeleteDuration = TimeSpan.FromSeconds(0.7);

    public async Task RunAsync()
    {
        var (reads, writes) = await BaselinesAsync();
        if (isWanted("conditional-create")) await MeasureCreatesAsync(reads, writes);
        if (!isWanted("patch") && !isWanted("delete")) return;
        var connectionString = await bench.NewDatabaseAsync("loaded");
        await new ImportMeasurement(bench, data, report).RunAsync(connectionString);
        await using var server = await ProgramUnderTest.StartServerAsync(connectionString);
        await bench.CheckpointAsync();
        if (isWanted("patch"))
            await MeasureAsync("update, 32", new Trial(server, new UpdateObservations(data), Connections, bench.Meter), RoundDuration, writes);
        // One after the other: the time of both is spent, so that the rates add as resistances do.
        if (isWanted("patch"))
            await MeasureAsync("patch, 32", new Trial(server, new PatchObservations(data), Connections, bench.Meter), RoundDuration, Both(reads, writes));
        if (isWanted("delete"))
            await MeasureAsync("delete, 32", new Trial(server, new DeleteObservations(data), Connections, bench.Meter), DeleteDuration, writes);
    }

    private async Task<(double Reads, double Writes)> BaselinesAsync()
    {
        await using var database = NpgsqlDataSource.Create(await bench.NewDatabaseAsync("baselines"));
        var sql = new SqlBaselines(database, data);
        Add(new Row("B4 copy into event table, 1", "SQL", await sql.CopyAsync()));
        var (reads, writes) = (await sql.SelectByKeyAsync(Connections), await sql.InsertEventAndHeadAsync(Connections));
        Add(new Row("B1 select by key, 32", "SQL", reads));
        Add(new Row("B2b event and head, 32", "SQL", writes));
        return (reads, writes);
    }

    private async Task MeasureCreatesAsync(double reads, double writes)
    {
        await using var server = await ProgramUnderTest.StartServerAsync(await bench.NewDatabaseAsync("creates"));
        var plain = NewTrial(CreateCondition.None);
        var allNew = NewTrial(CreateCondition.AllNew);
        var halfThere = NewTrial(CreateCondition.HalfThere);
        foreach (var trial in new[] { plain, allNew, halfThere }) trial.WarmUp(TimeSpan.FromSeconds(2));
        for (var round = 0; round < Rounds; round++)
            foreach (var trial in new[] { plain, allNew, halfThere }) await trial.RunRoundAsync(RoundDuration);
        Add(Row.Of("create-patient, 32", plain, "B2b event and head, 32", writes));
        Add(Row.Of("conditional-create, all new, 32", allNew, "create-patient, 32", plain.PerSecond));
        Add(Row.Of("conditional-create, half there, 32", halfThere, "B1 and B2b", Both(reads, writes)));

        Trial NewTrial(CreateCondition condition) =>
            new(server, new CreatePatients(condition, Apart * ((int)condition + 1)), Connections, bench.Meter);
    }

    private async Task MeasureAsync(string scenario, Trial trial, TimeSpan round, double baseline)
    {
        trial.WarmUp(round);
        for (var number = 0; number < Rounds; number++) await trial.RunRoundAsync(round);
        Add(Row.Of(scenario, trial, "baselines", baseline));
    }

    private static double Both(double reads, double writes) => 1 / ((1 / reads) + (1 / writes));

    private void Add(Row row)
    {
        report.Rows.Add(row);
        Console.Error.WriteLine(FormattableString.Invariant($"{row.Scenario} {row.Program}: {row.PerSecond:0}/s {row.Note}"));
    }
}

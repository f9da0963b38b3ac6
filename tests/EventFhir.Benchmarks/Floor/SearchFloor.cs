using System.Collections.Frozen;
using System.Collections.Immutable;
using EventFhir.Benchmarks.Searches;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace EventFhir.Benchmarks.Floor;

/// <summary>
/// B6 behind Kestrel: the hand-written SQL of each search, its bodies sent one after the other, nothing else. Its latencies are those that any web
/// server has that asks these questions of this database on this machine. GET /PLAN/SCENARIO/PLACE, where PLAN is free or custom.
/// </summary>
public static class SearchFloor
{
    public static async Task<int> RunAsync(string connectionString)
    {
        var plans = new[] { BaselinePlan.Free, BaselinePlan.Custom }
            .ToFrozenDictionary(static plan => plan.ToString(), plan => BaselineLoad.Connect(connectionString, plan));
        var harvest = await SearchScenarios.HarvestAsync(plans[nameof(BaselinePlan.Free)]);
        var cases = SearchScenarios.All.ToFrozenDictionary(static scenario => scenario.Name, scenario => scenario.DrawAll(harvest));

        await FloorHost.ServeAsync(http => AnswerAsync(http, plans, cases));
        foreach (var database in plans.Values) await database.DisposeAsync();
        return 0;
    }

    private static async Task AnswerAsync(
        HttpContext http, FrozenDictionary<string, NpgsqlDataSource> plans, FrozenDictionary<string, ImmutableArray<SearchCase>> cases)
    {
        var parts = http.Request.Path.Value!.Split('/');
        var search = cases[parts[2]][int.Parse(parts[3], System.Globalization.CultureInfo.InvariantCulture)];
        var bodies = new List<byte[]>();
        await using (var connection = await plans[parts[1]].OpenConnectionAsync())
        {
            await using var command = BaselineLoad.CommandOf(search, connection);
            await using var row = await command.ExecuteReaderAsync();
            while (await row.ReadAsync()) bodies.Add(row.GetFieldValue<byte[]>(row.FieldCount - 1));
        }
        http.Response.ContentType = "application/fhir+json";
        http.Response.ContentLength = bodies.Sum(static body => body.Length);
        foreach (var body in bodies) http.Response.BodyWriter.Write(body);
        await http.Response.BodyWriter.FlushAsync();
    }

    private static void Write(this System.IO.Pipelines.PipeWriter writer, ReadOnlySpan<byte> bytes) =>
        System.Buffers.BuffersExtensions.Write(writer, bytes);
}

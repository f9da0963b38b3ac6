using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using EventFhir.Benchmarks.Load;
using EventFhir.Benchmarks.Report;
using EventFhir.Benchmarks.Searches;
using EventFhir.Benchmarks.Workloads;
using EventFhir.Core.Search;
using EventFhir.Core.Search.Parameters;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.Json;
using EventFhir.Postgres;
using EventFhir.Postgres.Parameters;
using Npgsql;

namespace EventFhir.Benchmarks.Scenarios;

/// <summary>
/// <c>custom-parameter</c>: a search parameter over most of what is stored is defined while 16 clients search and write. How long it takes until it can
/// be used, what the clients notice, and whether its answers are those of the matcher, for a sample of resources of each type. Leaves what the
/// clients wrote behind.
/// </summary>
public sealed class CustomParameterRun(Bench bench, RunReport report)
{
    private const int Clients = 16;
    private const string Code = "bench-kind";
    private const int SampleSize = 60;
    private const int ValuesPerType = 6;

    /// <summary>The first of these that a type has is what the parameter is about.</summary>
    private static readonly ImmutableArray<string> Elements = ["code", "type", "vaccineCode", "category", "status", "gender"];

    private static readonly TimeSpan UsableMax = TimeSpan.FromMinutes(30);

    public async Task RunAsync(ProgramUnderTest server, ImmutableArray<SearchCase> searches)
    {
        await using var database = NpgsqlDataSource.Create(bench.ConnectionString);
        var bases = await BasesAsync(database);
        using var http = new HttpClient { BaseAddress = new Uri($"http://{server.Address}/fhir/"), Timeout = TimeSpan.FromMinutes(2) };
        var workload = new ByTurns(new SearchRequests(searches, FrozenDictionary<int, ImmutableArray<string>>.Empty), new CreateObservations());
        var rounds = new List<LoadResult>();
        using var usable = new CancellationTokenSource();
        var working = Task.Run(() => Work(server, workload, rounds, usable.Token));
        await Task.Delay(TimeSpan.FromSeconds(3));
        var start = Stopwatch.GetTimestamp();
        await DefineAsync(http, bases);
        while (!await IsUsableAsync(http, bases[0].Type))
        {
            if (Stopwatch.GetElapsedTime(start) > UsableMax) throw new TimeoutException($"The parameter is not usable after {UsableMax.TotalMinutes} min.");
            await Task.Delay(250);
        }
        var elapsed = Stopwatch.GetElapsedTime(start);
        await usable.CancelAsync();
        await working;
        var (questions, different) = await CompareAsync(http, database, bases);
        using var dropped = await http.DeleteAsync($"SearchParameter/{Code}");

        var latency = new Histogram();
        foreach (var round in rounds) latency.Add(round.Latency);
        var failures = rounds.Sum(static round => round.Failures);
        var covered = bases.Sum(static each => each.Count);
        Add(new Row(
            "custom-parameter, 16 clients", "server", rounds.Sum(static round => round.Operations) / rounds.Sum(static round => round.Elapsed.TotalSeconds),
            P50: latency.PercentileMs(0.5), P99: latency.PercentileMs(0.99), P999: latency.PercentileMs(0.999), Max: latency.Max / 1e6,
            Note: FormattableString.Invariant(
                $"usable after {elapsed.TotalSeconds:0} s over {covered} resources of {bases.Length} types ({covered / elapsed.TotalSeconds:0}/s); {failures} of {latency.Count} requests failed; ")
                + FormattableString.Invariant($"{different} of {questions} answers differ from the matcher's {rounds.Find(static round => round.FirstFault is not null)?.FirstFault}")));
    }

    private static void Work(ProgramUnderTest server, Workload workload, List<LoadResult> rounds, CancellationToken usable)
    {
        using var generator = new LoadGenerator(server.Address, Clients);
        do rounds.Add(generator.RunClosed(workload, TimeSpan.FromSeconds(1)));
        while (!usable.IsCancellationRequested);
    }

    private static async Task<ImmutableArray<Base>> BasesAsync(NpgsqlDataSource database)
    {
        await using var command = database.CreateCommand("select type, sum(live)::bigint from es.counter group by type having sum(live) > 0 order by 2 desc");
        await using var row = await command.ExecuteReaderAsync();
        var bases = ImmutableArray.CreateBuilder<Base>();
        while (await row.ReadAsync())
        {
            var type = Release.R4.TypeOfNumber(row.GetInt16(0));
            if (Elements.FirstOrDefault(name => type.FindElement(name) is not null) is { } element) bases.Add(new(type, element, row.GetInt64(1)));
        }
        return bases.ToImmutable();
    }

    private static async Task DefineAsync(HttpClient http, ImmutableArray<Base> bases)
    {
        var types = string.Join(',', bases.Select(static each => $"\"{each.Type.Name}\""));
        var expression = string.Join(" | ", bases.Select(static each => $"{each.Type.Name}.{each.Element}"));
        var definition = $$"""
            {"resourceType":"SearchParameter","id":"{{Code}}","url":"http://example.org/{{Code}}","name":"Kind","status":"active","description":"What it is",
             "code":"{{Code}}","base":[{{types}}],"type":"token","expression":"{{expression}}"}
            """;
        using var content = new StringContent(definition, Encoding.UTF8, "application/fhir+json");
        using var answer = await http.PutAsync($"SearchParameter/{Code}", content);
        if (!answer.IsSuccessStatusCode) throw new InvalidOperationException($"The parameter is refused: {await answer.Content.ReadAsStringAsync()}");
    }

    /// <summary>Until then the server has to say why not, and never give a wrong answer.</summary>
    private static async Task<bool> IsUsableAsync(HttpClient http, TypeDefinition type)
    {
        using var answer = await http.GetAsync($"{type.Name}?{Code}=none&_summary=count");
        if (answer.StatusCode == HttpStatusCode.OK) return true;
        var text = await answer.Content.ReadAsStringAsync();
        return answer.StatusCode == HttpStatusCode.BadRequest && text.Contains("transient", StringComparison.Ordinal) ? false
            : throw new InvalidOperationException($"{(int)answer.StatusCode}: {text}");
    }

    /// <summary>How many questions were asked about the samples, and how many had other answers than the matcher gives.</summary>
    private async Task<(int Questions, int Different)> CompareAsync(HttpClient http, NpgsqlDataSource database, ImmutableArray<Base> bases)
    {
        await using var events = new EventDatabase(bench.ConnectionString);
        using var registry = new ParameterRegistry(events, new ActiveDefinitions(SearchDefinitions.R4, baseUrl: null));
        await registry.ReloadAsync(CancellationToken.None);
        var context = new SearchContext(registry.Active.Current, http.BaseAddress!.ToString().TrimEnd('/'), DateTimeOffset.UtcNow, UnknownParameters.Refuse);
        var (questions, different) = (0, 0);
        foreach (var each in bases)
        {
            var sample = await SampleAsync(database, each.Type);
            var matcher = new SearchMatcher(Release.R4, context.BaseUrl, sample);
            var ids = string.Join(',', sample.Select(static resource => resource.Id));
            var values = sample.Select(resource => ValueOf(resource, each.Element)).OfType<string>().Distinct().Take(ValuesPerType);
            foreach (var (name, value) in values.Select(static value => (Name: Code, Value: value)).Append(($"{Code}:missing", "true")))
            {
                var parsed = new SearchParser(context).Parse(each.Type, [new QueryParameter(name, value), new QueryParameter("_id", ids)]);
                var expected = matcher.Search(parsed.Value).Select(static resource => resource.Id!).Order(StringComparer.Ordinal);
                var found = await IdsAsync(http, $"{each.Type.Name}?{name}={Uri.EscapeDataString(value)}&_id={ids}&_count=1000");
                questions++;
                if (!expected.SequenceEqual(found, StringComparer.Ordinal)) different++;
            }
        }
        return (questions, different);
    }

    /// <summary>Half of them are the newest, which came while the rows were made.</summary>
    private static async Task<List<Resource>> SampleAsync(NpgsqlDataSource database, TypeDefinition type)
    {
        await using var command = database.CreateCommand(BaselineSql.Named("sample"));
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = (short)type.Number });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = SampleSize / 2 });
        await using var row = await command.ExecuteReaderAsync();
        var sample = new List<Resource>();
        while (await row.ReadAsync()) sample.Add(ResourceJsonReader.Read(row.GetFieldValue<byte[]>(0), Release.R4).Resource!);
        return sample;
    }

    private static string? ValueOf(Resource resource, string element)
    {
        var value = resource.Root.FirstChild(element);
        while (value is { Type.IsPrimitive: false } inner) value = inner.FirstChild("coding") ?? inner.FirstChild("code");
        return value is { HasValue: true } code ? code.Text.Replace(",", "\\,", StringComparison.Ordinal) : null;
    }

    private static async Task<ImmutableArray<string>> IdsAsync(HttpClient http, string path)
    {
        using var document = JsonDocument.Parse(await http.GetStringAsync(path));
        return document.RootElement.TryGetProperty("entry", out var entries)
            ? [.. entries.EnumerateArray().Select(static entry => entry.GetProperty("resource").GetProperty("id").GetString()!).Order(StringComparer.Ordinal)]
            : [];
    }

    private void Add(Row row)
    {
        report.Rows.Add(row);
        Console.Error.WriteLine(FormattableString.Invariant($"{row.Scenario}: {row.PerSecond:0}/s, p50 {row.P50:0.0} p99 {row.P99:0.0} ms; {row.Note}"));
    }

    private sealed record Base(TypeDefinition Type, string Element, long Count);
}

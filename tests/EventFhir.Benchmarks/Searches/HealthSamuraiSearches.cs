using System.Collections.Immutable;
using System.Text.Json;
using EventFhir.Core.Search.Indexing;
using Npgsql;

namespace EventFhir.Benchmarks.Searches;

/// <summary>
/// The search families of the public benchmark of FHIR servers (docs/performance.md): strings from their beginning and anywhere, dates with every
/// prefix, and a common token; pages of 20 without a total.
/// </summary>
public static class HealthSamuraiSearches
{
    private static readonly ImmutableArray<string> Prefixes = ["eq", "lt", "gt", "ge", "le", "sa", "eb"];

    public static SearchCase Draw(Harvest harvest, Random random) => random.Next(7) switch
    {
        0 => Text(harvest, random, "Patient", "name", static patient => patient.Text("name.0.family")),
        1 => Text(harvest, random, "Patient", "address", static patient => patient.Text("address.0.city")),
        2 => Text(harvest, random, "Organization", "name", static organization => organization.Text("name")),
        3 => Date(harvest, random, "Patient", "birthdate", static patient => patient.Text("birthDate")),
        4 => Date(harvest, random, "Observation", "date", static observation => observation.Text("effectiveDateTime")?[..10]),
        5 => Date(harvest, random, "Encounter", "date", static encounter => encounter.Text("period.start")?[..10]),
        _ => Category(harvest, random),
    };

    private static SearchCase Text(Harvest harvest, Random random, string type, string parameter, Func<JsonElement, string?> read)
    {
        var isAnywhere = random.Next(2) == 0;
        var value = SearchScenarios.IsMiss(random) ? "nothing-like-it" : harvest.Draw(random, type, read);
        value = value[..Math.Min(5, value.Length)].TrimEnd();
        var table = ("table", $"fhir.str_{type.ToLowerInvariant()}");
        var code = SearchScenarios.Of(Hashing.Parameter(parameter));
        return new(
            $"/fhir/{type}?{parameter}{(isAnywhere ? ":contains" : "")}={SearchScenarios.Escape(value)}&_count=20&_total=none",
            BaselineSql.Named(isAnywhere ? "contains" : "prefix", table),
            isAnywhere ? [code, SearchScenarios.Of(StringFolding.Normalize(value))] : [code, .. SearchScenarios.Prefix(value)]);
    }

    private static SearchCase Date(Harvest harvest, Random random, string type, string parameter, Func<JsonElement, string?> read)
    {
        var prefix = Prefixes[random.Next(Prefixes.Length)];
        var day = SearchScenarios.IsMiss(random) ? "1871-05-05" : harvest.Draw(random, type, read);
        var (from, to) = (SearchScenarios.Instant(day), SearchScenarios.Instant(day).AddDays(1));
        var (sql, values) = prefix switch
        {
            "eq" => ("range", (DateTime[])[from, to]),
            "lt" => ("starts-before", [from]),
            "gt" => ("ends-after", [to]),
            "ge" => ("ends-after-or-starts-from", [from, to]),
            "le" => ("starts-before-or-ends-until", [from, to]),
            "sa" => ("starts-from", [to]),
            _ => ("ends-before", [from]),
        };
        return new(
            $"/fhir/{type}?{parameter}={prefix}{day}&_count=20&_total=none",
            BaselineSql.Named(sql, ("table", $"fhir.x_{type.ToLowerInvariant()}"), ("column", parameter)),
            [.. values.Select(static value => SearchScenarios.Of(value))]);
    }

    private static SearchCase Category(Harvest harvest, Random random)
    {
        var (system, code) = harvest.Draw(random, "Observation", static observation =>
            observation.Text("category.0.coding.0.code") is { } code ? Tuple.Create(observation.Text("category.0.coding.0.system")!, code) : null);
        if (SearchScenarios.IsMiss(random)) code = "none-such";
        return new(
            $"/fhir/Observation?category={SearchScenarios.Escape(system)}%7C{code}&_count=20&_total=none",
            BaselineSql.Named("terms-walk", ("table", "fhir.x_observation")),
            new NpgsqlParameter<long> { TypedValue = Hashing.Term("category", TermForm.SystemCode, system, code) });
    }
}

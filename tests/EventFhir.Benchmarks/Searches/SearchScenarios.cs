using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using EventFhir.Core.Search;
using EventFhir.Core.Search.Indexing;
using Npgsql;

namespace EventFhir.Benchmarks.Searches;

/// <summary>
/// The scenarios of <c>bench search</c> but for paging. One request in twenty asks for something that matches nothing. Pages hold 20.
/// </summary>
public static class SearchScenarios
{
    private const string Loinc = "http://loinc.org";
    private const string Nothing = "no-such-value";

    public static ImmutableArray<SearchScenario> All { get; } =
    [
        new("search-by-identifier", ByIdentifier),
        new("search-obs-by-patient-code-date", ByPatientCodeDate),
        new("search-total", Total),
        new("search-count", Count),
        new("search-date-range", DateRange),
        new("search-string", Name),
        new("search-token", Token),
        new("search-token-or", TokenOr),
        new("search-quantity", Quantity),
        new("search-composite", Composite),
        new("search-reference", Reference),
        new("search-uri", Profile),
        new("search-last-updated", LastUpdated),
        new("chained", Chained),
        new("has", Has),
        new("include", Include),
        new("revinclude", RevInclude),
        new("hs-search", HealthSamuraiSearches.Draw),
    ];

    public static Task<Harvest> HarvestAsync(NpgsqlDataSource database) =>
        Harvest.OfAsync(database, "Patient", "Observation", "Encounter", "MedicationRequest", "Organization");

    private static SearchCase ByIdentifier(Harvest harvest, Random random)
    {
        // Of the identifiers only those that are UUIDs are unique in a population that was copied.
        var (system, value) = harvest.Draw(random, "Patient", patient => patient.At("identifier") is { } identifiers
            && identifiers.EnumerateArray().FirstOrDefault(each => Guid.TryParse(each.Text("value"), out _)) is { ValueKind: JsonValueKind.Object } found
            ? Tuple.Create(found.Text("system")!, found.Text("value")!) : null);
        if (IsMiss(random)) value = Nothing;
        return new($"/fhir/Patient?identifier={Escape(system)}%7C{value}&_count=20", BaselineSql.Named("identifier"),
            Of(Hashing.Term("identifier", TermForm.SystemCode, system, value)));
    }

    private static SearchCase ByPatientCodeDate(Harvest harvest, Random random)
    {
        var (patient, code, day) = harvest.Draw(random, "Observation", static observation =>
            observation.Target("subject") is { } patient && observation.Text("code.coding.0.code") is { } code && Day(observation) is { } day
                ? Tuple.Create(patient, code, day) : null);
        var year = int.Parse(day[..4], CultureInfo.InvariantCulture);
        if (IsMiss(random)) code = Nothing;
        return new(
            $"/fhir/Observation?patient={patient}&code={Loinc}%7C{code}&date=ge{year - 2}-01-01&date=lt{year + 1}-01-01&_sort=-date&_count=20",
            BaselineSql.Named("patient-code-date"), Of(Harvest.NumberOf("Patient")), Of(patient), Of(Code(code)), Of(Start(year - 2)), Of(Start(year + 1)));
    }

    private static SearchCase Total(Harvest harvest, Random random)
    {
        var code = CodeOf(harvest, random);
        return new($"/fhir/Observation?code={Loinc}%7C{code}&_total=accurate&_count=20", BaselineSql.Named("terms-total"), Of(Code(code)));
    }

    private static SearchCase Count(Harvest harvest, Random random)
    {
        var code = CodeOf(harvest, random);
        return new($"/fhir/Observation?code={Loinc}%7C{code}&_summary=count", BaselineSql.Named("terms-count"), Of(Code(code)));
    }

    private static SearchCase DateRange(Harvest harvest, Random random)
    {
        var day = IsMiss(random) ? "1871-05-05" : harvest.Draw(random, "Observation", Day);
        var (from, to) = (Instant(day), Instant(day).AddDays(3));
        return new(
            $"/fhir/Observation?date=ge{day}&date=lt{to:yyyy-MM-dd}&_count=20",
            BaselineSql.Named("range", ("table", "fhir.x_observation"), ("column", "date")), Of(from), Of(to));
    }

    private static SearchCase Name(Harvest harvest, Random random)
    {
        var family = harvest.Draw(random, "Patient", static patient => patient.Text("name.0.family"));
        var begin = IsMiss(random) ? Nothing : family[..Math.Min(4, family.Length)];
        return new($"/fhir/Patient?name={Escape(begin)}&_count=20", BaselineSql.Named("prefix", ("table", "fhir.str_patient")),
            [Of(Hashing.Parameter("name")), .. Prefix(begin)]);
    }

    private static SearchCase Token(Harvest harvest, Random random)
    {
        var code = CodeOf(harvest, random);
        return new($"/fhir/Observation?code={Loinc}%7C{code}&_count=20", BaselineSql.Named("terms", ("table", "fhir.x_observation")), Of(Code(code)));
    }

    private static SearchCase TokenOr(Harvest harvest, Random random)
    {
        string[] codes = [CodeOf(harvest, random), CodeOf(harvest, random), CodeOf(harvest, random)];
        return new($"/fhir/Observation?code={string.Join(',', codes.Select(static code => $"{Loinc}%7C{code}"))}&_count=20",
            BaselineSql.Named("terms-any"), new NpgsqlParameter<long[]> { TypedValue = [.. codes.Select(Code)] });
    }

    private static SearchCase Quantity(Harvest harvest, Random random)
    {
        var (value, unit) = harvest.Draw(random, "Observation", static observation =>
            observation.Text("valueQuantity.system") == CanonicalQuantity.System && observation.At("valueQuantity.value") is { } value
            && Math.Round(value.GetDecimal(), 1) is var rounded && Canonical(rounded, observation.Text("valueQuantity.code")) is not null
                ? Tuple.Create(rounded, observation.Text("valueQuantity.code")!) : null);
        if (IsMiss(random)) value = 987_654_321.1m;
        var canonical = Canonical(value, unit)!.Value;
        return new(
            FormattableString.Invariant($"/fhir/Observation?value-quantity={value:0.0}%7C{CanonicalQuantity.System}%7C{Escape(unit)}&_count=20"),
            BaselineSql.Named("quantity"), Of(Hashing.Term("value-quantity", TermForm.CanonicalUnit, canonical.Unit)),
            Of(canonical.Number.Low), Of(canonical.Number.High));
    }

    /// <summary>By turns a composite of the resource itself and one of its components.</summary>
    private static SearchCase Composite(Harvest harvest, Random random)
    {
        if (random.Next(2) == 0)
        {
            var (code, value) = harvest.Draw(random, "Observation", static observation =>
                observation.Text("code.coding.0.code") is { } code && observation.At("valueQuantity.value") is { } value
                    ? Tuple.Create(code, value.GetDecimal()) : null);
            if (IsMiss(random)) value = 987_654_321m;
            return new(
                FormattableString.Invariant($"/fhir/Observation?code-value-quantity={Loinc}%7C{code}$gt{value}&_count=20"),
                BaselineSql.Named("code-quantity"), Of(Code(code)), Of(value));
        }
        var (part, least) = harvest.Draw(random, "Observation", static observation =>
            observation.Text("component.0.code.coding.0.code") is { } code && observation.At("component.0.valueQuantity.value") is { } value
                ? Tuple.Create(code, value.GetDecimal()) : null);
        if (IsMiss(random)) least = 987_654_321m;
        var key = Hashing.With(
            Hashing.Start("component-code-value-quantity", TermForm.Composite),
            Hashing.With(Hashing.With(Hashing.Component(TermForm.SystemCode), Loinc), part));
        return new(
            FormattableString.Invariant($"/fhir/Observation?component-code-value-quantity={Loinc}%7C{part}$gt{least}&_count=20"),
            BaselineSql.Named("component-quantity"), Of(key), Of(least));
    }

    private static SearchCase Reference(Harvest harvest, Random random)
    {
        var encounter = IsMiss(random) ? Nothing : harvest.Id(random, "Encounter");
        return new($"/fhir/Observation?encounter={encounter}&_count=20", BaselineSql.Named("reference"),
            Of(Harvest.NumberOf("Encounter")), Of(encounter));
    }

    private static SearchCase Profile(Harvest harvest, Random random)
    {
        var profile = IsMiss(random) ? "http://example.org/none" : harvest.Draw(random, "Observation", static observation => observation.Text("meta.profile.0"));
        return new($"/fhir/Observation?_profile={Escape(profile)}&_count=20", BaselineSql.Named("terms", ("table", "fhir.x_observation")),
            Of(Hashing.Term("_profile", TermForm.Uri, profile)));
    }

    private static SearchCase LastUpdated(Harvest harvest, Random random)
    {
        var since = IsMiss(random) ? DateTime.UtcNow.Date.AddYears(10) : harvest.Stored[random.Next(harvest.Stored.Length)];
        since = since.AddTicks(-(since.Ticks % TimeSpan.TicksPerMillisecond));
        return new($"/fhir/Observation?_lastUpdated=gt{since:yyyy-MM-ddTHH:mm:ss.fffZ}&_sort=-_lastUpdated&_count=20", BaselineSql.Named("updated-since"),
            Of(Harvest.NumberOf("Observation")), Of(since));
    }

    private static SearchCase Chained(Harvest harvest, Random random)
    {
        var family = IsMiss(random) ? Nothing : harvest.Draw(random, "Patient", static patient => patient.Text("name.0.family"));
        var code = CodeOf(harvest, random);
        return new($"/fhir/Observation?patient.name={Escape(family)}&code={Loinc}%7C{code}&_count=20", BaselineSql.Named("chained"),
            [Of(Hashing.Parameter("name")), .. Prefix(family), Of(Code(code))]);
    }

    private static SearchCase Has(Harvest harvest, Random random)
    {
        var code = CodeOf(harvest, random);
        return new($"/fhir/Patient?_has:Observation:patient:code={Loinc}%7C{code}&_count=20", BaselineSql.Named("has"),
            Of(Code(code)), Of(Harvest.NumberOf("Patient")));
    }

    private static SearchCase Include(Harvest harvest, Random random)
    {
        var patient = IsMiss(random) ? Nothing : harvest.Draw(random, "MedicationRequest", static request => request.Target("subject"));
        return new(
            $"/fhir/MedicationRequest?patient={patient}&_include=MedicationRequest:requester&_include=MedicationRequest:encounter&_count=20",
            BaselineSql.Named("include"), Of(Harvest.NumberOf("Patient")), Of(patient));
    }

    private static SearchCase RevInclude(Harvest harvest, Random random)
    {
        var patient = IsMiss(random) ? Nothing : harvest.Id(random, "Patient");
        return new($"/fhir/Patient?_id={patient}&_revinclude=Observation:patient", BaselineSql.Named("revinclude"),
            Of(Harvest.NumberOf("Patient")), Of(patient));
    }

    private static string CodeOf(Harvest harvest, Random random) =>
        IsMiss(random) ? Nothing : harvest.Draw(random, "Observation", static observation => observation.Text("code.coding.0.code"));

    private static CanonicalQuantity? Canonical(decimal value, string? unit)
    {
        var number = new SearchValue.Number(EventFhir.Core.Search.Prefix.Equal, value, value - 0.05m, value + 0.05m);
        return CanonicalQuantity.TryOf(new SearchValue.Quantity(number, CanonicalQuantity.System, unit), out var canonical) ? canonical : null;
    }

    private static long Code(string code) => Hashing.Term("code", TermForm.SystemCode, Loinc, code);

    private static string? Day(JsonElement observation) => observation.Text("effectiveDateTime")?[..10];

    internal static bool IsMiss(Random random) => random.Next(20) == 0;

    internal static string Escape(string text) => Uri.EscapeDataString(text);

    internal static DateTime Start(int year) => new(year, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    internal static DateTime Instant(string day) =>
        DateTime.ParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);

    /// <summary>The bounds of what begins with a text, folded as it is stored.</summary>
    internal static NpgsqlParameter[] Prefix(string begin)
    {
        var folded = StringFolding.Normalize(begin);
        return [Of(folded), Of(folded[..^1] + (char)(folded[^1] + 1))];
    }

    internal static NpgsqlParameter Of<T>(T value) => new NpgsqlParameter<T> { TypedValue = value };
}

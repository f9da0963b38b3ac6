using System.Globalization;
using System.Text;

using EventFhir.Model.Elements;

namespace EventFhir.PostgresTests.Search;

/// <summary>A few hundred resources that refer to each other, in ever new versions, and searches that many of them match at one time or another.
/// The same seed makes the same.</summary>
internal sealed class ChangingWorld(int seed)
{
    private const int Patients = 50;
    private const int Observations = 110;
    private const int Organizations = 8;
    private static readonly string[] Families = ["Ache", "Berg", "Bergmann", "Chen", "Ösel", "de la Cruz", "Doe", "Echo"];
    private static readonly string[] Genders = ["male", "female", "other", "unknown"];
    private static readonly string[] Statuses = ["final", "amended", "preliminary"];

    private static readonly string[] PatientSorts =
    [
        "family", "-family", "birthdate", "-birthdate", "given", "_lastUpdated", "-_lastUpdated", "gender", "-gender", "identifier", "-identifier",
        "organization", "-organization.name", "organization.name",
    ];

    private static readonly string[] ObservationSorts =
    [
        "date", "-date", "value-quantity", "-value-quantity", "_lastUpdated", "-_lastUpdated", "status", "-code", "subject", "-performer", "patient.family",
        "-subject:Patient.birthdate", "subject:Patient.organization.name", "-performer:Organization.name", "patient.identifier", "-patient._lastUpdated",
    ];

    private readonly Random random = new(seed);

    /// <summary>One version of each.</summary>
    public List<Resource> All() =>
    [
        .. Enumerable.Range(0, Organizations).Select(Organization), .. Enumerable.Range(0, Patients).Select(Patient),
        .. Enumerable.Range(0, Observations).Select(Observation),
    ];

    public Resource Any() => random.Next(10) switch
    {
        0 => Organization(random.Next(Organizations)),
        < 4 => Patient(random.Next(Patients)),
        _ => Observation(random.Next(Observations)),
    };

    public bool IsDelete() => random.Next(4) == 0;

    public int PageSize() => random.Next(1, 21);

    public (string Type, string Query) Query()
    {
        var (type, clauses, sorts, include) = random.Next(2) == 0
            ? ("Patient", PatientClauses(), PatientSorts, "_revinclude=Observation:subject")
            : ("Observation", ObservationClauses(), ObservationSorts, "_include=Observation:subject");
        var parts = Enumerable.Range(0, random.Next(1, 3)).Select(_ => Pick(clauses)).ToList();
        if (random.Next(8) == 0) parts.Clear();
        if (random.Next(3) > 0)
            parts.Add("_sort=" + string.Join(',', Enumerable.Range(0, random.Next(0, 3)).Select(_ => Pick(sorts)).Append(random.Next(2) == 0 ? "_id" : "-_id")));
        if (random.Next(4) == 0) parts.Add(include);
        if (random.Next(4) == 0) parts.Add("_total=accurate");
        return (type, string.Join('&', parts));
    }

    private string[] PatientClauses() =>
    [
        $"family={Pick(Families)[..2]}", $"family:exact={Pick(Families)}", $"family:contains=e", $"given=g{random.Next(3)}", $"gender={Pick(Genders)}",
        $"gender:not={Pick(Genders)}", $"birthdate={Pick(["ge", "lt", "ne", "sa", ""])}{random.Next(1950, 1990)}", "birthdate:missing=true", "birthdate:missing=false",
        $"identifier=urn:s{random.Next(2)}|", $"organization=Organization/org{random.Next(Organizations)}", $"organization.name=name{random.Next(4)}",
        "organization:missing=false", $"_has:Observation:subject:status={Pick(Statuses)}", $"_has:Observation:patient:code=c{random.Next(4)}",
        $"_has:Observation:subject:value-quantity=gt{random.Next(50)}", $"_lastUpdated=ge{DateTime.UtcNow.AddSeconds(-random.Next(1, 20)):yyyy-MM-dd'T'HH:mm:ss'Z'}",
        $"_lastUpdated=lt{DateTime.UtcNow.AddSeconds(-random.Next(0, 3)):yyyy-MM-dd'T'HH:mm:ss'Z'}",
        "_id=" + string.Join(',', Enumerable.Range(0, 30).Select(_ => $"p{random.Next(Patients)}")), "_has:Observation:performer:status=final",
    ];

    private string[] ObservationClauses() =>
    [
        $"code=c{random.Next(4)}", $"code=urn:codes|c{random.Next(4)}", $"status={Pick(Statuses)},{Pick(Statuses)}", $"status:not={Pick(Statuses)}",
        $"date={Pick(["ge", "lt", "ne", "eb", ""])}{random.Next(2015, 2025)}", "date:missing=true", $"value-quantity=gt{random.Next(60)}",
        $"value-quantity={random.Next(10)}||mg", $"subject=Patient/p{random.Next(Patients)},Patient/p{random.Next(Patients)},Patient/p{random.Next(Patients)}",
        $"subject:Patient.gender={Pick(Genders)}", $"patient.family={Pick(Families)[..1]}", $"patient.organization.name=name{random.Next(4)}",
        "subject:missing=true", "subject:missing=false", $"performer:Organization.name=name{random.Next(4)}", $"performer=Organization/org{random.Next(Organizations)}",
        $"component-code-value-quantity=c{random.Next(2)}$gt{random.Next(40)}", $"code-value-quantity=urn:codes|c{random.Next(4)}$lt{random.Next(80)}",
        $"subject:Patient._has:Observation:subject:code=c{random.Next(4)}", $"_lastUpdated=ge{DateTime.UtcNow.AddSeconds(-random.Next(1, 20)):yyyy-MM-dd'T'HH:mm:ss'Z'}",
        $"_id:not=o{random.Next(Observations)}",
    ];

    private Resource Organization(int number) => Read($"org{number}", "Organization", $",\"name\":\"name{random.Next(4)}\"");

    private Resource Patient(int number)
    {
        var text = new StringBuilder();
        if (random.Next(6) > 0)
            text.Append(CultureInfo.InvariantCulture, $",\"name\":[{{\"family\":\"{Pick(Families)}\",\"given\":[\"g{random.Next(3)}\",\"second{random.Next(9)}\"]}}]");
        if (random.Next(4) > 0) text.Append(CultureInfo.InvariantCulture, $",\"gender\":\"{Pick(Genders)}\"");
        if (random.Next(4) > 0) text.Append(CultureInfo.InvariantCulture, $",\"birthDate\":\"{random.Next(1950, 1990)}-0{random.Next(1, 9)}-11\"");
        if (random.Next(2) > 0) text.Append(CultureInfo.InvariantCulture, $",\"identifier\":[{{\"system\":\"urn:s{random.Next(2)}\",\"value\":\"{random.Next(100)}\"}}]");
        if (random.Next(2) > 0) text.Append(CultureInfo.InvariantCulture, $",\"managingOrganization\":{{\"reference\":\"Organization/org{random.Next(Organizations)}\"}}");
        return Read($"p{number}", "Patient", text.ToString());
    }

    private Resource Observation(int number)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $",\"status\":\"{Pick(Statuses)}\",\"code\":{{\"coding\":[{{\"system\":\"urn:codes\",\"code\":\"c{random.Next(4)}\"}}]}}");
        if (random.Next(5) > 0) text.Append(CultureInfo.InvariantCulture, $",\"subject\":{{\"reference\":\"Patient/p{random.Next(Patients)}\"}}");
        if (random.Next(4) > 0) text.Append(CultureInfo.InvariantCulture, $",\"effectiveDateTime\":\"{random.Next(2015, 2025)}-03-0{random.Next(1, 9)}\"");
        if (random.Next(3) > 0)
            text.Append(CultureInfo.InvariantCulture, $",\"performer\":[{{\"reference\":\"Organization/org{random.Next(Organizations)}\"}},{{\"reference\":\"Patient/p{random.Next(Patients)}\"}}]");
        if (random.Next(3) > 0) text.Append(CultureInfo.InvariantCulture, $",\"valueQuantity\":{{\"value\":{random.Next(80)},\"code\":\"mg\"}}");
        if (random.Next(3) == 0)
            text.Append(CultureInfo.InvariantCulture, $",\"component\":[{{\"code\":{{\"coding\":[{{\"code\":\"c{random.Next(2)}\"}}]}},\"valueQuantity\":{{\"value\":{random.Next(80)}}}}}]");
        return Read($"o{number}", "Observation", text.ToString());
    }

    private static Resource Read(string id, string type, string content) =>
        SearchFixture.Read($$"""{"resourceType":"{{type}}","id":"{{id}}"{{content}}}""");

    private T Pick<T>(IReadOnlyList<T> list) => list[random.Next(list.Count)];
}

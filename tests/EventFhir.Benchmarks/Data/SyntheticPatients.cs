using System.Globalization;

namespace EventFhir.Benchmarks.Data;

/// <summary>
/// Deterministic records of invented patients in about the type mix and the sizes of Synthea's US population
/// (mean 1.5 kB, median 0.9 kB, half of all resources are Observations). The same seed gives the same bytes.
/// </summary>
public sealed class SyntheticPatients(int seed)
{
    /// <summary>Templates for one visit and how many resources each gives, in percent.</summary>
    private static readonly (string Template, string Type, int Percent)[] PerEncounter =
    [
        ("observation-quantity", "Observation", 560),
        ("observation-components", "Observation", 180),
        ("observation-coded", "Observation", 160),
        ("claim", "Claim", 206),
        ("diagnosticreport", "DiagnosticReport", 172),
        ("medicationrequest", "MedicationRequest", 106),
        ("documentreference", "DocumentReference", 100),
        ("explanationofbenefit", "ExplanationOfBenefit", 100),
        ("procedure", "Procedure", 75),
        ("immunization", "Immunization", 34),
        ("condition", "Condition", 33),
    ];

    private const int OrganizationCount = 20;
    private const int PractitionerCount = 20;
    private const int EncountersPerPatient = 12;

    private readonly Random random = new(seed);

    /// <summary>About 220 resources per patient; referenced resources come before those that refer to them.</summary>
    public IEnumerable<SampleResource> Generate(int patients)
    {
        var values = new TemplateValues(random);
        var organizations = NewIds(OrganizationCount);
        var practitioners = NewIds(PractitionerCount);
        foreach (var organization in organizations) yield return Make("organization", "Organization", organization, values);
        foreach (var practitioner in practitioners) yield return Make("practitioner", "Practitioner", practitioner, values);
        for (var patient = 0; patient < patients; patient++)
        {
            values.Set("organization", organizations[random.Next(OrganizationCount)]);
            values.Set("practitioner", practitioners[random.Next(PractitionerCount)]);
            foreach (var resource in RecordOf(values)) yield return resource;
        }
    }

    private IEnumerable<SampleResource> RecordOf(TemplateValues values)
    {
        values.Set("patient", NewId());
        yield return Make("patient", "Patient", values.Get("patient"), values);
        for (var encounter = 0; encounter < EncountersPerPatient; encounter++)
        {
            values.Set("encounter", NewId());
            values.Set("date", new DateOnly(2005, 1, 1).AddDays(random.Next(7000)).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
            yield return Make("encounter", "Encounter", values.Get("encounter"), values);
            foreach (var (template, type, percent) in PerEncounter)
            {
                var count = (percent + random.Next(100)) / 100;
                for (var index = 0; index < count; index++)
                {
                    var id = NewId();
                    if (type == "Claim") values.Set("claim", id);
                    yield return Make(template, type, id, values);
                }
            }
        }
    }

    private static SampleResource Make(string template, string type, string id, TemplateValues values)
    {
        values.Set("id", id);
        return new SampleResource(type, id, ResourceTemplate.Named(template).Fill(values));
    }

    private string[] NewIds(int count)
    {
        var ids = new string[count];
        for (var index = 0; index < count; index++) ids[index] = NewId();
        return ids;
    }

    private string NewId()
    {
        Span<byte> bytes = stackalloc byte[16];
        random.NextBytes(bytes);
        return new Guid(bytes).ToString();
    }
}

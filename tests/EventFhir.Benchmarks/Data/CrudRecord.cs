using System.Collections.Immutable;
using System.Text;
using System.Text.RegularExpressions;

namespace EventFhir.Benchmarks.Data;

/// <summary>
/// The nine resources of one pass of hs-crud, in the order in which they are created, each of about the size that the public benchmark sends; later
/// ones refer to earlier ones. Ids are marks as long as those that the server gives.
/// </summary>
/// <param name="Resources">In the order of their creation.</param>
public sealed partial record CrudRecord(ImmutableArray<SampleResource> Resources)
{
    private const int Seed = 20_260_628;

    /// <summary>Types and bytes of their bodies; 1,441 on average.</summary>
    private static readonly ImmutableArray<(string Type, int Bytes)> Wanted =
    [
        ("Patient", 2_501), ("Location", 624), ("Organization", 516), ("Practitioner", 629), ("Encounter", 1_393), ("Observation", 827),
        ("MedicationRequest", 628), ("Claim", 991), ("ExplanationOfBenefit", 4_862),
    ];

    /// <summary>What stands for the id of the resource that is created at a place.</summary>
    public static string MarkOf(int place) => $"00000000-0000-4000-8000-00000000000{place}";

    /// <summary>Of each type the resource whose size comes nearest.</summary>
    public static CrudRecord Of(SampleData data)
    {
        var location = new TemplateValues(new Random(Seed));
        location.Set("id", Guid.Empty.ToString());
        var all = data.Resources.Add(new SampleResource("Location", Guid.Empty.ToString(), ResourceTemplate.Named("location").Fill(location)));
        var nearest = Wanted.Select(wanted => all.Where(resource => resource.Type == wanted.Type)
            .MinBy(resource => Math.Abs(resource.Body.Length - wanted.Bytes)) ?? throw new InvalidDataException($"The data has no {wanted.Type}."));
        return new CrudRecord([.. nearest.Select(Marked)]);
    }

    private static SampleResource Marked(SampleResource resource, int place)
    {
        var text = Reference().Replace(Encoding.UTF8.GetString(resource.Body), match =>
        {
            var target = Wanted.Select(static wanted => wanted.Type).ToList().IndexOf(match.Groups[1].Value);
            return target >= 0 && target < place ? $"\"reference\":\"{match.Groups[1].Value}/{MarkOf(target)}\"" : match.Value;
        });
        text = text.Replace($",\"id\":\"{resource.Id}\"", $",\"id\":\"{MarkOf(place)}\"", StringComparison.Ordinal);
        return new SampleResource(resource.Type, MarkOf(place), Encoding.UTF8.GetBytes(text));
    }

    [GeneratedRegex("\"reference\":\"([A-Za-z]+)/[^\"]+\"")]
    private static partial Regex Reference();
}

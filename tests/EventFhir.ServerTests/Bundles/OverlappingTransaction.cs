using System.Globalization;
using System.Text.Json.Nodes;

using EventFhir.ServerTests.Running;

using static EventFhir.ServerTests.Bundles.Bundled;

namespace EventFhir.ServerTests.Bundles;

internal enum Deed { Put, PutMatching, Delete, Create, CreateByCriteria, PutByCriteria, DeleteByCriteria }

/// <summary>One entry of a random transaction.</summary>
/// <param name="Target">Which of the patients with a known id, or which identifier.</param>
/// <param name="Version">For PutMatching: the version that is asked for.</param>
internal sealed record Act(Deed Deed, int Target, long Version)
{
    public string Entry(string token)
    {
        var (id, criteria) = (IdOf(Target), $"identifier=http://a.b/law|{Target.ToString(CultureInfo.InvariantCulture)}");
        var numbered = $$"""{"resourceType":"Patient","identifier":[{"system":"http://a.b/law","value":"{{Target.ToString(CultureInfo.InvariantCulture)}}"}],"name":[{"family":"{{token}}"}]}""";
        return Deed switch
        {
            Deed.Put => Put($"Patient/{id}", Sample.Patient(id, token)),
            Deed.PutMatching => Put($"Patient/{id}", Sample.Patient(id, token), $$""","ifMatch":"W/\"{{Version.ToString(CultureInfo.InvariantCulture)}}\"" """),
            Deed.Delete => Only("DELETE", $"Patient/{id}"),
            Deed.Create => Post(Uuid(), ObservationOf($"Patient/{id}")),
            Deed.CreateByCriteria => Post(Uuid(), numbered, $",\"ifNoneExist\":\"{criteria}\""),
            Deed.PutByCriteria => Put($"Patient?{criteria}", numbered),
            _ => Only("DELETE", $"Patient?{criteria}"),
        };
    }

    public static string IdOf(int target) => string.Create(CultureInfo.InvariantCulture, $"law-{target}");
}

/// <summary>What one entry was answered.</summary>
/// <param name="Key">Null for a delete.</param>
/// <param name="Version">0 if the answer has no ETag.</param>
internal readonly record struct Told(int Status, string? Key, long Version)
{
    public static Told Of(JsonNode response)
    {
        var location = ((string?)response["location"])?.Split('/');
        var etag = (string?)response["etag"];
        return new Told(
            int.Parse(((string)response["status"]!)[..3], CultureInfo.InvariantCulture), location is null ? null : $"{location[^4]}/{location[^3]}",
            etag is null ? 0 : long.Parse(etag[3..^1], CultureInfo.InvariantCulture));
    }
}

/// <summary>A transaction that was sent, and its answer.</summary>
/// <param name="Told">Empty if it was refused.</param>
internal sealed record OverlappingTransaction(IReadOnlyList<Act> Acts, int Status, IReadOnlyList<Told> Told, long Started, long Ended);

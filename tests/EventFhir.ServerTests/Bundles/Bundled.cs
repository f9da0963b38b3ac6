using System.Text.Json.Nodes;

using EventFhir.ServerTests.Running;

namespace EventFhir.ServerTests.Bundles;

/// <summary>Bundles for tests, and what their answers hold.</summary>
internal static class Bundled
{
    public static string Uuid() => $"urn:uuid:{Guid.NewGuid()}";

    public static string Transaction(params string[] entries) => Bundle("transaction", entries);

    public static string Batch(params string[] entries) => Bundle("batch", entries);

    public static string Post(string fullUrl, string resource, string conditions = "") =>
        $$$"""{"fullUrl":"{{{fullUrl}}}","resource":{{{resource}}},"request":{"method":"POST","url":"{{{TypeOf(resource)}}}"{{{conditions}}} }}""";

    public static string Put(string url, string resource, string conditions = "") =>
        $$$"""{"resource":{{{resource}}},"request":{"method":"PUT","url":"{{{url}}}"{{{conditions}}} }}""";

    public static string Only(string method, string url, string conditions = "") =>
        $$$"""{"request":{"method":"{{{method}}}","url":"{{{url}}}"{{{conditions}}} }}""";

    public static string ObservationOf(string subject) =>
        $$$"""{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"{{{subject}}}"}}""";

    public static JsonNode Response(this HttpAnswer answer, int entry) => answer.Json["entry"]![entry]!["response"]!;

    public static string StatusOf(this HttpAnswer answer, int entry) => ((string)answer.Response(entry)["status"]!)[..3];

    /// <summary>"Patient/1" of the location ".../Patient/1/_history/1".</summary>
    public static string KeyOf(this HttpAnswer answer, int entry)
    {
        var parts = ((string)answer.Response(entry)["location"]!).Split('/');
        return $"{parts[^4]}/{parts[^3]}";
    }

    /// <summary>The expressions of an OperationOutcome.</summary>
    public static IReadOnlyList<string?> Expressions(this HttpAnswer answer) =>
        [.. answer.Json["issue"]!.AsArray().Select(issue => (string?)issue!["expression"]?[0])];

    private static string Bundle(string type, string[] entries) =>
        $$"""{"resourceType":"Bundle","type":"{{type}}"{{(entries.Length > 0 ? $",\"entry\":[{string.Join(',', entries)}]" : "")}}}""";

    private static string TypeOf(string resource) => (string)JsonNode.Parse(resource)!["resourceType"]!;
}

using EventFhir.Model.Definitions;
using EventFhir.Model.Json;
using EventFhir.Model.Validation;

namespace EventFhir.ServerTests.Running;

internal static class Validated
{
    /// <summary>What our own reader and validator say against a resource, with where it is.</summary>
    public static IReadOnlyList<string> Errors(Release release, byte[] json)
    {
        var read = ResourceJsonReader.Read(json, release);
        var issues = read.Verdict is ReadVerdict.Valid ? ResourceValidator.Validate(read.Resource!) : read.Issues;
        return [.. issues.Where(issue => issue.IsError).Select(issue => $"{issue.Expression}: {issue.Diagnostics}")];
    }
}

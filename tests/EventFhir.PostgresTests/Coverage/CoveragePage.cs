using System.Text;

using EventFhir.Tests;

using Xunit;

namespace EventFhir.PostgresTests.Coverage;

/// <summary>docs/search-parameters.md.</summary>
internal static class CoveragePage
{
    private static readonly string Place = Path.Combine(OfficialPackages.Root, "docs", "search-parameters.md");

    public static void Check(IReadOnlyList<CoverageLine> lines)
    {
        var page = Write(lines);
        if (Environment.GetEnvironmentVariable("EVENTFHIR_WRITE_DOCS") is "1") File.WriteAllText(Place, page);
        var committed = File.Exists(Place) ? File.ReadAllText(Place) : "";
        var stale = page.Split('\n').Except(committed.Split('\n')).Take(20).ToList();
        Assert.True(committed == page, $"docs/search-parameters.md is not what the tests find; run this test with EVENTFHIR_WRITE_DOCS=1:\n{string.Join('\n', stale)}");
    }

    private static string Write(IReadOnlyList<CoverageLine> lines)
    {
        var page = new StringBuilder();
        var examples = lines.Count(line => line is { Resource: not null, IsMade: false });
        var made = lines.Count(line => line.IsMade);
        page.Append($"""
            # Search parameters

            Every search parameter that R4 defines, type by type, and the resource that a test finds with it: {examples:N0} find an official example that
            has a value for the parameter, {made:N0} a resource that the test makes because no valid example has one, {lines.Count - examples - made:N0} are not served.
            Written by the test `tests/EventFhir.PostgresTests/Coverage/EveryParameter.cs`, which fails when this page is not what it finds.

            """);
        foreach (var type in lines.GroupBy(line => line.Type))
        {
            page.Append($"\n## {type.Key.Name}\n\n| Parameter | Type | Found |\n|---|---|---|\n");
            foreach (var line in type)
                page.Append($"| `{line.Parameter.Code}` | {line.Parameter.Type.ToString().ToLowerInvariant()} | {Found(line)} |\n");
        }
        return page.ToString().Replace("\r\n", "\n");
    }

    private static string Found(CoverageLine line) => line switch
    {
        { Reason: { } reason } => reason,
        { IsMade: true } => "generated",
        _ => line.Resource!.Id!,
    };
}

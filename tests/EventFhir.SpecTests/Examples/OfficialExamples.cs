using System.Collections.Concurrent;
using System.Text.Json;

using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.Json;
using EventFhir.Model.Validation;
using EventFhir.Tests;

using Xunit;

namespace EventFhir.SpecTests.Examples;

/// <summary>
/// Every resource of the official package, definitions included, is read, validated and stored without loss. The package is known to hold a few that
/// break its own rules; r4-refused.json and its like list them, each checked by hand against the specification.
/// </summary>
public sealed class OfficialExamples
{
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 128 };
    private readonly ConcurrentDictionary<string, string> refused = [];
    private readonly ConcurrentBag<string> changed = [];
    private int read;

    [Theory]
    [InlineData("R4", 5_300)]
    [InlineData("R4B", 2_800)]
    [InlineData("R5", 2_800)]
    public void Are_accepted_and_stored_without_loss_but_for_those_listed(string name, int least)
    {
        var release = Release.Find(name)!;
        Parallel.ForEach(Directory.GetFiles(OfficialPackages.ExamplesOf(name), "*.json"), file => Check(file, release));
        Assert.True(read > least, $"Only {read} examples were found.");
        Assert.Empty(changed);
        Assert.Equal(Listed(name), refused.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => $"{entry.Key}: {entry.Value}"));
    }

    private void Check(string file, Release release)
    {
        var json = File.ReadAllBytes(file);
        var result = ResourceJsonReader.Read(json, release);
        // Two files of the package describe the package and are no resources.
        if (result.Resource is not { } resource)
        {
            if (Path.GetFileName(file) is not ("package.json" or ".index.json")) refused[Path.GetFileName(file)] = "not FHIR";
            return;
        }
        Interlocked.Increment(ref read);
        var issues = result.Verdict is ReadVerdict.Valid ? ResourceValidator.Validate(resource) : result.Issues;
        if (issues.FirstOrDefault(issue => issue.IsError) is { } first) refused[Path.GetFileName(file)] = Rule(first);
        else if (!IsStoredWithoutLoss(json, resource)) changed.Add(Path.GetFileName(file));
    }

    /// <summary>The key of an invariant, or the kind of fault and its place.</summary>
    private static string Rule(Issue issue) => issue.Code == "invariant" ? issue.Diagnostics.Split(':')[0] : $"{issue.Code} {issue.Expression}";

    private static IEnumerable<string> Listed(string release)
    {
        var file = Path.Combine(OfficialPackages.Root, $"tests/EventFhir.SpecTests/Examples/{release.ToLowerInvariant()}-refused.json");
        using var list = JsonDocument.Parse(File.ReadAllBytes(file));
        return [.. list.RootElement.EnumerateArray().Select(entry => $"{entry.GetProperty("name")}: {entry.GetProperty("rule")}")];
    }

    private static bool IsStoredWithoutLoss(byte[] sent, Resource resource)
    {
        var text = StoredText.Of(resource, resource.Id ?? "made-up");
        byte[] stored = [.. text.Head.Span, .. "\"versionId\":\"7\",\"lastUpdated\":\"2026-11-21T08:00:00.000Z\""u8, .. text.Tail.Span];
        using var before = JsonDocument.Parse(sent, Deep);
        using var after = JsonDocument.Parse(stored, Deep);
        var hasVersion = after.RootElement.GetProperty("meta").GetProperty("versionId").GetString() == "7";
        return hasVersion && Equal(before.RootElement, after.RootElement, Level.Resource);
    }

    private enum Level { Resource, Meta, Below }

    /// <summary>The same members in the same order, the same texts and the same digits, but for what the server sets.</summary>
    private static bool Equal(JsonElement before, JsonElement after, Level level)
    {
        if (before.ValueKind != after.ValueKind) return false;
        switch (before.ValueKind)
        {
            case JsonValueKind.Object:
                var (left, right) = (Members(before, level), Members(after, level));
                return left.Count == right.Count && left.Zip(right).All(pair => pair.First.Name == pair.Second.Name
                    && Equal(pair.First.Value, pair.Second.Value, level is Level.Resource && pair.First.Name == "meta" ? Level.Meta : Level.Below));
            case JsonValueKind.Array:
                return before.GetArrayLength() == after.GetArrayLength()
                    && before.EnumerateArray().Zip(after.EnumerateArray()).All(pair => Equal(pair.First, pair.Second, Level.Below));
            case JsonValueKind.String: return before.GetString() == after.GetString();
            default: return before.GetRawText() == after.GetRawText();
        }
    }

    private static bool IsServersOwn(System.Text.Json.JsonProperty member) => member.Name is "versionId" or "lastUpdated";

    private static List<System.Text.Json.JsonProperty> Members(JsonElement json, Level level) =>
    [
        .. json.EnumerateObject().Where(member => level switch
        {
            Level.Resource => member.Name != "id" && (member.Name != "meta" || !member.Value.EnumerateObject().All(IsServersOwn)),
            Level.Meta => !IsServersOwn(member),
            _ => true,
        }),
    ];
}

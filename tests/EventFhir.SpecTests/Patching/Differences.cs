using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;

using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.Json;
using EventFhir.Model.Patching;

using Xunit;

namespace EventFhir.SpecTests.Patching;

/// <summary>The law of differences: applied to the old version as the patch that it is, a difference gives the new one.</summary>
public sealed class Differences(ITestOutputHelper output)
{
    /// <summary>What bounds the time of the test: each operation reads the whole resource. With EVENTFHIR_DIFFERENCES=all every example takes part
    /// that has up to 60 kB, a few minutes long.</summary>
    private static readonly (int BytesMax, int Step) Sample =
        Environment.GetEnvironmentVariable("EVENTFHIR_DIFFERENCES") is "all" ? (60_000, 1) : (6_000, 8);

    private static IEnumerable<(string Name, Resource Resource)> Some => Search.Examples.R4
        .Where(example => example.Resource.Json.Length <= Sample.BytesMax)
        .GroupBy(example => example.Resource.Type)
        .SelectMany(examples => examples.Where((_, place) => place % Sample.Step == 0 || place < 3));

    private readonly ConcurrentBag<string> faults = [];
    private int pairs;
    private int operations;

    [Fact]
    public void Of_any_two_official_examples_of_a_type_lead_from_one_to_the_other()
    {
        Parallel.ForEach(Some.GroupBy(example => example.Resource.Type), examples =>
        {
            var list = examples.ToList();
            for (var place = 0; place < list.Count; place++) Check(list[place], list[(place + 1) % list.Count]);
        });
        Conclude(pairsMin: 500);
    }

    [Fact]
    public void Of_an_example_and_a_changed_copy_lead_from_one_to_the_other()
    {
        Parallel.ForEach(Some, example =>
        {
            var random = new Random(example.Name.Length);
            for (var round = 0; round < 2; round++)
            {
                var changed = Changed(example.Resource.Json, random);
                // Now and then a change takes away what the structure asks for; then there is no such version.
                if (ResourceJsonReader.Read(changed, Release.R4) is not { Resource: { } copy, Verdict: ReadVerdict.Valid }) continue;
                Check(example, (example.Name, copy));
                Check((example.Name, copy), example);
            }
        });
        Conclude(pairsMin: 500);
    }

    [Fact]
    public void Of_a_version_and_itself_is_empty()
    {
        foreach (var (name, resource) in Search.Examples.R4.Take(500))
            Assert.True(ResourceDiff.Between(resource.Json, resource.Json, resource.Type, Release.R4).IsEmpty, name);
    }

    private void Conclude(int pairsMin)
    {
        output.WriteLine($"{pairs} pairs, {operations} operations");
        Assert.Equal("", string.Join('\n', faults.Order(StringComparer.Ordinal).Take(20)));
        Assert.True(pairs >= pairsMin, $"Only {pairs} pairs.");
        Assert.True(operations > pairs, $"Only {operations} operations.");
    }

    private void Check((string Name, Resource Resource) old, (string Name, Resource Resource) @new)
    {
        var difference = ResourceDiff.Between(old.Resource.Json, @new.Resource.Json, old.Resource.Type, Release.R4);
        Interlocked.Increment(ref pairs);
        Interlocked.Add(ref operations, difference.Length);
        var parameters = new StringBuilder("""{"resourceType":"Parameters","parameter":[""");
        parameters.AppendJoin(',', difference.Select(operation => Encoding.UTF8.GetString(operation.Json.Span)));
        var empty = difference.IsEmpty;
        var text = empty ? """{"resourceType":"Parameters"}""" : parameters.Append("]}").ToString();
        var read = ResourceJsonReader.Read(Encoding.UTF8.GetBytes(text), Release.R4);
        if (read.Resource is not { } patch || read.Verdict is not ReadVerdict.Valid)
            Report($"the patch is no Parameters: {read.Issues.FirstOrDefault()}");
        else if (ResourcePatch.OfParameters(patch, out var malformed) is not { } parsed)
            Report($"the patch is malformed: {malformed}");
        else if (parsed.Apply(old.Resource.Json) is { Fault: { } fault })
            Report($"{fault} {difference.ElementAtOrDefault(fault.Operation)}");
        else if (Text(parsed.Apply(old.Resource.Json).Json) is var patched && patched != Text(@new.Resource.Json))
            Report($"{string.Join("; ", difference.Take(10))} gives {patched[..Math.Min(300, patched.Length)]}");

        void Report(string what) => faults.Add($"{old.Name} -> {@new.Name}: {what}");
    }

    /// <summary>Members in one order, numbers by their text; without what no patch changes.</summary>
    private static string Text(ReadOnlyMemory<byte> json)
    {
        var text = new StringBuilder();
        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 128 });
        Write(document.RootElement, "", text);
        return text.ToString();
    }

    private static void Write(JsonElement element, string path, StringBuilder text)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                var members = element.EnumerateObject()
                    .Where(member => $"{path}.{member.Name}" is not (".id" or ".meta.versionId" or ".meta.lastUpdated"))
                    .Where(member => $"{path}.{member.Name}" is not ".meta" || member.Value.EnumerateObject().Any(inner =>
                        inner.Name is not ("versionId" or "lastUpdated")))
                    .OrderBy(member => member.Name, StringComparer.Ordinal).ToList();
                text.Append('{');
                foreach (var member in members)
                {
                    text.Append(member.Name).Append(':');
                    Write(member.Value, $"{path}.{member.Name}", text);
                }
                text.Append('}');
                break;
            case JsonValueKind.Array:
                text.Append('[');
                foreach (var item in element.EnumerateArray())
                {
                    Write(item, $"{path}[]", text);
                    text.Append(',');
                }
                text.Append(']');
                break;
            case JsonValueKind.String:
                text.Append('"').Append(element.GetString()).Append('"');
                break;
            default:
                text.Append(element.GetRawText());
                break;
        }
    }

    /// <summary>Some members are taken away, some items taken away, doubled or put elsewhere.</summary>
    private static byte[] Changed(ReadOnlyMemory<byte> json, Random random)
    {
        var node = System.Text.Json.Nodes.JsonNode.Parse(json.Span, documentOptions: new JsonDocumentOptions { MaxDepth = 128 })!.AsObject();
        Change(node, random, isRoot: true);
        return Encoding.UTF8.GetBytes(node.ToJsonString(new JsonSerializerOptions { MaxDepth = 128 }));
    }

    private static void Change(System.Text.Json.Nodes.JsonNode? node, Random random, bool isRoot)
    {
        if (node is System.Text.Json.Nodes.JsonArray array)
        {
            var hasObjects = array.All(item => item is System.Text.Json.Nodes.JsonObject);
            foreach (var item in array) Change(item, random, isRoot: false);
            if (!hasObjects || random.Next(4) != 0) return;
            var place = random.Next(array.Count);
            var moved = array[place]!.DeepClone();
            if (random.Next(2) == 0 && array.Count > 1) array.RemoveAt(place);
            array.Insert(random.Next(array.Count + 1), moved);
        }
        else if (node is System.Text.Json.Nodes.JsonObject members)
        {
            foreach (var (name, value) in members.ToList())
            {
                Change(value, random, isRoot: false);
                if (members.Count > 2 && !name.StartsWith('_') && !members.ContainsKey("_" + name) && random.Next(15) == 0
                    && !(isRoot && name is "id" or "resourceType")) members.Remove(name);
            }
        }
    }
}

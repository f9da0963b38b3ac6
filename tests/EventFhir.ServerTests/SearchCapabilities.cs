using System.Collections.Concurrent;
using System.Text.Json.Nodes;

using EventFhir.Model.Definitions;
using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests;

/// <summary>What the CapabilityStatement says of searches is what the server does, and all of it.</summary>
public sealed class SearchCapabilities(RunningServer server) : IClassFixture<RunningServer>
{
    private const int Clients = 4;
    private readonly ConcurrentQueue<string> wrong = new();

    [Fact]
    public async Task Each_parameter_listed_is_answered_and_each_other_one_refused()
    {
        var resources = await ResourcesAsync();
        var requests = resources.SelectMany(resource => Requests(resource.Type, resource.Json)).ToList();
        Assert.True(requests.Count > 2_500, $"Only {requests.Count} parameters were tried.");
        await AskAsync(requests);
    }

    [Fact]
    public async Task Each_include_listed_is_answered_and_each_other_one_refused()
    {
        var requests = new List<(string Url, int Status)>();
        foreach (var (type, json) in await ResourcesAsync())
        {
            var includes = Names(json["searchInclude"]!, "");
            requests.AddRange(includes.Select(include => ($"{type.Name}?_include={include}", 200)));
            requests.AddRange(Names(json["searchRevInclude"]!, "").Select(include => ($"{type.Name}?_revinclude={include}", 200)));
            requests.AddRange(Release.R4.SearchParametersOf(type).Select(parameter => $"{type.Name}:{parameter.Code}").Except(includes)
                .Select(include => ($"{type.Name}?_include={include}", 400)));
        }
        await AskAsync(requests);
    }

    [Fact]
    public async Task The_self_link_lists_exactly_what_was_used()
    {
        foreach (var (type, json) in await ResourcesAsync())
        {
            var used = Names(json["searchParam"]!, "name").Select(name => Release.R4.SearchParametersOf(type).FirstOrDefault(parameter => parameter.Code == name))
                .OfType<SearchParameterDefinition>().Take(12).Select(parameter => $"{parameter.Code}={Uri.EscapeDataString(Value(parameter))}").ToList();
            var url = $"{type.Name}?{used[0]}&colour=red&{string.Join('&', used.Skip(1))}&_count=3&name-of-nothing:exact=x&_sort=_id";
            Assert.Equal(400, (await server.GetAsync(url)).Status);
            var bundle = (await server.GetAsync(url, "Prefer: handling=lenient")).Json;
            var self = (string)bundle["link"]!.AsArray().Single(link => (string?)link!["relation"] == "self")!["url"]!;
            Assert.Equal([.. used, "_count=3", "_sort=_id"], self[(self.IndexOf('?') + 1)..].Split('&'));
        }
    }

    private static IEnumerable<(string Url, int Status)> Requests(TypeDefinition type, JsonNode json)
    {
        var listed = Names(json["searchParam"]!, "name").ToHashSet();
        foreach (var parameter in Release.R4.SearchParametersOf(type))
            yield return ($"{type.Name}?{parameter.Code}={Uri.EscapeDataString(Value(parameter))}", listed.Remove(parameter.Code) ? 200 : 400);
        // What the server offers beyond the parameters that R4 defines for the type.
        foreach (var name in listed) yield return ($"{type.Name}?{name}=x", 200);
    }

    private async Task AskAsync(IEnumerable<(string Url, int Status)> requests)
    {
        await Parallel.ForEachAsync(requests, new ParallelOptions { MaxDegreeOfParallelism = Clients }, async (request, _) =>
        {
            var answer = await server.GetAsync(request.Url);
            if (answer.Status != request.Status) wrong.Enqueue($"{request.Url}: {answer.Status} instead of {request.Status} {(answer.Status == 200 ? "" : answer.Text)}");
        });
        Assert.True(wrong.IsEmpty, $"{wrong.Count} wrong:\n{string.Join('\n', wrong.Take(40))}");
    }

    /// <summary>A value in the form that the parameter's type asks for (R4 search.html#ptypes).</summary>
    private static string Value(SearchParameterDefinition parameter) => parameter.Type switch
    {
        SearchParameterType.Date => "2020-01",
        SearchParameterType.Number => "5",
        SearchParameterType.Quantity => "5|http://unitsofmeasure.org|mg",
        SearchParameterType.Uri => "http://example.org/x",
        SearchParameterType.Reference => parameter.Targets.IsEmpty ? "Patient/x" : $"{parameter.Targets[0].Name}/x",
        SearchParameterType.Composite => string.Join('$', parameter.Components.Select(component => Value(Release.R4.FindSearchParameter(component.Definition)!))),
        SearchParameterType.Special when parameter.Expression.Length > 0 => "52.5|13.4|10|km",
        SearchParameterType.Special => "_id eq x",
        _ => "x",
    };

    private async Task<List<(TypeDefinition Type, JsonNode Json)>> ResourcesAsync() =>
    [
        .. (await server.GetAsync("metadata")).Json["rest"]![0]!["resource"]!.AsArray()
            .Select(resource => (Release.R4.FindResourceType((string)resource!["type"]!)!, resource)),
    ];

    private static List<string> Names(JsonNode list, string property) =>
        [.. list.AsArray().Select(each => (string)(property.Length > 0 ? each![property]! : each!)!)];
}

using System.Text.Json;

using EventFhir.Core.Terminology;
using EventFhir.Model.Elements;

namespace EventFhir.PostgresTests.Search;

/// <summary>Code systems that have the codes in use, in a hierarchy, and value sets of every form over them.</summary>
internal static class GeneratedTerminology
{
    public const string Prefix = "generated-";
    private const int SystemsMax = 12;
    private const int ValueSetsMax = 30;

    public static IEnumerable<Resource> For(IReadOnlyList<Resource> resources)
    {
        var random = new Random(20261121);
        var codes = new HashSet<SystemCode>();
        foreach (var resource in resources) Collect(resource.Root, codes);
        var systems = codes.Where(code => code.Code.Length > 0 && code.Code.All(c => c is > ' ' and < '\u007f'))
            .GroupBy(code => code.System).OrderByDescending(system => system.Count()).ThenBy(system => system.Key, StringComparer.Ordinal).Take(SystemsMax)
            .Select(system => (Url: system.Key, Codes: system.Select(code => code.Code).Order(StringComparer.Ordinal).ToArray())).ToArray();
        for (var number = 0; number < systems.Length; number++) yield return CodeSystem(number, systems[number].Url, systems[number].Codes);
        for (var number = 0; number < ValueSetsMax; number++) yield return ValueSet(number, systems, random);
    }

    private static void Collect(Element element, HashSet<SystemCode> codes)
    {
        if (element.Type.Name == "Coding" && element.FirstChild("system") is { HasValue: true } system && element.FirstChild("code") is { HasValue: true } code)
            codes.Add(new SystemCode(system.Text, code.Text));
        foreach (var child in element.Children) Collect(child, codes);
    }

    /// <summary>Each code lies below the one at half its place.</summary>
    private static Resource CodeSystem(int number, string url, string[] codes)
    {
        var concepts = Enumerable.Range(0, codes.Length).Select(place => place < 2 ? $$"""{"code":{{Json(codes[place])}}}"""
            : $$"""{"code":{{Json(codes[place])}},"property":[{"code":"parent","valueCode":{{Json(codes[place / 2])}}}]}""");
        return SearchFixture.Read(
            $$"""
            {"resourceType":"CodeSystem","id":"{{Prefix}}{{number}}","url":{{Json(url)}},"version":"9999","status":"active","content":"complete",
             "concept":[{{string.Join(',', concepts)}}]}
            """);
    }

    private static Resource ValueSet(int number, (string Url, string[] Codes)[] systems, Random random)
    {
        var (url, codes) = systems[random.Next(systems.Length)];
        var (other, otherCodes) = systems[random.Next(systems.Length)];
        var compose = (number % 6) switch
        {
            0 => $$"""{"include":[{"system":{{Json(url)}}}],"exclude":[{{Listed(url, codes, random)}}]}""",
            1 => $$"""{"include":[{{Filtered(url, codes, "is-a", random)}}]}""",
            2 => $$"""{"include":[{{Filtered(url, codes, "is-not-a", random)}},{{Listed(other, otherCodes, random)}}]}""",
            3 when number > 6 => $$"""{"include":[{"valueSet":["http://vs/{{number - 3}}"]},{"system":{{Json(url)}},"valueSet":["http://vs/{{number - 2}}"]}]}""",
            4 => $$"""{"include":[{{string.Join(',', systems.Select(system => $$"""{"system":{{Json(system.Url)}}}"""))}}]}""",
            _ => $$"""{"include":[{{Listed(url, codes, random)}},{{Listed(other, otherCodes, random)}}]}""",
        };
        return SearchFixture.Read($$"""{"resourceType":"ValueSet","id":"{{Prefix}}{{number}}","url":"http://vs/{{number}}","status":"active","compose":{{compose}}}""");
    }

    private static string Listed(string url, string[] codes, Random random)
    {
        var some = codes.Where(_ => random.Next(2) == 0).DefaultIfEmpty(codes[0]).Select(code => $$"""{"code":{{Json(code)}}}""");
        return $$"""{"system":{{Json(url)}},"concept":[{{string.Join(',', some)}}]}""";
    }

    private static string Filtered(string url, string[] codes, string operation, Random random) =>
        $$"""{"system":{{Json(url)}},"filter":[{"property":"concept","op":"{{operation}}","value":{{Json(codes[random.Next(Math.Min(8, codes.Length))])}}}]}""";

    private static string Json(string text) => JsonSerializer.Serialize(text);
}

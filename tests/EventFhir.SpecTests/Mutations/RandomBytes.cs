using System.Text.Json;

using EventFhir.Model;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.Json;
using EventFhir.Model.Validation;
using EventFhir.Tests;

using Xunit;

namespace EventFhir.SpecTests.Mutations;

/// <summary>Whatever bytes arrive, reading ends with a verdict, and what is no JSON is never taken for FHIR.</summary>
public sealed class RandomBytes
{
    private const int Seed = 20261121;
    private const int PerExample = 60;
    private const int ExampleBytesMax = 8_000;

    [Fact]
    public void Never_break_the_reader_and_never_pass_for_JSON()
    {
        var random = new Random(Seed);
        var (damaged, wrong) = (0, new List<string>());
        foreach (var file in Directory.GetFiles(OfficialPackages.R4Examples, "*-example*.json").Order(StringComparer.Ordinal))
        {
            if (new FileInfo(file).Length > ExampleBytesMax) continue;
            var json = File.ReadAllBytes(file);
            for (var round = 0; round < PerExample; round++)
            {
                var text = Damaged(json, random);
                var result = ResourceJsonReader.Read(text, Release.R4);
                if (result.Verdict is not ReadVerdict.NotFhir && !IsJson(text)) wrong.Add($"{Path.GetFileName(file)}, round {round}");
                if (result is { Verdict: ReadVerdict.Valid, Resource: { } resource } && ResourceValidator.Validate(resource).IsEmpty)
                    Assert.True(IsJson(Stored(resource)));
                damaged++;
            }
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong.Take(20)));
        Assert.True(damaged > 10_000, $"Only {damaged} were tried.");
    }

    private static byte[] Stored(Resource resource)
    {
        var text = StoredText.Of(resource, "a");
        return [.. text.Head.Span, .. "\"versionId\":\"7\""u8, .. text.Tail.Span];
    }

    private static byte[] Damaged(byte[] json, Random random)
    {
        var text = new List<byte>(json);
        for (var edits = random.Next(1, 4); edits > 0 && text.Count > 2; edits--)
        {
            var at = random.Next(text.Count);
            switch (random.Next(5))
            {
                case 0: text[at] = (byte)random.Next(256); break;
                case 1: text.RemoveAt(at); break;
                case 2: text.Insert(at, (byte)"\"{}[],:\\0 eu-"[random.Next(13)]); break;
                case 3: text.RemoveRange(at, Math.Min(text.Count - at, random.Next(40))); break;
                default: text.InsertRange(at, text.GetRange(at, Math.Min(text.Count - at, random.Next(40)))); break;
            }
        }
        return [.. text];
    }

    private static bool IsJson(byte[] text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = Limits.DepthMax });
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}

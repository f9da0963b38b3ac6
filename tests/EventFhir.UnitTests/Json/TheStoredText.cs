using System.Buffers;
using System.Text;

using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.Json;

using Xunit;

namespace EventFhir.UnitTests.Json;

public sealed class TheStoredText
{
    [Theory]
    [InlineData("""{"resourceType":"Patient"}""", """{"resourceType":"Patient","id":"new","meta":{§}}""")]
    [InlineData("""{"resourceType":"Patient","active":true}""", """{"resourceType":"Patient","id":"new","meta":{§},"active":true}""")]
    [InlineData("""{"active":true,"resourceType":"Patient"}""", """{"active":true,"resourceType":"Patient","id":"new","meta":{§}}""")]
    [InlineData("""{"active":true,"id":"old","resourceType":"Patient"}""", """{"active":true,"id":"new","meta":{§},"resourceType":"Patient"}""")]
    [InlineData("""{"resourceType":"Patient","active":true,"meta":{"source":"x"}}""",
        """{"resourceType":"Patient","id":"new","active":true,"meta":{§,"source":"x"}}""")]
    [InlineData("""{"resourceType":"Patient","id":"old","meta":{"versionId":"3","source":"x","lastUpdated":"2026-11-21T08:00:00Z"}}""",
        """{"resourceType":"Patient","id":"new","meta":{§,"source":"x"}}""")]
    [InlineData("""{"resourceType":"Patient","id":"old","meta":{"versionId":"3"}}""", """{"resourceType":"Patient","id":"new","meta":{§}}""")]
    [InlineData("""{"resourceType":"Patient","i\u0064":"old","met\u0061":{"version\u0049d":"3"}}""",
        """{"resourceType":"Patient","id":"new","meta":{§}}""")]
    [InlineData("""{ "resourceType" : "Patient" , "name" : [ { "text" : "a  \" \\ b" } ] }""",
        """{"resourceType":"Patient","id":"new","meta":{§},"name":[{"text":"a  \" \\ b"}]}""")]
    [InlineData("""{"resourceType":"Patient","id":"old","contained":[{"resourceType":"Basic","id":"b","code":{"text":"x"},"language":"de"}]}""",
        """{"resourceType":"Patient","id":"new","meta":{§},"contained":[{"resourceType":"Basic","id":"b","code":{"text":"x"}"""
        + ""","language":"de"}]}""")]
    public void Holds_what_was_sent_with_the_id_and_a_place_for_the_version(string sent, string stored)
    {
        var text = StoredText.Of(Read(sent), "new");
        Assert.Equal(stored, $"{Encoding.UTF8.GetString(text.Head.Span)}§{Encoding.UTF8.GetString(text.Tail.Span)}");
    }

    [Fact]
    public void Stays_the_same_when_what_was_read_is_written_again()
    {
        var sent = StoredText.Of(Read("""{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.10}}"""
            ), "a");
        var again = StoredText.Of(Read(Whole(sent)), "a");
        Assert.Equal(sent.Digest, again.Digest);
        Assert.Equal(Whole(sent), Whole(again));
    }

    [Theory]
    [InlineData("""{"resourceType":"Basic","code":{"text":"x"},"extension":[{"url":"http://x","valueDecimal":1.1}]}""")]
    [InlineData("""{"resourceType":"Basic","code":{"text":"x"},"extension":[{"url":"http://x","valueDecimal":1.100}]}""")]
    [InlineData("""{"resourceType":"Basic","code":{"text":"x"},"extension":[{"url":"http://x","valueDecimal":11e-1}]}""")]
    public void Has_another_digest_when_the_digits_differ(string other)
    {
        const string Sent = """{"resourceType":"Basic","code":{"text":"x"},"extension":[{"url":"http://x","valueDecimal":1.10}]}""";
        Assert.NotEqual(StoredText.Of(Read(Sent), "a").Digest, StoredText.Of(Read(other), "a").Digest);
    }

    [Theory]
    [InlineData("""{"a":1}""", "{\n  \"a\": 1\n}")]
    [InlineData("""{"a":[1,{"b":"{,}: \"x"}],"c":{},"d":[ ]}""",
        "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"{,}: \\\"x\"\n    }\n  ],\n  \"c\": {},\n  \"d\": []\n}")]
    public void Can_be_laid_out_for_people(string json, string pretty)
    {
        var target = new ArrayBufferWriter<byte>();
        JsonLayout.Indent(Encoding.UTF8.GetBytes(json), target);
        Assert.Equal(pretty, Encoding.UTF8.GetString(target.WrittenSpan));
        var minified = new byte[target.WrittenCount];
        var length = JsonLayout.Minify(target.WrittenSpan, minified);
        Assert.Equal(json.Replace("[ ]", "[]", StringComparison.Ordinal), Encoding.UTF8.GetString(minified, 0, length));
    }

    private static string Whole(StoredText text) =>
        Encoding.UTF8.GetString([.. text.Head.Span, .. "\"versionId\":\"7\",\"lastUpdated\":\"2026-11-21T08:00:00.000Z\""u8, .. text.Tail.Span]);

    private static Resource Read(string json)
    {
        var result = ResourceJsonReader.Read(Encoding.UTF8.GetBytes(json), Release.R4);
        Assert.Empty(result.Issues);
        return result.Resource!;
    }
}

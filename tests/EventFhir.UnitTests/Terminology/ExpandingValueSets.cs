using System.Text;

using EventFhir.Core;
using EventFhir.Core.Terminology;
using EventFhir.Model;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.Json;

using Xunit;

namespace EventFhir.UnitTests.Terminology;

/// <summary>R4 valueset.html#compositions over one small code system: animals, nested and by properties.</summary>
public sealed class ExpandingValueSets
{
    private const string Animals = """
        {"resourceType":"CodeSystem","url":"http://animals","status":"active","content":"complete","caseSensitive":true,
         "property":[{"code":"legs","type":"integer"},{"code":"parent","uri":"http://hl7.org/fhir/concept-properties#parent","type":"code"},
                     {"code":"inactive","uri":"http://hl7.org/fhir/concept-properties#inactive","type":"boolean"}],
         "concept":[{"code":"animal","display":"Animal","concept":[
           {"code":"mammal","display":"Mammal","concept":[{"code":"cat","display":"Cat","property":[{"code":"legs","valueInteger":4}]},
                                                          {"code":"dog","display":"Dog","property":[{"code":"legs","valueInteger":4}]}]},
           {"code":"bird","display":"Bird","property":[{"code":"legs","valueInteger":2}]}]},
          {"code":"platypus","display":"Duck-billed","property":[{"code":"parent","valueCode":"mammal"},{"code":"legs","valueInteger":4}]},
          {"code":"dodo","property":[{"code":"parent","valueCode":"bird"},{"code":"inactive","valueBoolean":true}]}]}
        """;

    [Theory]
    [InlineData("", "animal bird cat dodo dog mammal platypus")]
    [InlineData("concept is-a mammal", "cat dog mammal platypus")]
    [InlineData("concept descendent-of mammal", "cat dog platypus")]
    [InlineData("concept is-not-a mammal", "animal bird dodo")]
    [InlineData("concept generalizes platypus", "animal mammal platypus")]
    [InlineData("legs = 4", "cat dog platypus")]
    [InlineData("legs in 2,4", "bird cat dog platypus")]
    [InlineData("legs not-in 4", "animal bird dodo mammal")]
    [InlineData("legs exists false", "animal dodo mammal")]
    [InlineData("legs exists true", "bird cat dog platypus")]
    [InlineData("parent = mammal", "cat dog platypus")]
    [InlineData("code regex d.*", "dodo dog")]
    [InlineData("display regex [A-C]a.*", "Cat?cat")]
    public void Filters(string filter, string codes)
    {
        var parts = filter.Split(' ');
        var include = filter.Length == 0 ? "" : $$""","filter":[{"property":"{{parts[0]}}","op":"{{parts[1]}}","value":"{{parts[2]}}"}]""";
        var expected = codes.Contains('?', StringComparison.Ordinal) ? codes[(codes.IndexOf('?', StringComparison.Ordinal) + 1)..] : codes;
        Assert.Equal(expected, Expand($$"""{"include":[{"system":"http://animals"{{include}}}]}"""));
    }

    [Theory]
    [InlineData("""{"include":[{"system":"http://x","concept":[{"code":"a"},{"code":"b"}]}]}""", "a b")]
    [InlineData("""{"include":[{"system":"http://animals","concept":[{"code":"cat"}]},{"system":"http://x","concept":[{"code":"a"}]}]}""", "a cat")]
    [InlineData("""{"include":[{"system":"http://animals"}],"exclude":[{"system":"http://animals","concept":[{"code":"animal"},{"code":"dodo"}]}]}""",
        "bird cat dog mammal platypus")]
    [InlineData("""{"include":[{"system":"http://x","concept":[{"code":"a"}]},{"system":"http://y","concept":[{"code":"b"}]}],"exclude":[{"system":"http://y"}]}""", "a")]
    [InlineData("""{"include":[{"system":"http://animals","valueSet":["http://vs/pets"]}]}""", "cat dog")]
    [InlineData("""{"include":[{"valueSet":["http://vs/pets","http://vs/four"]}]}""", "cat")]
    [InlineData("""{"include":[{"valueSet":["http://vs/pets"]},{"valueSet":["http://vs/four"]}]}""", "cat dog horse")]
    [InlineData("""{"inactive":false,"include":[{"system":"http://animals","filter":[{"property":"concept","op":"is-a","value":"bird"}]}]}""", "bird")]
    [InlineData("""{"include":[{"system":"http://animals","filter":[{"property":"concept","op":"is-a","value":"mammal"},{"property":"legs","op":"exists","value":"true"}]}]}""",
        "cat dog platypus")]
    public void Compositions(string compose, string codes) => Assert.Equal(codes, Expand(compose));

    [Theory]
    [InlineData("""{"include":[{"system":"http://unknown"}]}""", RefusalKind.BadRequest)]
    [InlineData("""{"include":[{"system":"http://fragment"}]}""", RefusalKind.Unprocessable)]
    [InlineData("""{"include":[{"valueSet":["http://vs/none"]}]}""", RefusalKind.BadRequest)]
    [InlineData("""{"include":[{"valueSet":["http://vs/ring"]}]}""", RefusalKind.Unprocessable)]
    [InlineData("""{"include":[{"system":"http://animals","filter":[{"property":"colour","op":"=","value":"red"}]}]}""", RefusalKind.Unprocessable)]
    [InlineData("""{"include":[{"system":"http://animals","filter":[{"property":"concept","op":"is-a","value":"fish"}]}]}""", RefusalKind.Unprocessable)]
    [InlineData("""{"include":[{"system":"http://animals","filter":[{"property":"code","op":"regex","value":"(a)\\1"}]}]}""", RefusalKind.Unprocessable)]
    [InlineData("""{"include":[{"system":"http://animals","filter":[{"property":"legs","op":"is-a","value":"4"}]}]}""", RefusalKind.Unprocessable)]
    [InlineData("""{"lockedDate":"2020-01-01","include":[{"system":"http://animals"}]}""", RefusalKind.Unprocessable)]
    public void What_cannot_be_known_is_refused(string compose, RefusalKind kind) =>
        Assert.Equal(kind, Answer(new CodeSetQuestion.InValueSet(ByUrl("http://asked")), compose).Refusal?.Kind);

    [Fact]
    public void A_supplied_expansion_serves_where_there_is_no_compose()
    {
        var codes = Answer(new CodeSetQuestion.InValueSet(ByUrl("http://vs/supplied")), "{}").Value;
        Assert.Equal(["s|a", "s|b"], codes.Codes.Select(code => $"{code.System}|{code.Code}").Order(StringComparer.Ordinal));
        Assert.NotNull(Answer(new CodeSetQuestion.InValueSet(ByUrl("http://vs/part")), "{}").Refusal);
    }

    [Fact]
    public void A_value_set_of_the_specification_need_not_be_stored() => Assert.Contains(
        new SystemCode("http://hl7.org/fhir/administrative-gender", "female"),
        Answer(new CodeSetQuestion.InValueSet(ByUrl("http://hl7.org/fhir/ValueSet/administrative-gender")), "{}").Value.Codes);

    [Theory]
    [InlineData("below", "mammal", "cat dog mammal platypus")]
    [InlineData("above", "platypus", "animal mammal platypus")]
    [InlineData("below", "cat", "cat")]
    public void Subsumption(string direction, string code, string codes) => Assert.Equal(codes, Text(Answer(
        direction == "above" ? new CodeSetQuestion.Above("http://animals", code) : new CodeSetQuestion.Below("http://animals", code), "{}").Value));

    [Theory]
    [InlineData("http://animals", "fish")]
    [InlineData("http://fragment", "a")]
    [InlineData("http://groups", "a")]
    [InlineData("http://unknown", "a")]
    public void Subsumption_needs_a_complete_hierarchy_that_has_the_code(string system, string code) =>
        Assert.NotNull(Answer(new CodeSetQuestion.Below(system, code), "{}").Refusal);

    [Fact]
    public void The_number_of_codes_is_limited()
    {
        var concepts = string.Join(',', Enumerable.Range(0, Limits.ExpansionCodesMax + 1).Select(number => $$"""{"code":"c{{number}}"}"""));
        Assert.NotNull(Answer(new CodeSetQuestion.InValueSet(ByUrl("http://asked")), $$"""{"include":[{"system":"http://x","concept":[{{concepts}}]}]}""").Refusal);
    }

    [Theory]
    [InlineData("1.0", "1.0.1")]
    [InlineData("4.0.9", "4.0.10")]
    [InlineData("2020-01-31", "2020-02-01")]
    [InlineData("1.0-rc", "1.0")]
    [InlineData(null, "1")]
    public void Business_versions_are_ordered_by_their_numbers(string? before, string after)
    {
        Assert.True(BusinessVersionOrder.Instance.Compare(before, after) < 0);
        Assert.True(BusinessVersionOrder.Instance.Compare(after, before) > 0);
    }

    private static string Expand(string compose) => Text(Answer(new CodeSetQuestion.InValueSet(ByUrl("http://asked")), compose).Value);

    private static string Text(CodeSet codes) => string.Join(' ', codes.Codes.Select(code => code.Code).Order(StringComparer.Ordinal));

    private static SourceKey.ByUrl ByUrl(string url) => new(SourceKind.ValueSet, Canonical.Parse(url));

    private static Outcome<CodeSet> Answer(CodeSetQuestion question, string compose)
    {
        var store = new Dictionary<string, string>
        {
            ["http://animals"] = Animals,
            ["http://fragment"] = """{"resourceType":"CodeSystem","status":"active","content":"fragment","concept":[{"code":"a"}]}""",
            ["http://groups"] =
                """{"resourceType":"CodeSystem","status":"active","content":"complete","hierarchyMeaning":"grouped-by","concept":[{"code":"a"}]}""",
            ["http://asked"] = ValueSet(compose),
            ["http://vs/pets"] = ValueSet("""{"include":[{"system":"http://animals","concept":[{"code":"cat"},{"code":"dog"}]}]}"""),
            ["http://vs/four"] = ValueSet("""{"include":[{"system":"http://animals","concept":[{"code":"cat"},{"code":"horse"}]}]}"""),
            ["http://vs/ring"] = ValueSet("""{"include":[{"valueSet":["http://asked"]}]}"""),
            ["http://vs/supplied"] =
                """
                {"resourceType":"ValueSet","status":"active","expansion":{"timestamp":"2020-01-01","contains":[
                 {"display":"group","contains":[{"system":"s","code":"a"}]},{"system":"s","code":"b"},{"system":"s","code":"x","abstract":true}]}}
                """,
            ["http://vs/part"] =
                """
                {"resourceType":"ValueSet","status":"active","expansion":{"timestamp":"2020-01-01","total":7,"contains":[{"system":"s","code":"b"}]}}
                """,
        };
        var sources = new TerminologySources();
        while (true)
        {
            var answer = CodeSets.Answer(question, sources, Release.R4);
            if (sources.Wanted.Count == 0) return answer;
            foreach (var key in sources.Wanted.ToList())
                sources.Give(key, key is SourceKey.ByUrl byUrl && store.TryGetValue(byUrl.Canonical.Url, out var json) ? Read(json) : null);
        }
    }

    private static string ValueSet(string compose) => $$"""{"resourceType":"ValueSet","status":"active","compose":{{compose}}}""";

    private static Resource Read(string json) =>
        ResourceJsonReader.Read(Encoding.UTF8.GetBytes(json), Release.R4).Resource ?? throw new ArgumentException("The text is no resource.");
}

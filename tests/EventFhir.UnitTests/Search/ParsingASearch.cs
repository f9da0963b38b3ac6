using EventFhir.Core;
using EventFhir.Core.Search;
using EventFhir.Model;
using EventFhir.Model.Definitions;

using Xunit;

namespace EventFhir.UnitTests.Search;

public sealed class ParsingASearch
{
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 0, 0, 0, TimeSpan.Zero);
    private static readonly SearchContext Strict = new(SearchDefinitions.R4, "http://here/fhir", Now, UnknownParameters.Refuse);

    [Theory]
    [InlineData("Patient", "name=Péter", "Patient[name=StartsWith 'peter']")]
    [InlineData("Patient", "name:exact=Péter", "Patient[name=Exact 'Péter']")]
    [InlineData("Patient", "name:contains=ET,er", "Patient[name=Contains 'et' or Contains 'er']")]
    [InlineData("Patient", "name=a&name=b", "Patient[name=StartsWith 'a' & name=StartsWith 'b']")]
    [InlineData("Patient", @"name=a\,b", "Patient[name=StartsWith 'ab']")]
    [InlineData("Patient", @"identifier=a\|b|c\\\$", @"Patient[identifier=a|b|c\$]")]
    [InlineData("Patient", "identifier=x", "Patient[identifier=*|x]")]
    [InlineData("Patient", "identifier=|x", "Patient[identifier=|x]")]
    [InlineData("Patient", "identifier=http://s|", "Patient[identifier=http://s|*]")]
    [InlineData("Patient", "identifier:of-type=http://s|MR|12345", "Patient[identifier=of http://s|MR|12345]")]
    [InlineData("Patient", "gender:not=male,female", "Patient[not(gender=*|male or *|female)]")]
    [InlineData("Patient", "gender:missing=true", "Patient[missing gender]")]
    [InlineData("Patient", "gender:missing=false", "Patient[not(missing gender)]")]
    [InlineData("Patient", "_id=a,b", "Patient[id=a or b]")]
    [InlineData("Patient", "birthdate=2000", "Patient[birthdate=Equal 2000-01-01T00:00:00..2001-01-01T00:00:00]")]
    [InlineData("Patient", "birthdate=ge2000-02", "Patient[birthdate=GreaterOrEqual 2000-02-01T00:00:00..2000-03-01T00:00:00]")]
    [InlineData("Patient", "_lastUpdated=sa2020-01-01T10:00+02:00", "Patient[updated=StartsAfter 2020-01-01T08:00:00..2020-01-01T08:01:00]")]
    [InlineData("Patient", "_lastUpdated=2020-01-01T10:00:00 02:00", "Patient[updated=Equal 2020-01-01T08:00:00..2020-01-01T08:00:01]")]
    [InlineData("Condition", "_text=(bone OR liver) and metastases", "Condition[Narrative says ((bone | liver) & metastases)]")]
    [InlineData("Condition", "_text=bone or liver metastases", "Condition[Narrative says (bone | (liver & metastases))]")]
    [InlineData("Condition", "_text=Follow-up NOT \"in March\"", "Condition[Narrative says (follow_up & !in_march)]")]
    [InlineData("Condition", "_text=not not \"and\"(or_x)or y", "Condition[Narrative says ((and & or_x) | y)]")]
    [InlineData("Patient", "name=a&_contained=false&_containedType=container", "Patient[name=StartsWith 'a']")]
    [InlineData("Condition", "_text=bone,Müller", "Condition[Narrative says (bone | muller)]")]
    [InlineData("RiskAssessment", "probability=gt0.8", "RiskAssessment[probability=Greater 0.8 [0.75, 0.85)]")]
    [InlineData("RiskAssessment", "probability=100", "RiskAssessment[probability=Equal 100 [99.5, 100.5)]")]
    [InlineData("RiskAssessment", "probability=100.00", "RiskAssessment[probability=Equal 100 [99.995, 100.005)]")]
    [InlineData("RiskAssessment", "probability=1e2", "RiskAssessment[probability=Equal 100 [95, 105)]")]
    [InlineData("RiskAssessment", "probability=1.00e2", "RiskAssessment[probability=Equal 100 [99.5, 100.5)]")]
    [InlineData("RiskAssessment", "probability=ap100", "RiskAssessment[probability=Approximate 100 [90, 110)]")]
    [InlineData("Observation", "value-quantity=5.4|http://unitsofmeasure.org|mg", "Observation[value-quantity=Equal 5.4 [5.35, 5.45) http://unitsofmeasure.org|mg]")]
    [InlineData("Observation", "value-quantity=le5.4||mg", "Observation[value-quantity=LessOrEqual 5.4 [5.35, 5.45) *|mg]")]
    [InlineData("Observation", "subject=Patient/1", "Observation[subject=Patient/1]")]
    [InlineData("Observation", "subject=1", "Observation[subject=*/1]")]
    [InlineData("Observation", "subject:Patient=1", "Observation[subject=Patient/1]")]
    [InlineData("Observation", "subject=http://here/fhir/Patient/1", "Observation[subject=Patient/1]")]
    [InlineData("Observation", "subject=http://there/fhir/Patient/1", "Observation[subject=<http://there/fhir/Patient/1>]")]
    [InlineData("Observation", "subject:identifier=http://s|x", "Observation[subject=identifier http://s|x]")]
    [InlineData("Observation", "code-value-quantity=http://loinc.org|8480-6$gt150", "Observation[code-value-quantity=(http://loinc.org|8480-6 $ Greater 150 [149.5, 150.5) *|*)]")]
    [InlineData("Location", "near=10|20|1.1119492664|km", "Location[near=10|20 [9.99|19.99, 10.01|20.01]]")]
    [InlineData("ValueSet", "url:below=http://a.org/b", "ValueSet[url=Below <http://a.org/b>]")]
    [InlineData("DiagnosticReport", "subject:Patient.name=peter", "DiagnosticReport[subject -> Patient[name=StartsWith 'peter']]")]
    [InlineData("Encounter", "patient.gender:not=male", "Encounter[patient -> Patient[not(gender=*|male)]]")]
    [InlineData("Patient", "_has:Observation:patient:code=1234-5", "Patient[patient <- Observation[code=*|1234-5]]")]
    [InlineData("Patient", "_has:Observation:patient:_has:AuditEvent:entity:agent=MyUserId", "Patient[patient <- Observation[entity <- AuditEvent[agent=*/MyUserId]]]")]
    [InlineData("Encounter", "patient._has:Group:member:_id=102", "Encounter[patient -> Group[member <- Group[id=102]] or Patient[member <- Group[id=102]]]")]
    [InlineData("Patient", "_list=42,List/43", "Patient[item <- List[id=42 or 43]]")]
    public void Parameters_become_clauses(string type, string query, string clauses) => Assert.Equal(clauses, QueryText.Of(Parse(Strict, type, query).Value));

    [Theory]
    [InlineData("Patient", "colour=red")]
    [InlineData("Patient", "_contained=true&_sort=_id")]
    [InlineData("Patient", "_include=Patient:organization&_contained=true")]
    [InlineData("Patient", "_contained=both&organization.name=x")]
    [InlineData("Patient", "_contained=both&_filter=not (_has:Observation:subject:status eq final)")]
    [InlineData("Patient", "_contained=true&_list=x")]
    [InlineData("Patient", "_contained=perhaps")]
    [InlineData("Patient", "_containedType=x")]
    [InlineData("Patient", "_text=bone and")]
    [InlineData("Patient", "_text=or bone")]
    [InlineData("Patient", "_text=(bone")]
    [InlineData("Patient", "_text=bone)")]
    [InlineData("Patient", "_text=()")]
    [InlineData("Patient", "_text=not")]
    [InlineData("Patient", "_text=\"bone")]
    [InlineData("Patient", "_text=\"\"")]
    [InlineData("Patient", "_text=bone -")]
    [InlineData("Patient", "_text=((((((((((((((((((((((x))))))))))))))))))))))")]
    [InlineData("Patient", "_text:exact=x")]
    [InlineData("Patient", "_text:missing=true")]
    [InlineData("Patient", "_sort=_score")]
    [InlineData("Patient", "_id=x&_sort=_score")]
    [InlineData("Binary", "_text=x")]
    [InlineData("Location", "near=1")]
    [InlineData("Location", "near=91|2")]
    [InlineData("Location", "near=1|181|5")]
    [InlineData("Location", "near=1|2|-5")]
    [InlineData("Location", "near=1|2|5|kg")]
    [InlineData("Location", "near=1|2|5|km|x")]
    [InlineData("Location", "near:exact=1|2")]
    [InlineData("Patient", "name:above=x")]
    [InlineData("Patient", "gender:in=vs")]
    [InlineData("Patient", "identifier:in=http://vs")]
    [InlineData("Patient", "gender:below=male")]
    [InlineData("Patient", "gender:text=m")]
    [InlineData("Patient", "identifier:code-text=m")]
    [InlineData("Observation", "code:text= ")]
    [InlineData("Patient", "gender:exact=x")]
    [InlineData("Patient", "birthdate:exact=2000")]
    [InlineData("Patient", "gender:missing=perhaps")]
    [InlineData("Patient", "birthdate=2000-13")]
    [InlineData("Patient", "birthdate=xx2000")]
    [InlineData("Patient", "birthdate=2000-02-30")]
    [InlineData("Patient", @"name=a\b")]
    [InlineData("Patient", "name=a,,b")]
    [InlineData("Patient", "identifier=a|b|c")]
    [InlineData("Patient", "_id=a b")]
    [InlineData("RiskAssessment", "probability=abc")]
    [InlineData("RiskAssessment", "probability=1e99")]
    [InlineData("Observation", "subject:Medication=1")]
    [InlineData("Observation", "subject=nosuchtype/1")]
    [InlineData("Observation", "code.text=x")]
    [InlineData("Observation", "code-value-quantity=8480-6")]
    [InlineData("Patient", "_has:Observation:code:status=final")]
    [InlineData("Patient", "_has:Observation:patient=x")]
    [InlineData("Patient", "_list=$current-problems")]
    [InlineData("Patient", "_list=a b")]
    [InlineData("Patient", "_query=current-high-risk")]
    [InlineData("Patient", "_sort=nothing")]
    [InlineData("Observation", "_sort=code-value-quantity")]
    [InlineData("Location", "_sort=near")]
    [InlineData("Patient", "_sort=_text")]
    [InlineData("Patient", "_sort=gender.name")]
    [InlineData("Patient", "_sort=organization:Practitioner.name")]
    [InlineData("Patient", "_sort=organization.nothing")]
    [InlineData("Patient", "_sort=organization._score&_text=x")]
    [InlineData("Patient", "_sort=link.link.link.link.link.link.birthdate")]
    [InlineData("List", "_sort=item.date")]
    [InlineData("Patient", "_count=-1")]
    [InlineData("Patient", "_include=Patient:name")]
    [InlineData("Patient", "_total=some")]
    [InlineData("Patient", "link.link.link.link.link.link.name=x")]
    public void What_is_wrong_or_not_supported_is_refused(string type, string query) =>
        Assert.Equal(RefusalKind.BadRequest, Parse(Strict, type, query).Refusal?.Kind);

    [Fact]
    public void Lenient_handling_leaves_unknown_parameters_out_of_the_self_link()
    {
        var query = Parse(Strict with { Unknown = UnknownParameters.Ignore }, "Patient", "colour=red&name=a").Value;
        Assert.Equal("Patient[name=StartsWith 'a']", QueryText.Of(query));
        Assert.Equal([new QueryParameter("name", "a")], query.Used);
    }

    [Fact]
    public void Lenient_handling_still_refuses_an_unsupported_modifier() =>
        Assert.NotNull(Parse(Strict with { Unknown = UnknownParameters.Ignore }, "Patient", "name:above=x").Refusal);

    [Fact]
    public void Approximate_dates_widen_by_a_tenth_of_their_distance_from_now()
    {
        var query = Parse(Strict, "Patient", "birthdate=ap2016-11-21").Value;
        var clause = (Clause.Matches)query.Types[0].Clauses[0];
        var date = (SearchValue.Date)clause.Values[0];
        Assert.InRange((new DateTimeOffset(2016, 11, 21, 0, 0, 0, TimeSpan.Zero) - date.Low).TotalDays, 365, 366);
    }

    [Fact]
    public void The_number_of_values_and_parameters_is_limited()
    {
        Assert.NotNull(Parse(Strict, "Patient", "_id=" + string.Join(',', Enumerable.Range(0, Limits.SearchValuesMax + 1))).Refusal);
        Assert.NotNull(Parse(Strict, "Patient", string.Join('&', Enumerable.Repeat("name=a", Limits.SearchParametersMax + 1))).Refusal);
    }

    [Fact]
    public void A_chain_without_types_may_not_spread_without_end() =>
        Assert.NotNull(Parse(Strict, "Composition", "subject.subject.subject.subject.subject._id=x").Refusal);

    [Fact]
    public void Includes_name_the_parameters_they_follow()
    {
        var shape = Parse(Strict, "MedicationRequest", "_include=MedicationRequest:patient&_revinclude:iterate=Provenance:target&_include=*").Value.Result;
        Assert.Equal(3, shape.Includes.Count(include => include.Rounds is IncludeRounds.Once) + shape.Includes.Count(include => include.Rounds is IncludeRounds.Iterate));
        Assert.Equal(IncludeDirection.Reverse, shape.Includes[1].Direction);
        Assert.True(shape.Includes[2].Parameters.Length > 5);
    }

    [Fact]
    public void A_system_search_applies_the_parameters_to_each_type()
    {
        var query = new SearchParser(Strict).ParseSystem([new("_type", "Patient,Observation"), new("_id", "1")]).Value;
        Assert.Equal("Patient[id=1] + Observation[id=1]", QueryText.Of(query));
    }

    [Fact]
    public void A_system_search_without_types_takes_the_parameters_that_all_types_have()
    {
        var parser = new SearchParser(Strict);
        var query = parser.ParseSystem([new("_lastUpdated", "ge2020"), new("_tag", "x"), new("_id", "1"), new("_profile", "http://p"), new("_list", "7")]).Value;
        Assert.Equal(Release.R4.ResourceTypes, query.Types.Select(type => type.Type));
        Assert.All(query.Types, type => Assert.Equal(5, type.Clauses.Length));
        Assert.NotNull(parser.ParseSystem([new("name", "x")]).Refusal);
    }

    [Fact]
    public void Named_queries_are_refused_to_lenient_clients_too() =>
        Assert.NotNull(Parse(Strict with { Unknown = UnknownParameters.Ignore }, "Patient", "_query=x").Refusal);

    [Theory]
    [InlineData("Patient", "family", 1000, true)]
    [InlineData("Observation", "subject:Patient.family", 1000, true)]
    [InlineData("Observation", "subject:Patient.link:Patient.family", 1000, true)]
    [InlineData("Observation", "subject:Patient.link:Patient.link:Patient.family", 1000, false)]
    [InlineData("Observation", "subject:Patient.link:Patient.link:Patient.link:Patient.link:Patient.family", 100, true)]
    [InlineData("Observation", "subject:Patient.link:Patient.link:Patient.link:Patient.link:Patient.family", 200, false)]
    [InlineData("Observation", "subject:Patient.link:Patient.link:Patient.link:Patient.link:Patient.gender", 1000, true)]
    [InlineData("Patient", "_has:Observation:subject:code-value-quantity", 1000, false)]
    public void A_search_is_refused_if_its_values_are_too_many_for_one_statement(string type, string name, int values, bool isAccepted)
    {
        var given = string.Join(',', Enumerable.Range(0, values).Select(number => name.EndsWith("quantity", StringComparison.Ordinal) ? $"c$lt{number}" : $"v{number}"));
        var refusal = Parse(Strict, type, $"{name}={given}").Refusal;
        Assert.Equal(isAccepted, refusal is null);
        if (refusal is not null) Assert.Equal("too-costly", refusal.Issues[0].Code);
    }

    [Fact]
    public void Codes_and_dates_have_no_common_order() =>
        Assert.NotNull(new SearchParser(Strict).ParseSystem([new("_type", "GraphDefinition,Slot"), new("_sort", "start")]).Refusal);

    [Theory]
    [InlineData("subject.name", "Location Patient")]
    [InlineData("subject:Patient.birthdate", "Patient")]
    [InlineData("-patient.organization.name", "Patient")]
    public void A_chained_key_follows_the_types_that_have_it(string key, string types)
    {
        var sort = Parse(Strict, "Observation", $"_sort={key}").Value.Result.Sort.Single();
        var chain = Assert.IsType<SortPath.Chain>(sort.Paths.Single());
        Assert.Equal(types.Split(' '), chain.Targets.Select(target => target.Type.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_compartment_search_adds_the_membership()
    {
        var compartment = Release.R4.Compartments.Single(compartment => compartment.Type.Name == "Patient");
        var type = Release.R4.FindResourceType("Observation");
        var query = new SearchParser(Strict).ParseCompartment(compartment, "7", type, [new("status", "final")]).Value;
        Assert.Equal("Observation[any(subject=Patient/7 or performer=Patient/7) & status=*|final]", QueryText.Of(query));
    }

    private static Outcome<SearchQuery> Parse(SearchContext context, string type, string query) =>
        new SearchParser(context).Parse(
            Release.R4.FindResourceType(type)!,
            [.. query.Split('&').Select(pair => new QueryParameter(pair[..pair.IndexOf('=')], pair[(pair.IndexOf('=') + 1)..]))]);
}

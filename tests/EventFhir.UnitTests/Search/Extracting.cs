using System.Text;

using EventFhir.Core.Search;
using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;
using EventFhir.Model.Json;

using Xunit;

namespace EventFhir.UnitTests.Search;

public sealed class Extracting
{
    private static readonly IndexExtractor Extractor = new(SearchDefinitions.R4, new Uri("http://example.org/fhir/"));

    [Fact]
    public void A_code_has_the_system_of_its_binding()
    {
        var entries = Extract("""{"resourceType":"Observation","status":"final","code":{"text":"x"}}""");
        Assert.Contains(Hashing.Term("status", TermForm.SystemCode, "http://hl7.org/fhir/observation-status", "final"), entries.Terms);
        Assert.Contains(Hashing.Term("status", TermForm.Code, "final"), entries.Terms);
    }

    [Fact]
    public void A_coding_is_found_by_code_by_system_by_both_and_by_its_text()
    {
        var entries = Extract("""
            {"resourceType":"Observation","status":"final",
             "code":{"coding":[{"system":"http://loinc.org","code":"8480-6","display":"Systolic  Pressure"},{"code":"BP"}],"text":"Blutdrück"}}
            """);
        Assert.Contains(Hashing.Term("code", TermForm.SystemCode, "http://loinc.org", "8480-6"), entries.Terms);
        Assert.Contains(Hashing.Term("code", TermForm.SystemCode, "", "bp"), entries.Terms);
        Assert.Contains(Hashing.Term("code", TermForm.Code, "8480-6"), entries.Terms);
        Assert.Contains(Hashing.Term("code", TermForm.System, "http://loinc.org"), entries.Terms);
        Assert.Contains(Hashing.Term("code", TermForm.Text, "systolic pressure"), entries.Terms);
        Assert.Contains(Hashing.Term("code", TermForm.Text, "blutdruck"), entries.Terms);
    }

    [Fact]
    public void The_lexicon_has_each_displayed_text_with_its_words_and_each_code()
    {
        var entries = Extract("""
            {"resourceType":"Observation","status":"final","identifier":[{"value":"ABC","type":{"text":"Accession"}}],
             "code":{"coding":[{"system":"http://loinc.org","code":"BP-1","display":"Systolic  Pressure"}],"text":"systolic pressure"}}
            """).Lexicon;
        var display = Assert.Single(entries, entry => entry.Hash == Hashing.Term("code", TermForm.Text, "systolic pressure"));
        var forms = new List<string>();
        display.AddForms(forms);
        Assert.Equal(["systolic pressure", "pressure"], forms);
        Assert.Equal(
            new LexiconEntry(LexiconKind.Code, LexiconEntry.NumberOf("code", LexiconKind.Code), Hashing.Term("code", TermForm.Code, "bp-1"), "bp-1"),
            Assert.Single(entries, entry => entry.Normalized == "bp-1"));
        Assert.Contains(entries, entry => entry.Normalized == "accession");
        Assert.DoesNotContain(entries, entry => entry.Normalized == "abc");
    }

    [Fact]
    public void Marks_tell_who_has_a_value_and_for_required_elements_who_has_none()
    {
        var entries = Extract("""{"resourceType":"Observation","_status":{"id":"s"},"code":{"text":"x"},"method":{"text":"y"}}""");
        Assert.Contains(Hashing.Term("method", TermForm.Present), entries.Terms);
        Assert.DoesNotContain(Hashing.Term("category", TermForm.Present), entries.Terms);
        Assert.Contains(Hashing.Term("status", TermForm.Absent), entries.Terms);
        Assert.DoesNotContain(Hashing.Term("code", TermForm.Absent), entries.Terms);
    }

    [Fact]
    public void Identifiers_go_to_their_own_table()
    {
        var entries = Extract("""
            {"resourceType":"Patient","identifier":[{"system":"urn:mrn","value":"12345","type":{"coding":[{"system":"urn:v2","code":"MR"}]}}]}
            """);
        Assert.Equal(
            new[]
            {
                Hashing.Term("identifier", TermForm.SystemCode, "urn:mrn", "12345"),
                Hashing.Term("identifier", TermForm.Code, "12345"),
                Hashing.With(Hashing.Term("identifier", TermForm.OfType, "urn:v2", "MR"), "12345"u8),
            }.Order(),
            entries.Identifiers);
        Assert.Contains(Hashing.Term("identifier", TermForm.System, "urn:mrn"), entries.Terms);
    }

    [Theory]
    [InlineData("Patient/p1", "Patient/p1", false)]
    [InlineData("Patient/p1/_history/3", "Patient/p1", true)]
    [InlineData("http://example.org/fhir/Patient/p1", "Patient/p1", false)]
    [InlineData("http://example.org/fhir/Patient/p1/_history/3", "Patient/p1", true)]
    [InlineData("http://elsewhere.org/fhir/Patient/p1", null, true)]
    [InlineData("urn:uuid:2b1cf0a8-3f0e-4c47-b0cf-1c1f1f0d9a5e", null, true)]
    [InlineData("#p1", null, false)]
    [InlineData("Patient/", null, true)]
    [InlineData("Patient/p1/x", null, true)]
    [InlineData("Nothing/p1", null, true)]
    [InlineData("http://example.org/fhirPatient/p1", null, true)]
    public void References(string literal, string? key, bool isTerm)
    {
        var entries = Extract($$"""{"resourceType":"Observation","subject":{"reference":"{{literal}}"} }""");
        var column = Column("subject", entries);
        Assert.Equal(key, column.HasValue ? column.Reference.ToString() : null);
        Assert.Equal(isTerm, entries.Terms.Contains(Hashing.Term("subject", TermForm.Uri, literal)));
        Assert.Equal(key is null, entries.Terms.Contains(Hashing.Term("subject", TermForm.Present)));
    }

    [Fact]
    public void A_logical_reference_is_found_by_its_identifier()
    {
        var entries = Extract("""{"resourceType":"Observation","subject":{"identifier":{"system":"urn:mrn","value":"12345"}}}""");
        Assert.Contains(Hashing.Term("subject", TermForm.IdentifierSystemCode, "urn:mrn", "12345"), entries.Identifiers);
        Assert.Contains(Hashing.Term("subject", TermForm.IdentifierCode, "12345"), entries.Identifiers);
    }

    [Theory]
    [InlineData("""{"value":5.40,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}""", "5.40", null, "0.0054")]
    [InlineData("""{"value":5,"comparator":"<","unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}""", "min", "5", "min")]
    [InlineData("""{"value":5,"system":"urn:other","code":"drops"}""", "5", null, null)]
    [InlineData("""{"value":1e400}""", "max", null, null)]
    public void A_single_quantity_is_kept_as_given_and_in_canonical_units(string quantity, string low, string? high, string? canonical)
    {
        var entries = Extract($$"""{"resourceType":"Observation","valueQuantity":{{quantity}}}""");
        Assert.Equal(low, Text(Column("value_quantity", entries)));
        Assert.Equal(high, Text(Column("value_quantity_hi", entries)));
        Assert.Equal(canonical, Text(Column("value_quantity_canonical", entries)));
        Assert.Equal(canonical is not null, Column("value_quantity_unit", entries).HasValue);
    }

    [Fact]
    public void Equal_quantities_in_different_units_are_equal_in_the_index()
    {
        var (mg, g) = (Quantity("5", "mg"), Quantity("0.005", "g"));
        Assert.Equal(Column("value_quantity_canonical", mg), Column("value_quantity_canonical", g));
        Assert.Equal(Column("value_quantity_unit", mg), Column("value_quantity_unit", g));
    }

    [Fact]
    public void A_component_is_found_by_code_and_value_together()
    {
        var entries = Extract("""
            {"resourceType":"Observation","component":[
             {"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":107}},
             {"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"valueQuantity":{"value":60}}]}
            """);
        var key = Hashing.With(
            Hashing.Term("component-code-value-quantity", TermForm.Composite),
            Hashing.With(Hashing.With(Hashing.Component(TermForm.SystemCode), "http://loinc.org"u8), "8480-6"u8));
        Assert.Equal([new NumberEntry(key, 107, 107)], entries.Numbers.Where(entry => entry.Hash == key));
    }

    [Theory]
    [InlineData(""" "effectiveDateTime":"2012-02" """, "2012-02-01", "2012-03-01")]
    [InlineData(""" "effectivePeriod":{"start":"2012-02","end":"2012-04-02"} """, "2012-02-01", "2012-04-03")]
    [InlineData(""" "effectivePeriod":{"start":"2012-02"} """, "2012-02-01", "9999-12-31")]
    [InlineData(""" "effectivePeriod":{"end":"2012-02"} """, "0001-01-01", "2012-03-01")]
    [InlineData(""" "effectiveTiming":{"event":["2012-02-03","2012-01-05"]} """, "2012-01-05", "2012-02-04")]
    public void Dates_are_intervals(string effective, string low, string high)
    {
        var entries = Extract($$"""{"resourceType":"Observation",{{effective}}}""");
        Assert.Equal(low, Column("date_lo", entries).Instant.ToString("yyyy-MM-dd"));
        Assert.Equal(high, Column("date_hi", entries).Instant.ToString("yyyy-MM-dd"));
    }

    [Fact]
    public void A_name_is_found_by_each_part_and_word()
    {
        var entries = Extract("""{"resourceType":"Patient","name":[{"family":"van der Müller","given":["Jörg"]}]}""");
        var name = Hashing.Parameter("name");
        Assert.Equal(
            [("der", ""), ("jorg", "Jörg"), ("muller", ""), ("van der muller", "van der Müller")],
            entries.Strings.Where(entry => entry.Parameter == name).Select(entry => (entry.Normalized, entry.Exact)));
    }

    [Fact]
    public void Long_texts_are_cut_in_the_index_but_kept_exact()
    {
        var text = new string('x', 300);
        var entries = Extract($$"""{"resourceType":"ValueSet","title":"{{text}}"}""");
        var title = Assert.Single(entries.Strings, entry => entry.Parameter == Hashing.Parameter("title"));
        Assert.Equal((IndexLimits.StringLengthMax, text), (title.Normalized.Length, title.Exact));
    }

    [Fact]
    public void A_canonical_is_found_with_and_without_its_version()
    {
        var entries = Extract("""{"resourceType":"QuestionnaireResponse","questionnaire":"http://q.org/q|1.0"}""");
        Assert.Contains(Hashing.Term("questionnaire", TermForm.Uri, "http://q.org/q|1.0"), entries.Terms);
        Assert.Contains(Hashing.Term("questionnaire", TermForm.Uri, "http://q.org/q"), entries.Terms);
        Assert.Contains(
            new LexiconEntry(
                LexiconKind.Canonical, LexiconEntry.NumberOf("questionnaire", LexiconKind.Canonical),
                Hashing.Term("questionnaire", TermForm.Canonical, "http://q.org/q|1.0"), "http://q.org/q|1.0"),
            entries.Lexicon);
    }

    [Fact]
    public void A_profile_is_found_by_what_it_lies_below()
    {
        var entries = Extract("""{"resourceType":"Basic","meta":{"profile":["http://hl7.org/fhir/p"]}}""");
        Assert.Contains(Hashing.Term("_profile", TermForm.Uri, "http://hl7.org/fhir/p"), entries.Terms);
        Assert.Contains(Hashing.Term("_profile", TermForm.Below, "http://hl7.org/fhir"), entries.Terms);
        Assert.Contains(Hashing.Term("_profile", TermForm.Below, "http://hl7.org"), entries.Terms);
        Assert.DoesNotContain(Hashing.Term("_profile", TermForm.Below, "http:"), entries.Terms);
    }

    [Theory]
    [InlineData(""" "deceasedBoolean":false """, "false")]
    [InlineData(""" "deceasedBoolean":true """, "true")]
    [InlineData(""" "deceasedDateTime":"2012" """, "true")]
    public void What_is_no_path_is_left_to_the_engine(string deceased, string code)
    {
        var entries = Extract($$"""{"resourceType":"Patient",{{deceased}}}""");
        Assert.Contains(Hashing.Term("deceased", TermForm.Code, code), entries.Terms);
    }

    [Theory]
    [InlineData("<div>Peter <b>James</b><br/>born&nbsp;1974 &amp; well</div>", "Peter James born\u00a01974 & well")]
    [InlineData("<div><!-- <p>hidden</p> -->seen</div>", "seen")]
    [InlineData("<div/>", "")]
    [InlineData("no tags", "no tags")]
    [InlineData("<div", "")]
    public void The_text_of_a_narrative(string xhtml, string text) => Assert.Equal(text, NarrativeText.Read(xhtml));

    [Fact]
    public void A_place_has_coordinates()
    {
        var entries = Extract("""{"resourceType":"Location","position":{"latitude":42.25,"longitude":-83.75}}""", "Location");
        Assert.Equal(42.25, Column("near_latitude", entries, "Location").Coordinate);
        Assert.Equal(-83.75, Column("near_longitude", entries, "Location").Coordinate);
    }

    [Fact]
    public void Threads_do_not_disturb_each_other()
    {
        var expected = Enumerable.Range(0, 50).Select(number => Quantity($"{number}", "mg").Terms).ToList();
        Parallel.For(0, 2_000, round => Assert.Equal(expected[round % 50], Quantity($"{round % 50}", "mg").Terms));
    }

    private static IndexEntries Quantity(string value, string unit) => Extract(
        $$"""
        {"resourceType":"Observation",
         "valueQuantity":{"value":{{value}},"unit":"{{unit}}","system":"http://unitsofmeasure.org","code":"{{unit}}"} }
        """);

    private static IndexEntries Extract(string json, string? type = null)
    {
        var resource = ResourceJsonReader.Read(Encoding.UTF8.GetBytes(json), Release.R4).Resource;
        Assert.NotNull(resource);
        if (type is not null) Assert.Equal(type, resource.Type.Name);
        return Extractor.Extract(resource);
    }

    private static ColumnValue Column(string name, IndexEntries entries, string type = "Observation")
    {
        var columns = SearchDefinitions.R4.LayoutOf(Release.R4.FindResourceType(type)!).Columns;
        return entries.Columns[columns.IndexOf(columns.Single(column => column.Name == name))];
    }

    private static string? Text(ColumnValue value) => value switch
    {
        { HasValue: false } => null,
        { Number: decimal.MinValue } => "min",
        { Number: decimal.MaxValue } => "max",
        _ => value.Number.ToString(System.Globalization.CultureInfo.InvariantCulture),
    };
}

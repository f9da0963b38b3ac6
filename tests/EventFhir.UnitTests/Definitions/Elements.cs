using EventFhir.Model.Definitions;

using Xunit;

namespace EventFhir.UnitTests.Definitions;

public sealed class Elements
{
    [Fact]
    public void A_choice_has_a_property_for_each_type()
    {
        var value = Element("Observation", "value");
        Assert.True(value.IsChoice);
        Assert.Equal(11, value.Types.Length);
        Assert.Equal(
            ["valueQuantity", "valueCodeableConcept", "valueString", "valueBoolean", "valueInteger", "valueRange", "valueRatio", "valueSampledData",
                "valueTime", "valueDateTime", "valuePeriod"],
            value.Properties.Select(property => property.Name));
        var property = Type("Observation").FindProperty("valueQuantity"u8)!;
        Assert.Same(value, property.Element);
        Assert.Equal("Quantity", property.Type.Type.Name);
        Assert.Null(Type("Observation").FindProperty("value"u8));
        Assert.Null(Type("Observation").FindProperty("valueAge"u8));
        Assert.Equal(50, Element("Extension", "value").Types.Length);
    }

    [Theory]
    [InlineData("Patient", "id", "id")]
    [InlineData("HumanName", "id", "string")]
    [InlineData("Patient.contact", "id", "string")]
    [InlineData("Extension", "url", "uri")]
    [InlineData("Narrative", "div", "xhtml")]
    [InlineData("DomainResource", "contained", "Resource")]
    [InlineData("Observation", "component", "Observation.component")]
    [InlineData("Observation.component", "referenceRange", "Observation.referenceRange")]
    [InlineData("Bundle.entry", "link", "Bundle.link")]
    [InlineData("Questionnaire.item", "item", "Questionnaire.item")]
    [InlineData("Parameters.parameter", "part", "Parameters.parameter")]
    [InlineData("Timing", "repeat", "Timing.repeat")]
    public void Types_of_elements(string type, string element, string expected) =>
        Assert.Equal(expected, Element(type, element).Types.Single().Type.Name);

    [Theory]
    [InlineData("Observation", "status", 1, 1)]
    [InlineData("Patient", "name", 0, ElementDefinition.Unbounded)]
    [InlineData("Extension", "url", 1, 1)]
    public void Cardinalities(string type, string element, int min, int max) =>
        Assert.Equal((min, max), (Element(type, element).Min, Element(type, element).Max));

    [Fact]
    public void Elements_are_in_the_order_of_the_specification()
    {
        Assert.Equal(
            ["id", "meta", "implicitRules", "language", "text", "contained", "extension", "modifierExtension", "identifier", "active", "name"],
            Type("Patient").Elements.Take(11).Select(element => element.Name));
        Assert.All(Type("Patient").Elements, (element, at) => Assert.Equal(at, element.Order));
        Assert.Equal(
            ["id", "extension", "modifierExtension", "relationship"],
            Type("Patient.contact").Elements.Take(4).Select(element => element.Name));
    }

    [Fact]
    public void Flags_come_along()
    {
        Assert.True(Element("Observation", "status") is { IsSummary: true, IsModifier: true });
        Assert.True(Element("Observation", "note") is { IsSummary: false, IsModifier: false });
        Assert.Equal(
            ["Element.id", "Extension.url"],
            Release.R4.Types.Where(type => type.Name is "Element" or "Extension")
                .SelectMany(type => type.Elements)
                .Where(element => element.IsXmlAttribute && element.Path != "Extension.id")
                .Select(element => element.Path));
    }

    [Fact]
    public void References_name_their_targets()
    {
        Assert.Equal(["Device", "Group", "Location", "Patient"], Targets("Observation", "subject"));
        Assert.Empty(Targets("Observation", "focus"));
        Assert.Equal(["ValueSet"], Targets("Questionnaire.item", "answerValueSet"));
    }

    [Fact]
    public void A_required_binding_has_its_codes()
    {
        var binding = Element("Patient.contact", "gender").Binding!;
        Assert.Equal((BindingStrength.Required, "http://hl7.org/fhir/ValueSet/administrative-gender"), (binding.Strength, binding.ValueSet));
        Assert.Equal(["male", "female", "other", "unknown"], binding.Codes!.Codes.Select(entry => entry.Code));
        Assert.Equal("http://hl7.org/fhir/administrative-gender", binding.Codes.SystemOf("female"u8));
        Assert.False(binding.Codes.Contains("Female"u8));
    }

    [Fact]
    public void Other_bindings_have_none()
    {
        Assert.True(Element("Observation", "interpretation").Binding is { Strength: BindingStrength.Extensible, Codes: null });
        Assert.True(Element("Observation", "code").Binding is { Strength: BindingStrength.Example, Codes: null });
        Assert.True(Element("Attachment", "contentType").Binding is { Strength: BindingStrength.Required, Codes: null });
    }

    [Fact]
    public void Only_four_required_value_sets_of_R4_cannot_be_enumerated()
    {
        var bindings = Release.R4.Types.SelectMany(type => type.Elements).Select(element => element.Binding).OfType<Binding>();
        Assert.Equal(
            ["http://hl7.org/fhir/ValueSet/currencies", "http://hl7.org/fhir/ValueSet/mimetypes", "http://hl7.org/fhir/ValueSet/ucum-units",
                "http://loinc.org/vs/LL379-9"],
            bindings.Where(binding => binding is { Strength: BindingStrength.Required, Codes: null }).Select(binding => binding.ValueSet).Distinct()
                .Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Rules_are_stated_once()
    {
        Assert.Equal(
            ["dom-2", "dom-3", "dom-4", "dom-5", "dom-6", "obs-6", "obs-7"],
            Keys(Type("Observation").Invariants).Order(StringComparer.Ordinal));
        Assert.Equal(["ele-1", "pat-1"], Keys(Type("Patient.contact").Invariants));
        Assert.Empty(Element("Patient", "contact").Invariants);
        Assert.Equal(["obs-3"], Keys(Type("Observation.referenceRange").Invariants).Except(["ele-1"]));
        Assert.Equal(["sqty-1"], Keys(Element("Range", "low").Invariants));
        Assert.Equal(["ele-1", "qty-3", "age-1"], Keys(Type("Age").Invariants));
        Assert.True(Type("Element").Invariants.Single().IsStructural);
    }

    [Fact]
    public void One_key_may_stand_for_different_rules()
    {
        Assert.StartsWith("lastModified", Type("Task").Invariants.Single(rule => rule.Key == "inv-1").Expression, StringComparison.Ordinal);
        Assert.StartsWith("(part", Type("Parameters.parameter").Invariants.Single(rule => rule.Key == "inv-1").Expression, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("R4")]
    [InlineData("R5")]
    public void Property_names_are_unique_in_a_type(string release)
    {
        foreach (var type in (release == "R4" ? Release.R4 : Release.R5).Types)
        {
            var properties = type.Elements.SelectMany(element => element.Properties).ToList();
            Assert.Equal(properties.Count, properties.Select(property => property.Name).Distinct().Count());
            Assert.All(properties, property => Assert.Same(property, type.FindProperty(System.Text.Encoding.UTF8.GetBytes(property.Name))));
        }
    }

    private static IEnumerable<string> Keys(IEnumerable<Invariant> rules) => rules.Select(rule => rule.Key);
    private static IEnumerable<string> Targets(string type, string element) =>
        Element(type, element).Types.Single().Targets.Select(target => target.Name);
    private static TypeDefinition Type(string name) => Release.R4.FindType(name)!;
    private static ElementDefinition Element(string type, string name) => Type(type).FindElement(name)!;
}

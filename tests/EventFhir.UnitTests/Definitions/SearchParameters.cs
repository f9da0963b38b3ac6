using EventFhir.Model.Definitions;

using Xunit;

namespace EventFhir.UnitTests.Definitions;

public sealed class SearchParameters
{
    private static readonly Release R4 = Release.R4;

    [Fact]
    public void R4_has_1387_parameters_and_the_13_others_are_corrections()
    {
        Assert.Equal(1_387, R4.SearchParameters.Select(parameter => parameter.Url).Distinct().Count());
        Assert.Equal(1_718, R4.SearchParameters.Length);
    }

    [Theory]
    [InlineData("Observation", "code", "Observation.code")]
    [InlineData("Observation", "patient", "Observation.subject.where(resolve() is Patient)")]
    [InlineData("Observation", "combo-code", "Observation.code | Observation.component.code")]
    [InlineData("MedicationRequest", "code", "(MedicationRequest.medication as CodeableConcept)")]
    [InlineData("Patient", "_id", "Resource.id")]
    [InlineData("Patient", "_text", "")]
    [InlineData("Patient", "deceased", "Patient.deceased.exists() and Patient.deceased != false")]
    public void A_parameter_has_the_branches_of_its_base(string type, string code, string expression) =>
        Assert.Equal(expression, Parameter(type, code).Expression);

    [Fact]
    public void Every_resource_type_has_its_own_parameters_and_those_of_all()
    {
        Assert.Contains(R4.SearchParametersOf(R4.FindType("Bundle")!), parameter => parameter.Code == "_lastUpdated");
        Assert.DoesNotContain(R4.SearchParametersOf(R4.FindType("Bundle")!), parameter => parameter.Code == "_text");
        Assert.All(R4.ResourceTypes, type => Assert.Equal(
            R4.SearchParametersOf(type).Length,
            R4.SearchParametersOf(type).Select(parameter => parameter.Code).Distinct().Count()));
    }

    [Theory]
    [InlineData("R4")]
    [InlineData("R5")]
    public void Composites_name_parameters_that_exist(string name)
    {
        var release = name == "R4" ? R4 : Release.R5;
        foreach (var parameter in release.SearchParameters)
        {
            Assert.Equal(parameter.Type is SearchParameterType.Composite, !parameter.Components.IsEmpty);
            foreach (var component in parameter.Components)
                Assert.True(release.FindSearchParameter(component.Definition) is not null, component.Definition);
        }
    }

    [Fact]
    public void Components_are_relative_to_the_composite() =>
        Assert.Equal(
            [
                new CompositeComponent("http://hl7.org/fhir/SearchParameter/clinical-code", "code"),
                new CompositeComponent("http://hl7.org/fhir/SearchParameter/Observation-value-quantity", "value.as(Quantity)"),
            ],
            Parameter("Observation", "code-value-quantity").Components);

    [Fact]
    public void References_name_their_targets() =>
        Assert.Equal(["Group", "Patient"], Parameter("Observation", "patient").Targets.Select(type => type.Name));

    [Fact]
    public void Five_compartments_say_what_is_in_them()
    {
        Assert.Equal(
            ["Device", "Encounter", "Patient", "Practitioner", "RelatedPerson"],
            R4.Compartments.Select(compartment => compartment.Type.Name));
        var patient = R4.Compartments.Single(compartment => compartment.Type.Name == "Patient");
        Assert.Equal(["subject", "performer"], Entry(patient, "Observation").Parameters);
        Assert.Equal(["_id", "link"], Entry(patient, "Patient").Parameters);
        Assert.DoesNotContain(patient.Entries, entry => entry.Type.Name == "Medication");
        foreach (var entry in R4.Compartments.SelectMany(compartment => compartment.Entries))
            Assert.Subset(R4.SearchParametersOf(entry.Type).Select(parameter => parameter.Code).ToHashSet(), entry.Parameters.ToHashSet());
    }

    [Fact]
    public void Operations_say_where_they_are_called()
    {
        Assert.Equal(46, R4.Operations.Length);
        var everything = R4.Operations.Single(operation => operation.Url == "http://hl7.org/fhir/OperationDefinition/Patient-everything");
        Assert.Equal(("everything", false, true, true, "Patient"),
            (everything.Code, everything.System, everything.Type, everything.Instance, everything.Resources.Single().Name));
    }

    private static SearchParameterDefinition Parameter(string type, string code) =>
        R4.SearchParametersOf(R4.FindType(type)!).Single(parameter => parameter.Code == code);

    private static CompartmentEntry Entry(CompartmentDefinition compartment, string type) =>
        compartment.Entries.Single(entry => entry.Type.Name == type);
}

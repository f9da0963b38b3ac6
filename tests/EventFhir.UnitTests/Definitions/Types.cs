using System.Diagnostics;

using EventFhir.Model.Definitions;

using Xunit;

namespace EventFhir.UnitTests.Definitions;

public sealed class Types(ITestOutputHelper output)
{
    private static readonly Release R4 = Release.R4;

    public static TheoryData<string> Releases => ["R4", "R5"];

    [Fact]
    public void R4_has_146_concrete_resource_types_and_two_abstract_ones()
    {
        Assert.Equal(146, R4.ResourceTypes.Length);
        Assert.Equal(
            ["DomainResource", "Resource"],
            R4.Types.Where(type => type is { IsResource: true, IsAbstract: true }).Select(type => type.Name));
        Assert.Equal("4.0.1", R4.FhirVersion);
    }

    [Fact]
    public void R4_has_every_data_type()
    {
        Assert.Equal(20, R4.Types.Count(type => type.IsPrimitive));
        Assert.Equal(41, R4.Types.Count(type => type.Kind is TypeKind.Complex));
        Assert.Equal(473, R4.Types.Count(type => type.Kind is TypeKind.Backbone));
    }

    [Fact]
    public void R5_loads_with_its_own_hierarchy()
    {
        var r5 = Release.R5;
        Assert.Equal(158, r5.ResourceTypes.Length);
        Assert.Equal("Base", Type(r5, "Resource").Base!.Name);
        Assert.Equal(PrimitiveKind.Integer64, Type(r5, "integer64").Primitive);
        Assert.True(Type(r5, "CodeableReference").Is(Type(r5, "DataType")));
        Assert.Equal("CodeableReference", Element(r5, "MedicationRequest", "medication").Types.Single().Type.Name);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public void Resource_types_are_in_alphabetical_order(string release)
    {
        var names = ReleaseOf(release).ResourceTypes.Select(type => type.Name).ToList();
        Assert.Equal(names.Order(StringComparer.Ordinal), names);
    }

    [Theory]
    [InlineData("Account", 1)]
    [InlineData("Observation", 96)]
    [InlineData("Patient", 103)]
    [InlineData("VisionPrescription", 146)]
    public void Numbers_never_change(string name, int number)
    {
        Assert.Equal(number, Type(R4, name).Number);
        Assert.Same(Type(R4, name), R4.TypeOfNumber(number));
    }

    [Fact]
    public void Releases_share_their_numbers()
    {
        foreach (var type in Release.R5.ResourceTypes)
            Assert.True(R4.FindResourceType(type.Name) is { } same ? same.Number == type.Number : type.Number > 146, type.Name);
    }

    [Theory]
    [InlineData("boolean", PrimitiveKind.Boolean)]
    [InlineData("base64Binary", PrimitiveKind.Base64Binary)]
    [InlineData("positiveInt", PrimitiveKind.PositiveInt)]
    [InlineData("xhtml", PrimitiveKind.Xhtml)]
    [InlineData("HumanName", PrimitiveKind.None)]
    public void Primitive_types_know_their_syntax(string name, PrimitiveKind kind) => Assert.Equal(kind, Type(R4, name).Primitive);

    [Theory]
    [MemberData(nameof(Releases))]
    public void Every_primitive_type_has_a_syntax(string release) =>
        Assert.DoesNotContain(ReleaseOf(release).Types, type => type.IsPrimitive != type.Primitive is not PrimitiveKind.None);

    [Fact]
    public void Abstract_and_unknown_types_are_not_resource_types()
    {
        Assert.Null(R4.FindResourceType("DomainResource"));
        Assert.Null(R4.FindResourceType("HumanName"));
        Assert.Null(R4.FindType("Patients"));
        Assert.Same(Type(R4, "Patient"), R4.FindType("Patient"u8));
    }

    [Fact]
    public void Types_inherit()
    {
        Assert.True(Type(R4, "Age").Is(Type(R4, "Quantity")));
        Assert.True(Type(R4, "markdown").Is(Type(R4, "string")));
        Assert.True(Type(R4, "Patient").Is(Type(R4, "Resource")));
        Assert.False(Type(R4, "Bundle").Is(Type(R4, "DomainResource")));
        Assert.Equal("Patient.id", Element(R4, "Patient", "id").Path);
    }

    [Fact]
    public void Loading_is_measured()
    {
        var clock = Stopwatch.StartNew();
        var release = ReleaseLoader.Load("R4");
        var elements = release.Types.Sum(type => type.Elements.Length);
        output.WriteLine($"{release.Types.Length} types, {elements} elements in {clock.Elapsed.TotalMilliseconds:0.0} ms");
        Assert.NotSame(Release.R4, release);
    }

    private static Release ReleaseOf(string name) => name == "R4" ? Release.R4 : Release.R5;
    private static TypeDefinition Type(Release release, string name) => release.FindType(name)!;
    private static ElementDefinition Element(Release release, string type, string name) => Type(release, type).FindElement(name)!;
}

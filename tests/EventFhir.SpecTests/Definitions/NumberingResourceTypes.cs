using EventFhir.Generator;

using Xunit;

namespace EventFhir.SpecTests.Definitions;

public sealed class NumberingResourceTypes
{
    private const string Register = """[{"number":1,"name":"A"},{"number":2,"name":"C"}]""";

    [Fact]
    public void New_types_come_last()
    {
        var numbers = new ResourceTypeNumbers(Register);
        numbers.Register([Resource("B"), Resource("A")]);
        Assert.Equal((1, 3, 2), (numbers.Of("A"), numbers.Of("B"), numbers.Of("C")));
    }

    [Fact]
    public void A_number_that_tables_have_used_cannot_change()
    {
        var numbers = new ResourceTypeNumbers(Register);
        numbers.RequireAgreement("T\tA\tresource\t\t1\t\t\n");
        Assert.Throws<InvalidDataException>(() => numbers.RequireAgreement("T\tC\tresource\t\t7\t\t\n"));
        Assert.Throws<InvalidDataException>(() => numbers.RequireAgreement("T\tGone\tresource\t\t3\t\t\n"));
    }

    [Theory]
    [InlineData("""[{"number":1,"name":"A"},{"number":1,"name":"B"}]""")]
    [InlineData("""[{"number":1,"name":"A"},{"number":2,"name":"A"}]""")]
    [InlineData("""[{"number":40000,"name":"A"}]""")]
    public void A_register_that_contradicts_itself_is_refused(string json) =>
        Assert.Throws<InvalidDataException>(() => new ResourceTypeNumbers(json));

    private static CuratedType Resource(string name) => new(name, "resource", Base: null, Abstract: false, Invariants: null);
}

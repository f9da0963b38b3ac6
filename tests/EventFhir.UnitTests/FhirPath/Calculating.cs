using System.Text;

using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.FhirPath;
using EventFhir.Model.Json;

using Xunit;

namespace EventFhir.UnitTests.FhirPath;

public sealed class Calculating
{
    private static readonly Element Patient = ResourceJsonReader.Read(
        """
        {"resourceType":"Patient","id":"p","contained":[{"resourceType":"Organization","id":"o","name":"Clinic"}],
         "managingOrganization":{"reference":"#o"},"active":true,"birthDate":"1974-12-25",
         "name":[{"family":"Chalmers","given":["Peter","James"]},{"given":["Jim"]}]}
        """u8.ToArray(), Release.R4).Resource!.Root;

    [Theory]
    [InlineData("1 + 2.5", "3.5")]
    [InlineData("7 div 2", "3")]
    [InlineData("-7 mod 3", "-1")]
    [InlineData("1 / 0", "")]
    [InlineData("2147483647 + 1", "")]
    [InlineData("79228162514264337593543950335.0 * 10.0", "")]
    [InlineData("1.10 + 0.0", "1.10")]
    [InlineData("'a' + {}", "")]
    [InlineData("'a' & {}", "a")]
    [InlineData("2.power(10)", "1024")]
    [InlineData("@2014-01-31 + 1 month", "2014-02-28")]
    [InlineData("@2014 + 24 months", "2016")]
    [InlineData("@2014 + 23 months", "2015")]
    [InlineData("@2014-02 + 45 days", "2014-03")]
    [InlineData("@T23:30 + 1 hour", "00:30")]
    [InlineData("@9999-12-31 + 1 day", "")]
    [InlineData("@2014-01-01T00:00:00Z - 1 second", "2013-12-31T23:59:59Z")]
    [InlineData("1 'kg' + 1 'g'", "1.001 'kg'")]
    [InlineData("1 'kg' + 1 'm'", "")]
    [InlineData("2 'm' * 3 'm'", "6 'm.m'")]
    [InlineData("1 year = 12 months", "true")]
    [InlineData("1 year = 1 'a'", "")]
    [InlineData("1 year ~ 1 'a'", "true")]
    [InlineData("1 week = 7 days", "true")]
    public void Arithmetic(string expression, string result) => Assert.Equal(result, Run(expression));

    [Theory]
    [InlineData("@2018 = @2018-01", "")]
    [InlineData("@2018 < @2019-01", "true")]
    [InlineData("@2018-03-01T10:30Z = @2018-03-01T12:30+02:00", "true")]
    [InlineData("@2018-03-01T10:30Z < @2018-03-03T10:30", "true")]
    [InlineData("@2018-03-01T10:30Z < @2018-03-01T11:30", "")]
    [InlineData("@2018-03-01T10:30 ~ @2018-03-01T10:30:00", "false")]
    [InlineData("@T10:30:00 = @T10:30:00.000", "true")]
    public void Precision_leaves_comparisons_open(string expression, string result) => Assert.Equal(result, Run(expression));

    [Theory]
    [InlineData("Patient.name.given", "Peter,James,Jim")]
    [InlineData("name.where(family.exists()).given.first()", "Peter")]
    [InlineData("Observation.name", "")]
    [InlineData("birthDate is date", "true")]
    [InlineData("birthDate < @1980", "true")]
    [InlineData("managingOrganization.resolve().name", "Clinic")]
    [InlineData("contained.where(%resource.managingOrganization.reference = '#' + id).exists()", "true")]
    [InlineData("name.select(given.count())", "2,1")]
    [InlineData("name.given.aggregate($total & $this, '')", "PeterJamesJim")]
    [InlineData("name.select($index)", "0,1")]
    [InlineData("name.given.defineVariable('n', count()).select($this & %n.toString())", "Peter3,James3,Jim3")]
    [InlineData("name.family.select(coalesce(%ext, 'x'))", "there is no variable")]
    [InlineData("iif(active, 'yes', 1/0)", "yes")]
    [InlineData("name.given.exclude('Jim' | 'James')", "Peter")]
    [InlineData("(1 | 2 | 2 | 3).count()", "3")]
    [InlineData("descendants().ofType(string).count()", "6")]
    [InlineData("name = name.skip(0)", "true")]
    [InlineData("name.repeat(given).count()", "3")]
    public void Paths_and_functions(string expression, string result) =>
        Assert.Equal(result, Run(expression.Replace("%ext,", "%none,", StringComparison.Ordinal)), ignoreCase: true);

    [Theory]
    [InlineData("name.single()")]
    [InlineData("name + 1")]
    [InlineData("'a' < 1")]
    [InlineData("'a'.matches('(?=b)')")]
    [InlineData("'a'.matches('(')")]
    [InlineData("now()")]
    [InlineData("valueString | deceasedBoolean")]
    [InlineData("nothing()")]
    [InlineData("where()")]
    [InlineData("is(Nothing)")]
    [InlineData("%nothing")]
    public void Faults_are_errors(string expression) => Assert.NotNull(Evaluate(expression, 1_000_000).Error);

    [Theory]
    [InlineData("'a'.repeatAll($this + 'a')")]
    [InlineData("descendants().select(%resource.descendants().select(%resource.descendants().select(%resource.descendants())))")]
    [InlineData("(1|2|3|4|5|6|7|8|9|0).aggregate($total & $total & $total & $total & $total & $total & $total & $total, 'aaaaaaaaaaaaaaaaaaaaaaaa')")]
    public void Endless_work_is_stopped(string expression) =>
        Assert.Equal(FhirPathErrorKind.Limit, Evaluate(expression, 20_000).Error?.Kind);

    [Fact]
    public void A_pattern_that_explodes_elsewhere_takes_linear_time() =>
        Assert.Equal("false", Run("'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.matches('^(a+)+$')"));

    [Fact]
    public void A_condition_holds_only_if_it_is_true()
    {
        Assert.True(IsTrue("active"));
        Assert.True(IsTrue("name.exists() and birthDate < @2000"));
        Assert.False(IsTrue("active.not()"));
        Assert.False(IsTrue("gender = 'male'"));
    }

    [Fact]
    public void Traces_reach_their_sink()
    {
        var seen = new List<string>();
        var context = new EvaluationContext { Trace = (name, values) => seen.Add($"{name}:{string.Join(',', values)}") };
        FhirPathExpression.Compile("name.trace('given', given).count()", Release.R4).Evaluate(Patient, context);
        Assert.Equal(["given:Peter,James,Jim"], seen);
    }

    private static bool IsTrue(string expression) => FhirPathExpression.Compile(expression, Release.R4).IsTrue(Patient, EvaluationContext.Default);

    private static string Run(string expression)
    {
        var (values, error) = Evaluate(expression, 1_000_000);
        return error is null ? string.Join(',', values) : new StringBuilder(error.Message[..20]).ToString();
    }

    private static FhirPathOutcome Evaluate(string expression, int stepsMax) =>
        FhirPathExpression.TryCompile(expression, Release.R4, out var compiled, out var error)
            ? compiled.Evaluate(Patient, new EvaluationContext { StepsMax = stepsMax })
            : new FhirPathOutcome([], error);
}

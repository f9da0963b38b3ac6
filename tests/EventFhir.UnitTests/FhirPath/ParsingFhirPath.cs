using EventFhir.Model.FhirPath;

using Xunit;

namespace EventFhir.UnitTests.FhirPath;

public sealed class ParsingFhirPath
{
    [Theory]
    [InlineData("1 + 2 * 3", "(1 Add (2 Multiply 3))")]
    [InlineData("1 - 2 - 3", "((1 Subtract 2) Subtract 3)")]
    [InlineData("a or b and c", "(a Or (b And c))")]
    [InlineData("a implies b or c", "(a Implies (b Or c))")]
    [InlineData("a in b and c contains d", "((a In b) And (c Contains d))")]
    [InlineData("a | b = c | d", "((a Union b) Equal (c Union d))")]
    [InlineData("1 > 2 is Boolean", "(1 Greater (2 Is Boolean))")]
    [InlineData("a < b = c >= d", "((a Less b) Equal (c GreaterOrEqual d))")]
    [InlineData("a & b + c", "((a Concatenate b) Add c)")]
    [InlineData("5 div 2 mod 3", "((5 IntegerDivide 2) Modulo 3)")]
    [InlineData("-1.abs()", "-1.abs()")]
    [InlineData("(-1).abs()", "(-1).abs()")]
    [InlineData("(a as FHIR.Quantity).unit", "(a As FHIR.Quantity).unit")]
    [InlineData("a[0].b", "a[0].b")]
    [InlineData("expansion.contains.where(contains.in)", "expansion.contains.where(contains.in)")]
    [InlineData("%`vs-x` | %resource", "(%vs-x Union %resource)")]
    [InlineData("$this.a + $index", "($this.a Add $index)")]
    [InlineData("4 days + 3 'mg'", "(4 days Add 3 'mg')")]
    [InlineData("@2015T.is(DateTime)", "2015.is(DateTime)")]
    [InlineData("@2014-01-01T08:05:01.25+08:00", "2014-01-01T08:05:01.25+08:00")]
    [InlineData("@T10:30", "10:30")]
    [InlineData("{}.not() // the end", "{}.not()")]
    [InlineData("iif(a, /* b */ 1.0, 'x')", "iif(a,1.0,x)")]
    public void Precedence_and_terms(string expression, string shape)
    {
        Assert.True(FhirPathSyntax.TryParse(expression, out var node, out _));
        Assert.Equal(shape, Shape(node));
    }

    [Theory]
    [InlineData("2 + 2 /", 7)]
    [InlineData("2 + 2 /* open", 6)]
    [InlineData("'open", 0)]
    [InlineData("a..b", 2)]
    [InlineData("a b", 2)]
    [InlineData("a.where(b", 9)]
    [InlineData("a.where(b,)", 10)]
    [InlineData("a[1", 3)]
    [InlineData("@T14:34:28Z", 10)]
    [InlineData("$that", 0)]
    [InlineData("3000000000", 0)]
    [InlineData("#", 0)]
    [InlineData("", 0)]
    public void Faulty_text_is_refused_at_its_place(string expression, int position)
    {
        Assert.False(FhirPathSyntax.TryParse(expression, out _, out var error));
        Assert.Equal((FhirPathErrorKind.Syntax, position), (error.Kind, error.Position));
    }

    [Theory]
    [InlineData("(", 200)]
    [InlineData("-", 200)]
    [InlineData("a.", 100_000)]
    [InlineData("a+", 10_000)]
    public void Depth_and_length_are_limited(string part, int times) =>
        Assert.False(FhirPathSyntax.TryParse(string.Concat(Enumerable.Repeat(part, times)) + "a", out _, out _));

    private static string Shape(FhirPathNode node) => node switch
    {
        FhirPathNode.Literal literal => literal.Value.ToString(),
        FhirPathNode.Empty => "{}",
        FhirPathNode.Member member => Step(member.Source) + member.Name,
        FhirPathNode.Call call => $"{Step(call.Source)}{call.Name}({string.Join(',', call.Arguments.Select(Shape))})",
        FhirPathNode.Indexer indexer => $"{Shape(indexer.Source)}[{Shape(indexer.At)}]",
        FhirPathNode.Negate negate => "-" + Shape(negate.Operand),
        FhirPathNode.Binary binary => $"({Shape(binary.Left)} {binary.Operator} {Shape(binary.Right)})",
        FhirPathNode.Typed typed => $"({Shape(typed.Operand)} {typed.Test} {typed.Type})",
        FhirPathNode.Variable variable => "%" + variable.Name,
        FhirPathNode.This => "$this",
        FhirPathNode.Place => "$index",
        _ => "$total",
    };

    private static string Step(FhirPathNode? source) => source switch
    {
        null => "",
        FhirPathNode.Negate => $"({Shape(source)}).",
        _ => Shape(source) + ".",
    };
}

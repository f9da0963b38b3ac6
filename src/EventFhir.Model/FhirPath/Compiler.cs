using EventFhir.Model.Definitions;
using EventFhir.Model.FhirPath.Functions;
using EventFhir.Model.FhirPath.Operations;

namespace EventFhir.Model.FhirPath;

/// <summary>Turns a syntax tree into operations: names, types, functions and constants are resolved here, once.</summary>
internal sealed class Compiler(Release release)
{
    private const string ExtensionUrls = "http://hl7.org/fhir/StructureDefinition/";
    private const string ValueSetUrls = "http://hl7.org/fhir/ValueSet/";
    private static readonly string[] Lambdas = ["where", "select", "exists", "all", "repeat", "repeatAll", "aggregate", "iif", "sort", "trace"];
    private readonly ElementNames names = ElementNames.Of(release);

    /// <summary>What a path without a source starts from: the context item, or the whole input within defineVariable().</summary>
    private Operation focus = new ThisItem();

    public Operation Compile(FhirPathNode node) => node switch
    {
        FhirPathNode.Literal literal => new Constant(literal.Value),
        FhirPathNode.Empty => new Nothing(),
        FhirPathNode.This => new ThisItem(),
        FhirPathNode.Place => new ThisIndex(),
        FhirPathNode.Total => new ThisTotal(),
        FhirPathNode.Member member => Step(member),
        FhirPathNode.Call call => Call(call),
        FhirPathNode.Indexer indexer => new IndexStep(Compile(indexer.Source), Compile(indexer.At)),
        FhirPathNode.Negate negate => new Negation(Compile(negate.Operand)),
        FhirPathNode.Binary binary => Binary(binary),
        FhirPathNode.Typed typed => Typed(typed),
        FhirPathNode.Variable variable => Variable(variable),
        _ => throw new InvalidOperationException($"No operation is defined for {node.GetType().Name}."),
    };

    private Operation Step(FhirPathNode.Member member)
    {
        // Element names start with a small letter, so a capital one at the start of a path can only be a type.
        if (member.Source is null && char.IsAsciiLetterUpper(member.Name[0]) && release.FindType(member.Name) is { } type) return new TypeStart(type);
        var source = member.Source is null ? focus : Compile(member.Source);
        return names.IsChoiceName(member.Name)
            ? new ChoiceNameStep(source, member.Name, member.Position)
            : new ChildStep(source, names.Canonical(member.Name));
    }

    private Operation Call(FhirPathNode.Call call)
    {
        var function = Function.Find(call.Name) ?? throw FhirPathException.Semantic($"There is no function {call.Name}().", call.Position);
        if (call.Arguments.Length < function.ArgumentsMin || call.Arguments.Length > function.ArgumentsMax)
            throw FhirPathException.Semantic($"{call.Name}() does not take {call.Arguments.Length} arguments.", call.Position);
        var source = call.Source is null ? focus : Compile(call.Source);
        // The argument of is, as and ofType is a name, which the function reads from the tree.
        var arguments = call.Name is "is" or "as" or "ofType" ? [] : call.Arguments.Select(argument => Argument(call.Name, argument)).ToArray();
        return function.Build(new FunctionCall(call, source, arguments, release));
    }

    private Operation Argument(string function, FhirPathNode argument)
    {
        var outer = focus;
        if (function == "defineVariable") focus = new DefinedInput();
        else if (Lambdas.Contains(function)) focus = new ThisItem();
        var operation = Compile(argument);
        focus = outer;
        return operation;
    }

    private Operation Typed(FhirPathNode.Typed typed)
    {
        var type = ResolvedType.Of(typed.Type, release) ?? throw FhirPathException.Semantic($"There is no type {typed.Type}.", typed.Position);
        var operand = Compile(typed.Operand);
        return typed.Test is TypeTest.Is ? new IsType(operand, type) : new OfType(operand, type);
    }

    private Operation Binary(FhirPathNode.Binary node)
    {
        var (left, right) = (Compile(node.Left), Compile(node.Right));
        return node.Operator switch
        {
            FhirPathOperator.And => new And(left, right),
            FhirPathOperator.Or => new Or(left, right),
            FhirPathOperator.Xor => new Xor(left, right),
            FhirPathOperator.Implies => new Implies(left, right),
            FhirPathOperator.Equal => Equal(left, right, Polarity.Same),
            FhirPathOperator.NotEqual => Equal(left, right, Polarity.Different),
            FhirPathOperator.Equivalent => new EquivalentTo(left, right, Polarity.Same),
            FhirPathOperator.NotEquivalent => new EquivalentTo(left, right, Polarity.Different),
            FhirPathOperator.In => new Membership(left, right),
            FhirPathOperator.Contains => new Membership(right, left),
            FhirPathOperator.Union => new Union(left, right),
            FhirPathOperator.Concatenate => new Concatenation(left, right),
            FhirPathOperator.Less or FhirPathOperator.LessOrEqual or FhirPathOperator.Greater or FhirPathOperator.GreaterOrEqual =>
                new Ordered(left, right, node.Operator),
            _ => new Arithmetic(left, right, node.Operator),
        };
    }

    private static Operation Equal(Operation left, Operation right, Polarity polarity) =>
        right is Constant { Value: { Kind: FhirPathKind.String } text }
            ? new EqualToText(left, text.Text, polarity)
            : new EqualTo(left, right, polarity);

    private static Operation Variable(FhirPathNode.Variable variable) => variable.Name switch
    {
        "context" => new ContextItem(),
        "resource" => SurroundingResource.Nearest(),
        "rootResource" => SurroundingResource.Outermost(),
        "sct" => new Constant(FhirPathValue.Of("http://snomed.info/sct")),
        "loinc" => new Constant(FhirPathValue.Of("http://loinc.org")),
        "ucum" => new Constant(FhirPathValue.Of("http://unitsofmeasure.org")),
        _ when variable.Name.StartsWith("vs-", StringComparison.Ordinal) => new Constant(FhirPathValue.Of(ValueSetUrls + variable.Name[3..])),
        _ when variable.Name.StartsWith("ext-", StringComparison.Ordinal) => new Constant(FhirPathValue.Of(ExtensionUrls + variable.Name[4..])),
        _ => new NamedVariable(variable.Name, variable.Position),
    };
}

using System.Collections.Frozen;

using EventFhir.Model.Definitions;
using EventFhir.Model.FhirPath.Operations;

namespace EventFhir.Model.FhirPath.Functions;

/// <summary>A call that is being compiled. Source is the context item where the call stands at the start of a path.</summary>
internal sealed record FunctionCall(FhirPathNode.Call Node, Operation Source, Operation[] Arguments, Release Release)
{
    public Operation? Argument(int at) => at < Arguments.Length ? Arguments[at] : null;
}

/// <summary>Answers for one System value or element; none stands for empty.</summary>
internal delegate FhirPathValue ScalarBody(FhirPathValue input, FhirPathValue[] arguments);

/// <summary>Finds its input on the stack above the height and leaves its result there.</summary>
internal delegate void CollectionBody(Evaluation evaluation, int start, Operation[] arguments);

/// <summary>A row of the function library: name, number of arguments, and what a call becomes.</summary>
internal sealed record Function(string Name, int ArgumentsMin, int ArgumentsMax, Func<FunctionCall, Operation> Build)
{
    private static readonly FrozenDictionary<string, Function> ByName = new[]
    {
        Existence.Functions, Filtering.Functions, Texts.Functions, TextCoding.Functions, Mathematics.Functions,
        Conversions.Functions, Boundaries.Functions, Dates.Functions, FhirFunctions.Functions,
    }.SelectMany(family => family).ToFrozenDictionary(function => function.Name);

    public static Function? Find(string name) => ByName.GetValueOrDefault(name);

    /// <summary>A function of one item. No item, or an argument without one, gives empty; several items are an error.</summary>
    public static Function Scalar(string name, int argumentsMin, int argumentsMax, ScalarBody body) =>
        new(name, argumentsMin, argumentsMax, call => new ScalarCall(call.Source, call.Arguments, body));

    public static Function Collection(string name, int argumentsMin, int argumentsMax, CollectionBody body) =>
        new(name, argumentsMin, argumentsMax, call => new CollectionCall(call.Source, call.Arguments, body));
}

internal sealed class ScalarCall(Operation source, Operation[] arguments, ScalarBody body) : Operation
{
    public override void Run(Evaluation evaluation)
    {
        var input = source.OneSystem(evaluation);
        if (input.IsNone) return;
        var values = arguments.Length == 0 ? [] : new FhirPathValue[arguments.Length];
        for (var at = 0; at < values.Length; at++)
        {
            values[at] = arguments[at].OneSystem(evaluation);
            if (values[at].IsNone) return;
        }
        var result = body(input, values);
        if (result.Kind is FhirPathKind.String) evaluation.Push(result.Text);
        else if (!result.IsNone) evaluation.Push(result);
    }
}

internal sealed class CollectionCall(Operation source, Operation[] arguments, CollectionBody body) : Operation
{
    public override void Run(Evaluation evaluation)
    {
        var start = evaluation.Count;
        source.Run(evaluation);
        body(evaluation, start, arguments);
    }
}

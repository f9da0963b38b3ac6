using System.Text;

using EventFhir.Model.Elements;
using EventFhir.Model.FhirPath.Operations;

namespace EventFhir.Model.FhirPath.Functions;

/// <summary>The functions that FHIR adds (R4 fhirpath.html#functions), and those of types.</summary>
internal static class FhirFunctions
{
    private const string CoreDefinitions = "http://hl7.org/fhir/StructureDefinition/";

    public static Function[] Functions { get; } =
    [
        new("is", 1, 1, call => new IsType(call.Source, TypeArgument(call))),
        new("as", 1, 1, call => new OfType(call.Source, TypeArgument(call))),
        new("ofType", 1, 1, call => new OfType(call.Source, TypeArgument(call))),
        new("extension", 1, 1, call => new ExtensionStep(call.Source, call.Arguments[0])),
        new("hasExtension", 1, 1, call => new Exists(new ExtensionStep(call.Source, call.Arguments[0]))),
        new("hasValue", 0, 0, call => new HasValue(call.Source)),
        Function.Collection("getValue", 0, 0, GetValue),
        Function.Collection("type", 0, 0, TypeOf),
        Function.Collection("resolve", 0, 0, References.Resolve),
        Function.Collection("memberOf", 1, 1, CodeMembership.MemberOf),
        Function.Collection("subsumes", 1, 1, (evaluation, start, arguments) => Subsumes(evaluation, start, arguments[0], Order.InputFirst)),
        Function.Collection("subsumedBy", 1, 1, (evaluation, start, arguments) => Subsumes(evaluation, start, arguments[0], Order.ArgumentFirst)),
        Function.Collection("conformsTo", 1, 1, ConformsTo),
        Function.Collection("htmlChecks", 0, 0, Narratives.Check),
    ];

    private enum Order { InputFirst, ArgumentFirst }

    private static ResolvedType TypeArgument(FunctionCall call)
    {
        var specifier = call.Node.Arguments[0] switch
        {
            FhirPathNode.Member { Source: null } name => new TypeSpecifier(null, name.Name),
            FhirPathNode.Member { Source: FhirPathNode.Member { Source: null } space } name => new TypeSpecifier(space.Name, name.Name),
            _ => throw FhirPathException.Semantic($"{call.Node.Name}() needs the name of a type.", call.Node.Position),
        };
        return ResolvedType.Of(specifier, call.Release)
            ?? throw FhirPathException.Semantic($"There is no type {specifier}.", call.Node.Position);
    }

    /// <summary>The System value of a single primitive.</summary>
    private static void GetValue(Evaluation evaluation, int start, Operation[] arguments)
    {
        if (evaluation.Count - start != 1) evaluation.Truncate(start);
        else if (SystemValues.ToSystem(evaluation.TakeOne(start)) is { IsNone: false, IsElement: false } value) evaluation.Push(value);
    }

    private static void TypeOf(Evaluation evaluation, int start, Operation[] arguments)
    {
        for (var at = start; at < evaluation.Count; at++) evaluation[at] = FhirPathValue.Of(evaluation[at].TypeInfo);
    }

    private static void Subsumes(Evaluation evaluation, int start, Operation argument, Order order)
    {
        var (input, other) = (evaluation.TakeOne(start), argument.One(evaluation));
        if (input.IsNone || other.IsNone || evaluation.Context.Subsumes is not { } test) return;
        var answer = order is Order.InputFirst ? test(input, other) : test(other, input);
        if (answer is { } known) evaluation.Push(FhirPathValue.Of(known));
    }

    /// <summary>Types of the specification are known here; for profiles the caller is asked.</summary>
    private static void ConformsTo(Evaluation evaluation, int start, Operation[] arguments)
    {
        var (value, url) = (evaluation.TakeOne(start), arguments[0].OneSystem(evaluation));
        if (!value.IsElement || url.IsNone) return;
        var profile = Texts.TextOf(url);
        var type = profile.StartsWith(CoreDefinitions, StringComparison.Ordinal)
            ? evaluation.Release.FindType(profile[CoreDefinitions.Length..])
            : null;
        var answer = type is not null ? value.Element.Type.Is(type) : evaluation.Context.ConformsTo?.Invoke(value.Element, profile);
        evaluation.Push(FhirPathValue.Of(answer ?? throw FhirPathException.Execution("The profile is not known.")));
    }
}

/// <summary>extension(url): the extensions with that URL. Compares bytes when the URL is a literal.</summary>
internal sealed class ExtensionStep(Operation source, Operation url) : Operation
{
    private readonly byte[]? literal = url is Constant { Value: { Kind: FhirPathKind.String } value } ? Encoding.UTF8.GetBytes(value.Text) : null;

    public override void Run(Evaluation evaluation)
    {
        var start = evaluation.Count;
        source.Run(evaluation);
        var end = evaluation.Count;
        var wanted = literal;
        if (wanted is null)
        {
            var value = url.OneSystem(evaluation);
            if (value.Kind is FhirPathKind.String) wanted = Encoding.UTF8.GetBytes(value.Text);
        }
        for (var at = start; wanted is not null && at < end; at++)
            if (evaluation[at].IsElement) PushExtensions(evaluation, evaluation[at].Element, wanted);
        evaluation.Drop(start, end);
    }

    private static void PushExtensions(Evaluation evaluation, Element element, byte[] wanted)
    {
        foreach (var extension in element.ChildrenNamed("extension"))
            if (extension.FirstChild("url") is { } own && own.ValueEquals(wanted)) evaluation.Push(FhirPathValue.Of(extension));
    }
}

/// <summary>hasValue(): a single primitive with a value, and not only with extensions.</summary>
internal sealed class HasValue(Operation source) : Condition
{
    public override Truth Test(Evaluation evaluation)
    {
        var start = evaluation.Count;
        source.Run(evaluation);
        var answer = evaluation.Count - start == 1 && evaluation[start] is var value && (!value.IsElement || value.Element.HasValue);
        evaluation.Truncate(start);
        return Of(answer);
    }
}

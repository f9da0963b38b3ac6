using System.Diagnostics.CodeAnalysis;

using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.FhirPath.Operations;

namespace EventFhir.Model.FhirPath;

/// <summary>A FHIRPath expression (N1 and what R5 uses beyond it), compiled for a release. Immutable; serves all threads.</summary>
public sealed class FhirPathExpression
{
    private readonly Operation operation;

    private FhirPathExpression(string text, FhirPathNode ast, Operation operation) => (Text, Ast, this.operation) = (text, ast, operation);

    public string Text { get; }
    public FhirPathNode Ast { get; }

    /// <summary>For expressions that others send.</summary>
    public static bool TryCompile(
        string expression, Release release, [NotNullWhen(true)] out FhirPathExpression? compiled, [NotNullWhen(false)] out FhirPathError? error)
    {
        try
        {
            var ast = Parser.Parse(expression);
            (compiled, error) = (new FhirPathExpression(expression, ast, new Compiler(release).Compile(ast)), null);
            return true;
        }
        catch (FhirPathException exception)
        {
            (compiled, error) = (null, exception.Error);
            return false;
        }
    }

    /// <summary>
    /// As <see cref="TryCompile"/>, and refuses also what can be seen to be wrong for a context item of this type: unknown elements, for one.
    /// </summary>
    public static bool TryCompileStrictly(
        string expression,
        TypeDefinition context,
        Release release,
        [NotNullWhen(true)] out FhirPathExpression? compiled,
        [NotNullWhen(false)] out FhirPathError? error)
    {
        if (!TryCompile(expression, release, out compiled, out error)) return false;
        error = new StaticTypes(release, context).Check(compiled.Ast);
        return error is null;
    }

    /// <summary>For expressions of the program and of the specification; a faulty one is a bug.</summary>
    public static FhirPathExpression Compile(string expression, Release release) =>
        TryCompile(expression, release, out var compiled, out var error)
            ? compiled
            : throw new InvalidOperationException($"The FHIRPath expression \"{expression}\" is faulty: {error}");

    public FhirPathOutcome Evaluate(Element focus, EvaluationContext context)
    {
        var evaluation = Evaluation.Begin(focus, context);
        try
        {
            operation.Run(evaluation);
            return new FhirPathOutcome(evaluation.Copy(0), null);
        }
        catch (FhirPathException exception)
        {
            return new FhirPathOutcome([], exception.Error);
        }
        finally
        {
            evaluation.End();
        }
    }

    /// <summary>True if the result is the single item true; what a constraint must be (R4 conformance-rules.html#constraints).</summary>
    public bool IsTrue(Element focus, EvaluationContext context) => IsTrue(focus, context, out _);

    /// <param name="error">Why the answer could not be found; the answer is false then.</param>
    public bool IsTrue(Element focus, EvaluationContext context, out FhirPathError? error)
    {
        var evaluation = Evaluation.Begin(focus, context);
        error = null;
        try
        {
            return operation.Test(evaluation) is Truth.True;
        }
        catch (FhirPathException exception)
        {
            error = exception.Error;
            return false;
        }
        finally
        {
            evaluation.End();
        }
    }

    public override string ToString() => Text;
}

/// <summary>The result of an evaluation: items, or why there are none.</summary>
public readonly record struct FhirPathOutcome(IReadOnlyList<FhirPathValue> Values, FhirPathError? Error);

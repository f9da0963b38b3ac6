namespace EventFhir.Model.FhirPath;

/// <summary>When an expression failed: while it was parsed, when names and types were resolved, while it ran, or because it ran too long.</summary>
public enum FhirPathErrorKind { Syntax, Semantic, Execution, Limit }

/// <param name="Position">0-based offset in the expression, in characters; 0 where there is none.</param>
public sealed record FhirPathError(FhirPathErrorKind Kind, string Message, int Position)
{
    public override string ToString() => $"{Message} (at {Position})";
}

/// <summary>Carries an error out of a deep evaluation to the entry points of <see cref="FhirPathExpression"/>, which turn it into a value.</summary>
internal sealed class FhirPathException(FhirPathError error) : Exception(error.Message)
{
    public FhirPathError Error { get; } = error;

    public static FhirPathException Syntax(string message, int position) => new(new(FhirPathErrorKind.Syntax, message, position));
    public static FhirPathException Semantic(string message, int position) => new(new(FhirPathErrorKind.Semantic, message, position));
    public static FhirPathException Execution(string message) => new(new(FhirPathErrorKind.Execution, message, 0));
    public static FhirPathException Limit(string message) => new(new(FhirPathErrorKind.Limit, message, 0));
}

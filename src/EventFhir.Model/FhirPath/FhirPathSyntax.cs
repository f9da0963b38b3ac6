using System.Diagnostics.CodeAnalysis;

namespace EventFhir.Model.FhirPath;

/// <summary>From text to syntax tree.</summary>
public static class FhirPathSyntax
{
    public static bool TryParse(string expression, [NotNullWhen(true)] out FhirPathNode? node, [NotNullWhen(false)] out FhirPathError? error)
    {
        try
        {
            (node, error) = (Parser.Parse(expression), null);
            return true;
        }
        catch (FhirPathException exception)
        {
            (node, error) = (null, exception.Error);
            return false;
        }
    }
}

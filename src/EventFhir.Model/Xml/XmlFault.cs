namespace EventFhir.Model.Xml;

/// <summary>
/// XML that is no FHIR at all. Carries the place out of the recursion; <see cref="ResourceXmlReader"/> makes it an issue.
/// </summary>
internal sealed class XmlFault(string message, string expression, int line, int column) : Exception(message)
{
    /// <summary>The FHIRPath location of the element; empty outside the root.</summary>
    public string Expression { get; } = expression;
    public int Line { get; } = line;
    public int Column { get; } = column;
}

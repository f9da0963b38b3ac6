using System.Xml;
using System.Xml.Linq;

using EventFhir.Model.Definitions;
using EventFhir.Model.Json;
using EventFhir.Model.Validation;

namespace EventFhir.Model.Xml;

/// <summary>
/// Reads a resource from XML (R4 xml.html). The XML is turned into the JSON that says the same, guided by the definitions, and that is read: so one
/// reader checks both formats, and a resource is always JSON. Document types are refused, and with them entities.
/// </summary>
public static class ResourceXmlReader
{
    private const long CharactersMax = 1L << 29;

    private static readonly XmlReaderSettings Settings = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        MaxCharactersInDocument = CharactersMax,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
    };

    public static ReadResult Read(ReadOnlyMemory<byte> xml, Release release)
    {
        try
        {
            using var reader = XmlReader.Create(new MemoryStream(xml.ToArray(), writable: false), Settings);
            var root = XDocument.Load(reader, LoadOptions.SetLineInfo | LoadOptions.PreserveWhitespace).Root!;
            var result = ResourceJsonReader.Read(JsonFromXml.Convert(root, release), release);
            // Places in the JSON between mean nothing to the sender; the expression of an issue does.
            return result with { Issues = [.. result.Issues.Select(issue => issue with { Line = 0, Column = 0 })] };
        }
        catch (XmlException exception)
        {
            return NotFhir("This is not well-formed XML, or it has a document type, which is not allowed.", exception.LineNumber,
                exception.LinePosition);
        }
        catch (XmlStructureException exception)
        {
            return NotFhir(exception.Message, exception.Line, exception.Column);
        }
    }

    private static ReadResult NotFhir(string diagnostics, int line, int column) =>
        new(null, [new Issue(IssueSeverity.Fatal, "structure", diagnostics, "", line, column)], ReadVerdict.NotFhir);
}

/// <summary>
/// XML that cannot be put as JSON at all. Carries the place out of the recursion; <see cref="ResourceXmlReader"/> makes it an issue.
/// </summary>
internal sealed class XmlStructureException(string message, XElement at) : Exception(message)
{
    public int Line { get; } = ((IXmlLineInfo)at).LineNumber;
    public int Column { get; } = ((IXmlLineInfo)at).LinePosition;
}

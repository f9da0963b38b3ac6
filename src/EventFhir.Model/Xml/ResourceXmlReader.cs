using System.Collections.Immutable;
using System.Text;
using System.Xml;

using EventFhir.Model.Definitions;
using EventFhir.Model.Json;
using EventFhir.Model.Validation;

namespace EventFhir.Model.Xml;

/// <summary>XML put as JSON.</summary>
/// <param name="Json">A resource on one line, for <see cref="ResourceJsonReader"/> to check; empty if the XML is no FHIR.</param>
/// <param name="Issues">What is wrong with the XML and does not show in the JSON; empty if nothing is.</param>
public sealed record XmlAsJson(ReadOnlyMemory<byte> Json, XmlPlaces Places, ImmutableArray<Issue> Issues);

/// <summary>
/// Reads a resource from XML (R4 xml.html). The XML is turned into the JSON that says the same, guided by the definitions, and that is read: so one
/// reader checks both formats, and a resource is always JSON. Document types are refused, and with them entities.
/// </summary>
public static class ResourceXmlReader
{
    private const string NotWellFormed = "This is not well-formed XML.";
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly XmlReaderSettings Settings = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
    };

    public static ReadResult Read(ReadOnlyMemory<byte> xml, Release release)
    {
        var (json, places, issues) = Translate(xml, release);
        if (json.IsEmpty) return new ReadResult(null, issues, ReadVerdict.NotFhir);
        var read = ResourceJsonReader.Read(json, release);
        // JSON that is made here can only nest too deeply to be no FHIR.
        issues = [.. issues.Concat(read.Issues.Select(places.Translate)).Take(Limits.IssuesMax)];
        return new ReadResult(read.Resource, issues, issues.IsEmpty || read.Verdict is ReadVerdict.NotFhir ? read.Verdict : ReadVerdict.Invalid);
    }

    /// <summary>The JSON that says the same. It is still to be read, and so checked.</summary>
    public static XmlAsJson Translate(ReadOnlyMemory<byte> xml, Release release)
    {
        string text;
        try
        {
            text = StrictUtf8.GetString(xml.Span.StartsWith("\uFEFF"u8) ? xml.Span["\uFEFF"u8.Length..] : xml.Span);
        }
        catch (DecoderFallbackException)
        {
            return NoFhir("The text is not valid UTF-8.", "", 0, 0);
        }
        try
        {
            using var reader = XmlReader.Create(new StringReader(text), Settings);
            var tree = new XmlTreeReader(reader, text, release);
            using var conversion = new JsonFromXml(tree.Read(), xml.Length);
            var (json, places, issues) = conversion.Convert();
            return new XmlAsJson(json, places, [.. tree.Issues, .. issues]);
        }
        catch (XmlException exception)
        {
            return exception.LineNumber > 0 ? NoFhir(NotWellFormed, "", exception.LineNumber, exception.LinePosition) : DocumentType(text);
        }
        catch (XmlFault fault)
        {
            return NoFhir(fault.Message, fault.Expression, fault.Line, fault.Column);
        }
    }

    /// <summary>The one fault whose place the reader does not tell.</summary>
    private static XmlAsJson DocumentType(string text)
    {
        var before = text.AsSpan(0, Math.Max(0, text.IndexOf("<!DOCTYPE", StringComparison.Ordinal)));
        return NoFhir("A document type is not allowed.", "", before.Count('\n') + 1, before.Length - before.LastIndexOf('\n'));
    }

    private static XmlAsJson NoFhir(string diagnostics, string expression, int line, int column) =>
        new(default, new XmlPlaces(), [new Issue(IssueSeverity.Fatal, "structure", diagnostics, expression, line, column)]);
}

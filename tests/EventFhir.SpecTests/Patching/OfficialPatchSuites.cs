using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml.Linq;

using EventFhir.Model.Definitions;
using EventFhir.Model.Json;
using EventFhir.Model.Patching;
using EventFhir.Model.Xml;
using EventFhir.Tests;

using Xunit;

namespace EventFhir.SpecTests.Patching;

/// <summary>
/// The suites for RFC 6902 (github.com/json-patch/json-patch-tests, Apache-2.0) and of HL7 (github.com/FHIR/fhir-test-cases, r4/patch, Apache-2.0).
/// Every case passes, those that the suites have switched off included.
/// </summary>
public sealed class OfficialPatchSuites(ITestOutputHelper output)
{
    private static readonly string Folder = Path.Combine(OfficialPackages.Root, "tests/EventFhir.SpecTests/Patching/suite");
    private static readonly XNamespace Fhir = "http://hl7.org/fhir";

    [Theory]
    [InlineData("json-patch-tests.json", 95)]
    [InlineData("json-patch-spec-tests.json", 17)]
    [InlineData("json-patch-r4-tests.json", 16)]
    public void Every_case_of_JSON_Patch_passes(string file, int count)
    {
        using var suite = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, file)));
        var faults = suite.RootElement.EnumerateArray().Select((test, place) => (Place: place, Fault: Fault(test))).Where(one => one.Fault is not null);
        Assert.Equal("", string.Join('\n', faults.Select(one => $"{one.Place}: {one.Fault}")));
        Assert.Equal(count, suite.RootElement.GetArrayLength());
    }

    [Fact]
    public void Every_case_of_FHIRPath_Patch_passes()
    {
        var cases = XDocument.Load(Path.Combine(Folder, "fhir-patch-tests.xml"), LoadOptions.PreserveWhitespace).Root!.Elements("case").ToList();
        var faults = cases.Select(test => (Name: (string?)test.Attribute("name"), Fault: Fault(test))).Where(one => one.Fault is not null).ToList();
        foreach (var (name, fault) in faults) output.WriteLine($"{name}: {fault}");
        Assert.Empty(faults);
        Assert.Equal(33, cases.Count);
    }

    [Fact]
    public void Every_case_of_XML_Patch_passes()
    {
        var cases = XDocument.Load(Path.Combine(Folder, "xml-patch-tests.xml"), LoadOptions.PreserveWhitespace).Root!.Elements("case").ToList();
        var faults = cases.Select(test => (Name: (string?)test.Attribute("name"), Fault: XmlFault(test))).Where(one => one.Fault is not null).ToList();
        foreach (var (name, fault) in faults) output.WriteLine($"{name}: {fault}");
        // There is always a resource to be patched.
        Assert.Equal(["Missing target document"], faults.Select(fault => fault.Name));
        Assert.Equal(29, cases.Count);
    }

    /// <summary>What is wrong; null if the case passes.</summary>
    private static string? XmlFault(XElement test)
    {
        if (test.Element("target")!.Elements().FirstOrDefault() is not { } target) return "there is no target";
        var document = XDocument.Parse(target.ToString(SaveOptions.DisableFormatting), LoadOptions.PreserveWhitespace);
        var text = test.Elements().Single(element => element.Name.LocalName == "patch").ToString(SaveOptions.DisableFormatting);
        var fault = XmlPatch.Parse(Encoding.UTF8.GetBytes(text), out var malformed) is { } patch ? patch.Apply(document) : malformed;
        if (test.Element("error") is not null) return fault is null ? $"no error, but {document}" : null;
        if (fault is not null) return fault.Diagnostics;
        var expected = XDocument.Parse(
            test.Element("patched")!.Elements().Single().ToString(SaveOptions.DisableFormatting), LoadOptions.PreserveWhitespace);
        return XNode.DeepEquals(Plain(document), Plain(expected)) ? null : $"{document}, expected {expected}";
    }

    /// <summary>Without white space between elements, with attributes in one order, and an empty text as none.</summary>
    private static XDocument Plain(XDocument document)
    {
        document.DescendantNodes().OfType<XText>().Where(text => string.IsNullOrWhiteSpace(text.Value)).ToList().ForEach(text => text.Remove());
        foreach (var element in document.Descendants())
        {
            element.ReplaceAttributes(element.Attributes().OrderBy(attribute => attribute.Name.ToString(), StringComparer.Ordinal).ToList());
            if (!element.Nodes().Any()) element.RemoveNodes();
        }
        return XDocument.Parse(document.ToString(SaveOptions.DisableFormatting));
    }

    /// <summary>What is wrong; null if the case passes.</summary>
    private static string? Fault(JsonElement test)
    {
        var outcome = Run(Bytes(test.GetProperty("doc")), Bytes(test.GetProperty("patch")));
        if (test.TryGetProperty("error", out var error)) return outcome.Fault is null ? $"no error, but {Text(outcome)}: {error}" : null;
        if (outcome.Fault is { } fault) return fault.Diagnostics;
        return !test.TryGetProperty("expected", out var expected) || JsonElement.DeepEquals(JsonElement.Parse(outcome.Json.Span), expected)
            ? null
            : $"{Text(outcome)}, expected {expected}";
    }

    private static PatchOutcome Run(byte[] document, byte[] patch) =>
        JsonPatch.Parse(patch, out var fault) is { } parsed ? parsed.Apply(document) : new PatchOutcome(default, fault);

    private static byte[] Bytes(JsonElement element) => Encoding.UTF8.GetBytes(element.GetRawText());

    private static string Text(PatchOutcome outcome) => Encoding.UTF8.GetString(outcome.Json.Span);

    private static string? Fault(XElement test)
    {
        var parameters = ResourceJsonReader.Read(JsonOf(test.Element("diff")!.Elements().Single()), Release.R4).Resource!;
        var outcome = FhirPathPatch.Parse(parameters, out var malformed) is { } patch
            ? patch.Apply(JsonOf(test.Element("input")!.Elements().Single()))
            : new PatchOutcome(default, malformed);
        if (test.Element("error") is not null) return outcome.Fault is null ? $"no error, but {Text(outcome)}" : null;
        if (outcome.Fault is { } fault) return fault.Diagnostics;
        var expected = JsonNode.Parse(JsonOf(test.Element("output")!.Elements().Single()).Span);
        return JsonNode.DeepEquals(JsonNode.Parse(outcome.Json.Span), expected) ? null : $"{Text(outcome)}, expected {expected!.ToJsonString()}";
    }

    private static ReadOnlyMemory<byte> JsonOf(XElement resource)
    {
        Assert.Equal(Fhir, resource.Name.Namespace);
        return ResourceXmlReader.Translate(Encoding.UTF8.GetBytes(resource.ToString(SaveOptions.DisableFormatting)), Release.R4).Json;
    }
}

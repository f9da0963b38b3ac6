using System.Buffers;
using System.Text;
using System.Xml;
using System.Xml.Linq;

using EventFhir.Model.Definitions;
using EventFhir.Model.Xml;

namespace EventFhir.Model.Patching;

/// <summary>
/// A patch document of RFC 5261. It is applied to the resource as XML, so what comes back has its elements in the order of the specification.
/// May be applied any number of times.
/// </summary>
public sealed class XmlPatch
{
    /// <summary>
    /// Text between elements means nothing in FHIR, so the attribute "ws" of a remove, which says what becomes of it, is left aside.
    /// </summary>
    private static readonly XmlReaderSettings Settings = new() { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null };

    private static readonly XmlWriterSettings Written = new()
    {
        Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), OmitXmlDeclaration = true,
    };

    private readonly List<(XElement Operation, XmlSelector Selector)> operations;

    private XmlPatch(List<(XElement, XmlSelector)> operations) => this.operations = operations;

    /// <summary>Null if the text is no patch document; then there is a fault.</summary>
    public static XmlPatch? Parse(ReadOnlyMemory<byte> xml, out PatchFault? fault)
    {
        fault = null;
        if (Load(xml) is not { Root: { } root })
            return Malformed(-1, "This is no well-formed XML, has a document type, or nests too deeply.", out fault);
        var operations = new List<(XElement, XmlSelector)>();
        foreach (var element in root.Elements())
        {
            if (operations.Count == Limits.PatchOperationsMax)
                return Malformed(-1, $"A patch may have up to {Limits.PatchOperationsMax} operations.", out fault);
            if (element.Name.LocalName is not ("add" or "replace" or "remove"))
                return Malformed(operations.Count, "An operation is add, replace or remove.", out fault);
            if (element.Attribute("sel") is not { } sel || XmlSelector.Parse(sel.Value, element) is not { } selector)
                return Malformed(operations.Count, "\"sel\" is a path as RFC 5261 has it.", out fault);
            operations.Add((element, selector));
        }
        return operations.Count > 0 ? new XmlPatch(operations) : Malformed(-1, "The patch has no operation.", out fault);
    }

    /// <param name="json">A stored resource.</param>
    public PatchOutcome Apply(ReadOnlyMemory<byte> json, Release release)
    {
        var xml = new ArrayBufferWriter<byte>(json.Length * 2);
        ResourceXmlWriter.Write(json, release, xml);
        if ((long)xml.WrittenCount * operations.Count > Limits.PatchWorkBytesMax)
            return Refused(-1, "So many operations on so large a resource take too long; send several patches, or update the resource.");
        var document = Load(xml.WrittenMemory) ?? throw new InvalidOperationException("A stored resource is no XML.");
        if (Apply(document) is { } fault) return new PatchOutcome(default, fault);
        using var patched = new MemoryStream(xml.WrittenCount + 256);
        using (var writer = XmlWriter.Create(patched, Written)) document.Save(writer);
        if (patched.Length > Limits.BodyBytesMax) return Refused(-1, "The patch makes the resource too large.");
        var translated = ResourceXmlReader.Translate(patched.ToArray(), release);
        return translated.Issues.IsEmpty
            ? new PatchOutcome(translated.Json, null)
            : Refused(-1, $"What the patch has made is no resource: {translated.Issues[0].Diagnostics}");
    }

    /// <summary>Applies the operations to any XML; null if all could be, else it is of no use any more.</summary>
    internal PatchFault? Apply(XDocument document)
    {
        for (var index = 0; index < operations.Count; index++)
        {
            var (operation, selector) = operations[index];
            if (selector.Select(document) is not [var target])
                return new PatchFault(PatchFaultKind.NotApplicable, index, "The path leads to nothing, or to more than one place.");
            var reason = operation.Name.LocalName switch
            {
                "add" => Add(operation, target),
                "replace" => Replace(operation, target),
                _ => Remove(target),
            };
            if (reason is not null) return new PatchFault(PatchFaultKind.NotApplicable, index, reason);
        }
        return null;
    }

    /// <returns>What is wrong; null if nothing is.</returns>
    private static string? Add(XElement operation, XObject target)
    {
        var (pos, type) = ((string?)operation.Attribute("pos"), (string?)operation.Attribute("type"));
        if (type is not null) return AddAttribute(operation, target, type);
        if (operation.Elements().Any(content => IsTooDeep(content, target))) return $"Elements would nest deeper than {Limits.DepthMax}.";
        switch (pos, target)
        {
            case ("before", XNode { Parent: not null } node):
                node.AddBeforeSelf(operation.Nodes());
                return null;
            case ("after", XNode { Parent: not null } node):
                node.AddAfterSelf(operation.Nodes());
                return null;
            case ("prepend", XElement element):
                element.AddFirst(operation.Nodes());
                return null;
            case (null, XElement element):
                element.Add(operation.Nodes());
                return null;
            default:
                return "Nothing can be added there.";
        }
    }

    private static string? AddAttribute(XElement operation, XObject target, string type)
    {
        const string Space = "namespace::";
        if (target is not XElement element) return "Only an element has attributes.";
        XName? name = null;
        try
        {
            if (type.StartsWith('@')) name = NameOf(type[1..], operation);
            else if (type.StartsWith(Space, StringComparison.Ordinal)) name = XNamespace.Xmlns + type[Space.Length..];
        }
        catch (XmlException)
        {
            return "\"type\" names an attribute (@name) or a namespace (namespace::prefix).";
        }
        if (name is null) return "\"type\" names an attribute (@name) or a namespace (namespace::prefix).";
        if (element.Attribute(name) is not null) return "The attribute is there already.";
        element.SetAttributeValue(name, operation.Value);
        return null;
    }

    private static XName? NameOf(string name, XElement scope)
    {
        var colon = name.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0) return name;
        return scope.GetNamespaceOfPrefix(name[..colon]) is { } space ? space + name[(colon + 1)..] : null;
    }

    private static string? Replace(XElement operation, XObject target)
    {
        var content = operation.Nodes().Where(node => node is not XText text || !string.IsNullOrWhiteSpace(text.Value)).ToList();
        switch (target)
        {
            case XAttribute attribute:
                attribute.Value = operation.Value;
                return null;
            case XText text:
                text.Value = operation.Value;
                return null;
            case XElement element when content is [XElement replacement]:
                if (IsTooDeep(replacement, element)) return $"Elements would nest deeper than {Limits.DepthMax}.";
                element.ReplaceWith(replacement);
                return null;
            case XComment comment when content is [XComment replacement]:
                comment.Value = replacement.Value;
                return null;
            case XProcessingInstruction instruction when content is [XProcessingInstruction replacement]:
                (instruction.Target, instruction.Data) = (replacement.Target, replacement.Data);
                return null;
            default:
                return "What is replaced and what replaces it have to be of one kind.";
        }
    }

    private static string? Remove(XObject target)
    {
        switch (target)
        {
            case XAttribute attribute:
                attribute.Remove();
                return null;
            case XNode { Parent: not null } node:
                node.Remove();
                return null;
            default:
                return "The whole cannot be removed.";
        }
    }

    private static bool IsTooDeep(XElement content, XObject target)
    {
        var above = target.Parent?.AncestorsAndSelf().Count() ?? 0;
        return above + content.DescendantsAndSelf().Max(static element => element.Ancestors().Count()) > Limits.DepthMax;
    }

    /// <summary>Null if it is no XML that we take; the depth is checked first, since copying goes down by recursion.</summary>
    private static XDocument? Load(ReadOnlyMemory<byte> xml)
    {
        try
        {
            using (var probe = XmlReader.Create(new MemoryStream(xml.ToArray()), Settings))
                while (probe.Read())
                    if (probe.Depth > Limits.DepthMax) return null;
            using var reader = XmlReader.Create(new MemoryStream(xml.ToArray()), Settings);
            return XDocument.Load(reader, LoadOptions.PreserveWhitespace);
        }
        catch (XmlException)
        {
            return null;
        }
    }

    private static PatchOutcome Refused(int index, string reason) =>
        new(default, new PatchFault(PatchFaultKind.NotApplicable, index, reason));

    private static XmlPatch? Malformed(int index, string diagnostics, out PatchFault? fault)
    {
        fault = new PatchFault(PatchFaultKind.Malformed, index, diagnostics);
        return null;
    }
}

using System.Globalization;

namespace EventFhir.Model.Xml;

/// <summary>FHIRPath locations of nodes: "Observation.component[1].value".</summary>
internal static class XmlPath
{
    public static string Of(IReadOnlyList<XmlNode> nodes, int self)
    {
        var node = nodes[self];
        if (node.Property is not { } property) return self == 0 ? node.Name : Of(nodes, node.Parent);
        var index = property.Element.IsRepeating ? "[" + node.Ordinal.ToString(CultureInfo.InvariantCulture) + "]" : "";
        return $"{Of(nodes, node.Parent)}.{property.Element.Name}{index}";
    }
}

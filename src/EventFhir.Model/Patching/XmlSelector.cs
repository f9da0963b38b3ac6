using System.Globalization;
using System.Xml.Linq;

namespace EventFhir.Model.Patching;

/// <summary>
/// The part of XPath by which an XML Patch selects (RFC 5261, 4.1): a path of child elements, each with predicates, and at its end perhaps an
/// attribute, a namespace, a text, a comment or a processing instruction. Each element is looked at once per step, so that no selector takes long.
/// </summary>
internal sealed class XmlSelector
{
    private readonly List<Step> steps = [];

    private XmlSelector()
    {
    }

    /// <summary>What a name stands for.</summary>
    /// <param name="Namespaces">Null for a name without prefix: no namespace, or the default one of the patch.</param>
    private sealed record Name(string Local, string? Prefix, XNamespace[] Namespaces)
    {
        public bool Matches(XName name) => (Local == "*" || Local == name.LocalName) && Namespaces.Contains(name.Namespace);
    }

    private enum Axis { Child, Attribute, Namespace, Text, Comment, Instruction }

    private sealed record Step(Axis Axis, Name? Name, string? Text, List<Predicate> Predicates);

    /// <param name="Position">1-based; 0 where values are compared.</param>
    /// <param name="Path">Empty for the element itself.</param>
    /// <param name="Value">Null: it only has to be there.</param>
    private sealed record Predicate(int Position, List<Step> Path, string? Value);

    /// <summary>Null if the text is no selector of this kind.</summary>
    /// <param name="scope">The element of the patch, which says what prefixes mean.</param>
    public static XmlSelector? Parse(string text, XElement scope)
    {
        var selector = new XmlSelector();
        if (text.Length > Limits.PatchSelectorCharactersMax) return null;
        var parts = Split(text.StartsWith('/') ? text[1..] : text, '/');
        if (parts is null) return null;
        for (var index = 0; index < parts.Count; index++)
        {
            if (ReadStep(parts[index].Trim(), scope) is not { } step || (step.Axis is not Axis.Child && index < parts.Count - 1)) return null;
            selector.steps.Add(step);
        }
        return selector;
    }

    /// <summary>What is selected: elements, attributes, texts, comments, instructions; namespaces as their attributes.</summary>
    public List<XObject> Select(XDocument document)
    {
        List<XContainer> from = [document];
        foreach (var step in steps)
        {
            if (step.Axis is not Axis.Child) return [.. from.OfType<XElement>().SelectMany(element => Last(element, step))];
            from = [.. from.SelectMany(container => Filter([.. container.Elements().Where(element => step.Name!.Matches(element.Name))], step))];
        }
        return [.. from];
    }

    private static IEnumerable<XObject> Last(XElement element, Step step) => step.Axis switch
    {
        Axis.Attribute => element.Attributes().Where(attribute => !attribute.IsNamespaceDeclaration && AttributeMatches(step.Name!, attribute.Name)),
        Axis.Namespace => element.Attributes().Where(attribute =>
            attribute.IsNamespaceDeclaration && attribute.Name.Namespace == XNamespace.Xmlns && attribute.Name.LocalName == step.Text),
        Axis.Text => Nth([.. element.Nodes().OfType<XText>()], step),
        Axis.Comment => Nth([.. element.Nodes().OfType<XComment>()], step),
        _ => Nth([.. element.Nodes().OfType<XProcessingInstruction>().Where(node => step.Text is null or "" || node.Target == step.Text)], step),
    };

    /// <summary>An attribute without prefix has no namespace, whatever the default one is.</summary>
    private static bool AttributeMatches(Name name, XName attribute) =>
        name.Prefix is null ? name.Local == attribute.LocalName && attribute.Namespace == XNamespace.None : name.Matches(attribute);

    private static IEnumerable<XObject> Nth<T>(List<T> nodes, Step step) where T : XObject
    {
        if (step.Predicates is not [{ Position: > 0 and var position }]) return nodes;
        return position <= nodes.Count ? [nodes[position - 1]] : [];
    }

    private static List<XElement> Filter(List<XElement> elements, Step step)
    {
        foreach (var predicate in step.Predicates)
            elements = predicate.Position == 0
                ? elements.FindAll(element => Holds(predicate, element))
                : predicate.Position <= elements.Count ? [elements[predicate.Position - 1]] : [];
        return elements;
    }

    private static bool Holds(Predicate predicate, XElement element)
    {
        List<XElement> from = [element];
        foreach (var step in predicate.Path)
        {
            if (step.Axis is Axis.Attribute)
                return from.SelectMany(one => Last(one, step)).Any(found => predicate.Value is null || ((XAttribute)found).Value == predicate.Value);
            from = [.. from.SelectMany(one => one.Elements().Where(child => step.Name!.Matches(child.Name)))];
        }
        return from.Exists(one => predicate.Value is null || one.Value == predicate.Value);
    }

    private static Step? ReadStep(string text, XElement scope)
    {
        var predicates = new List<Predicate>();
        var bracket = text.IndexOf('[', StringComparison.Ordinal);
        var head = (bracket < 0 ? text : text[..bracket]).Trim();
        for (var rest = bracket < 0 ? "" : text[bracket..]; rest.Length > 0;)
        {
            var end = EndOf(rest);
            if (rest[0] != '[' || end < 0 || ReadPredicate(rest[1..end].Trim(), scope) is not { } predicate) return null;
            predicates.Add(predicate);
            rest = rest[(end + 1)..].TrimStart();
        }
        if (head.StartsWith('@')) return NamedStep(Axis.Attribute, head[1..], scope, predicates);
        if (head.StartsWith("namespace::", StringComparison.Ordinal)) return new Step(Axis.Namespace, null, head["namespace::".Length..], predicates);
        if (head == "text()") return new Step(Axis.Text, null, null, predicates);
        if (head == "comment()") return new Step(Axis.Comment, null, null, predicates);
        if (!head.StartsWith("processing-instruction(", StringComparison.Ordinal)) return NamedStep(Axis.Child, head, scope, predicates);
        return head.EndsWith(')') ? new Step(Axis.Instruction, null, head["processing-instruction(".Length..^1].Trim('"', '\''), predicates) : null;
    }

    private static Step? NamedStep(Axis axis, string name, XElement scope, List<Predicate> predicates) =>
        NameOf(name, scope) is { } known && (axis is Axis.Child || predicates.Count == 0) ? new Step(axis, known, null, predicates) : null;

    /// <summary>"3", "@a='x'", "a/@value='x'", ".='x'", "a".</summary>
    private static Predicate? ReadPredicate(string text, XElement scope)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var position))
            return position > 0 ? new Predicate(position, [], null) : null;
        if (Split(text, '=') is not { Count: 1 or 2 } sides) return null;
        string? value = null;
        if (sides.Count == 2)
        {
            var literal = sides[1].Trim();
            if (literal.Length < 2 || literal[0] is not ('"' or '\'') || literal[^1] != literal[0]) return null;
            value = literal[1..^1];
        }
        var path = new List<Step>();
        var operand = sides[0].Trim();
        if (operand == ".") return new Predicate(0, path, value);
        foreach (var part in Split(operand, '/') ?? [])
        {
            var name = part.Trim();
            var step = name.StartsWith('@') ? NamedStep(Axis.Attribute, name[1..], scope, []) : NamedStep(Axis.Child, name, scope, []);
            if (step is null || path is [.., { Axis: Axis.Attribute }]) return null;
            path.Add(step);
        }
        return path.Count > 0 ? new Predicate(0, path, value) : null;
    }

    private static Name? NameOf(string text, XElement scope)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var (prefix, local) = colon < 0 ? (null, text) : (text[..colon], text[(colon + 1)..]);
        if (local.Length == 0 || (local != "*" && !System.Xml.XmlReader.IsName(local))) return null;
        if (prefix is null) return new Name(local, null, [XNamespace.None, scope.GetDefaultNamespace()]);
        // Clients write f: and h: as the specification does, without declaring them.
        var space = scope.GetNamespaceOfPrefix(prefix) ?? prefix switch
        {
            "f" => "http://hl7.org/fhir",
            "h" => "http://www.w3.org/1999/xhtml",
            _ => null,
        };
        return space is null ? null : new Name(local, prefix, [space]);
    }

    /// <summary>The parts between separators that stand in no quotes and no brackets; null if quotes or brackets are not closed.</summary>
    private static List<string>? Split(string text, char separator)
    {
        var parts = new List<string>();
        var (start, depth, quote) = (0, 0, '\0');
        for (var at = 0; at < text.Length; at++)
        {
            var letter = text[at];
            if (quote != '\0') quote = letter == quote ? '\0' : quote;
            else if (letter is '"' or '\'') quote = letter;
            else if (letter == '[') depth++;
            else if (letter == ']') depth--;
            else if (letter == separator && depth == 0)
            {
                parts.Add(text[start..at]);
                start = at + 1;
            }
        }
        parts.Add(text[start..]);
        return depth == 0 && quote == '\0' ? parts : null;
    }

    /// <summary>Where the bracket closes with which the text begins; -1 if nowhere.</summary>
    private static int EndOf(string text)
    {
        var quote = '\0';
        for (var at = 1; at < text.Length; at++)
        {
            if (quote != '\0') quote = text[at] == quote ? '\0' : quote;
            else if (text[at] is '"' or '\'') quote = text[at];
            else if (text[at] == ']') return at;
        }
        return -1;
    }
}

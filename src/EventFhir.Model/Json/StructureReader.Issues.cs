using System.Collections.Immutable;
using System.Globalization;
using System.Text;

using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.Validation;

namespace EventFhir.Model.Json;

/// <summary>Issues and their places.</summary>
internal ref partial struct StructureReader
{
    private const int UnknownNameLengthMax = 64;

    public readonly ImmutableArray<Issue> Issues => issues is null ? [] : [.. issues];

    /// <summary>1-based line and column, in bytes.</summary>
    public static (int Line, int Column) PositionOf(ReadOnlySpan<byte> text, int at)
    {
        var before = text[..at];
        return (before.Count((byte)'\n') + 1, at - before.LastIndexOf((byte)'\n'));
    }

    private void Report(int node, string code, string diagnostics, int at) => Report(code, diagnostics, PathOf(node), at);

    /// <summary>Reports on an element of a node, whether it is there or not.</summary>
    private void ReportAt(int self, ElementDefinition element, string code, string diagnostics, int at)
    {
        if (issues is not { Count: >= Limits.IssuesMax }) Report(code, diagnostics, $"{PathOf(self)}.{element.Name}", at);
    }

    private void ReportUnknown(int self, TypeDefinition type, scoped ReadOnlySpan<byte> name, int at)
    {
        if (issues is { Count: >= Limits.IssuesMax }) return;
        // A name that cannot stand in a path may be anything, data of a patient included, so it is not repeated.
        var isName = name.Length is > 0 and <= UnknownNameLengthMax;
        foreach (var octet in name) isName &= char.IsAsciiLetterOrDigit((char)octet) || octet == '_';
        Report("structure", $"{type.Name} has no such element.", isName ? $"{PathOf(self)}.{Encoding.UTF8.GetString(name)}" : PathOf(self), at);
    }

    private void Report(string code, string diagnostics, string expression, int at)
    {
        issues ??= [];
        if (issues.Count >= Limits.IssuesMax) return;
        var (line, column) = PositionOf(text, at);
        issues.Add(new Issue(IssueSeverity.Error, code, diagnostics, expression, line, column));
    }

    private readonly string PathOf(int node)
    {
        if (node == 0) return nodes[0].Type.Name;
        var path = $"{PathOf(nodes[node].Parent)}.{nodes[node].Definition!.Name}";
        return (nodes[node].Flags & NodeFlags.IsIndexed) != 0 ? path + "[" + nodes[node].Ordinal.ToString(CultureInfo.InvariantCulture) + "]" : path;
    }
}

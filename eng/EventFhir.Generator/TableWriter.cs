using System.Globalization;
using System.Text;

namespace EventFhir.Generator;

/// <summary>
/// Curated model → the text that ReleaseLoader reads: one row on each line, fields between tabs, lists between spaces, "\n" at the end of each row.
/// The first letter says what the row is; rows that others name come first, and the elements of a type follow it.
/// </summary>
internal static class TableWriter
{
    public static string Write(CuratedModel model, ResourceTypeNumbers numbers)
    {
        var text = new StringBuilder();
        Row(text, "R", model.Release.Release, model.Release.FhirVersion);
        foreach (var invariant in model.Invariants)
            Row(text, "I", invariant.Id, invariant.Key, invariant.Severity, invariant.Structural ? "structural" : "", invariant.Expression,
                invariant.Human);
        foreach (var list in model.CodeLists)
            Row(text, ["C", list.ValueSet, .. list.Systems.SelectMany(system => new[] { system.System, Words(system.Codes) })]);
        var elements = model.Elements.ToLookup(element => element.Owner);
        foreach (var type in BasesFirst(model.Types))
        {
            var number = numbers.Of(type.Name).ToString(CultureInfo.InvariantCulture);
            Row(text, "T", type.Name, type.Kind, type.Abstract ? "abstract" : "", number, type.Base ?? "", Words(type.Invariants));
            foreach (var element in elements[type.Name]) Element(text, element);
        }
        foreach (var parameter in model.SearchParameters)
            Row(text, ["S", parameter.Base!, parameter.Code, parameter.Type, parameter.Url, parameter.Expression ?? "", Words(parameter.Targets),
                .. (parameter.Components ?? []).SelectMany(component => new[] { component.Definition, component.Expression })]);
        foreach (var entry in model.Compartments) Row(text, "K", entry.Compartment, entry.Type, Words(entry.Parameters));
        foreach (var operation in model.Operations)
            Row(text, "O", operation.Code, operation.Url,
                (operation.System ? "s" : "") + (operation.Type ? "t" : "") + (operation.Instance ? "i" : ""), Words(operation.Resources));
        return text.ToString();
    }

    /// <summary>The numbers of resource types that tables written earlier hold.</summary>
    public static IEnumerable<(string Name, int Number)> NumbersIn(string tables) =>
        from line in tables.Split('\n')
        where line.StartsWith("T\t", StringComparison.Ordinal)
        let fields = line.Split('\t')
        let number = int.Parse(fields[4], CultureInfo.InvariantCulture)
        where number != 0
        select (fields[1], number);

    private static void Element(StringBuilder text, CuratedElement element)
    {
        var flags = (element.IsChoice ? "c" : "") + (element.Summary ? "s" : "") + (element.Modifier ? "m" : "") + (element.Attribute ? "a" : "")
            + (element.Hierarchy ? "h" : "");
        var min = element.Min.ToString(CultureInfo.InvariantCulture);
        Row(text, "E", element.Name, min, element.Max, flags, Words(element.Types), element.Binding?.Strength ?? "", element.Binding?.ValueSet ?? "",
            Words(element.Invariants));
    }

    private static IEnumerable<CuratedType> BasesFirst(IReadOnlyList<CuratedType> types)
    {
        var byName = types.ToDictionary(type => type.Name);
        return types.OrderBy(Depth).ThenBy(type => type.Name, StringComparer.Ordinal);

        int Depth(CuratedType type) => type.Base is null ? 0 : Depth(byName[type.Base]) + 1;
    }

    private static string Words(IEnumerable<string>? words) => words is null ? "" : string.Join(' ', words);

    private static void Row(StringBuilder text, params ReadOnlySpan<string> fields)
    {
        for (var at = 0; at < fields.Length; at++)
        {
            if (fields[at].AsSpan().IndexOfAny('\t', '\n') >= 0)
                throw new InvalidDataException($"A field cannot hold a tab or a line break: {fields[at]}");
            if (at > 0) text.Append('\t');
            text.Append(fields[at]);
        }
        text.Append('\n');
    }
}

using System.Text.Json;

namespace EventFhir.Generator.Curation;

/// <summary>The constraints of all snapshots, each once.</summary>
internal sealed class InvariantCuration
{
    private readonly HashSet<string> ambiguous = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, CuratedInvariant> rows = new(StringComparer.Ordinal);

    /// <summary>By the definition that states it and its key: what snapshots of others copy may be older (R4B has two texts of ele-1).</summary>
    private readonly Dictionary<(string Source, string Key), JsonElement> stated = [];

    public InvariantCuration(IReadOnlyCollection<JsonElement> definitions)
    {
        foreach (var definition in definitions)
            foreach (var constraint in definition.GetProperty("snapshot").Items("element").First().Items("constraint"))
                if (constraint.Text("source") is not { } source || source == definition.Text("url"))
                    stated.TryAdd((definition.Text("url")!, constraint.Text("key")!), constraint);
        var meaning = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var definition in definitions)
            foreach (var element in definition.GetProperty("snapshot").Items("element"))
                foreach (var constraint in element.Items("constraint").Select(AtSource))
                    if (!meaning.TryAdd(constraint.Text("key")!, Meaning(constraint)) && meaning[constraint.Text("key")!] != Meaning(constraint))
                        ambiguous.Add(constraint.Text("key")!);
    }

    /// <summary>Those that something refers to, in order of their id.</summary>
    public IEnumerable<CuratedInvariant> Rows => rows.Values;

    public IReadOnlyList<string> IdsOf(JsonElement element)
    {
        var ids = new List<string>();
        foreach (var constraint in element.Items("constraint").Select(AtSource))
        {
            if (constraint.Text("expression") is not { } expression) continue;
            var key = constraint.Text("key")!;
            var id = ambiguous.Contains(key) ? $"{key}@{element.Text("path")}" : key;
            rows.TryAdd(id, new CuratedInvariant(id, constraint.Text("severity")!, Structural: false, expression, constraint.Text("human")!));
            ids.Add(id);
        }
        return ids;
    }

    private JsonElement AtSource(JsonElement constraint) =>
        constraint.Text("source") is { } source && stated.TryGetValue((source, constraint.Text("key")!), out var original) ? original : constraint;

    private static string Meaning(JsonElement constraint) => $"{constraint.Text("severity")} {constraint.Text("expression")}";
}

using System.Collections.Frozen;
using System.Collections.Immutable;

using EventFhir.Model.Definitions;

namespace EventFhir.Core.Search.Parameters;

/// <summary>Parameters of the specification that the configuration switched off, to save their space: they are
/// neither stored nor known to searches.</summary>
public sealed class SwitchedOff
{
    /// <summary>Nothing but _content, which is off unless it is asked for.</summary>
    public static readonly SwitchedOff None = new(FrozenSet<(TypeDefinition?, string)>.Empty, FrozenSet<TypeDefinition>.Empty);
    private readonly FrozenSet<(TypeDefinition? Type, string Code)> parameters;
    private readonly FrozenSet<TypeDefinition> content;

    private SwitchedOff(FrozenSet<(TypeDefinition?, string)> parameters, FrozenSet<TypeDefinition> content) =>
        (this.parameters, this.content) = (parameters, content);

    public bool IsEmpty => parameters.Count == 0 && content.Count == 0;

    public bool Contains(TypeDefinition type, string code) => parameters.Contains((type, code)) || parameters.Contains((null, code))
        || (code == SearchCatalog.Content && !content.Contains(type));

    /// <param name="text">"Observation:combo-code,*:_text"; empty for none.</param>
    /// <exception cref="FormatException">An entry names no parameter, or one that cannot be spared.</exception>
    public static SwitchedOff Parse(Release release, string text)
    {
        var entries = Split(text);
        return entries.Length == 0 ? None : new(entries.Select(entry => Read(release, entry)).ToFrozenSet(), None.content);
    }

    /// <summary>This, but _content for some types, since it makes their writes dearer.</summary>
    /// <param name="types">"Condition,DocumentReference"; "*" for all, empty for none.</param>
    /// <exception cref="FormatException">There is no such type.</exception>
    public SwitchedOff WithContent(Release release, string types) => new(
        parameters,
        types == "*" ? release.ResourceTypes.ToFrozenSet() : Split(types).Select(name => release.FindResourceType(name)
            ?? throw new FormatException($"'{name}': there is no such type.")).ToFrozenSet());

    private static string[] Split(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static (TypeDefinition?, string) Read(Release release, string entry)
    {
        var parts = entry.Split(':');
        if (parts.Length != 2) throw new FormatException($"'{entry}' is not written as Type:parameter or *:parameter.");
        var type = parts[0] == "*" ? null : release.FindResourceType(parts[0]) ?? throw new FormatException($"'{entry}': there is no such type.");
        ImmutableArray<TypeDefinition> types = type is null ? release.ResourceTypes : [type];
        if (!types.Any(each => release.SearchParametersOf(each).Any(parameter => parameter.Code == parts[1])))
            throw new FormatException($"'{entry}': there is no such parameter.");
        if (parts[1] is SearchCatalog.Id or SearchCatalog.LastUpdated) throw new FormatException($"'{entry}' takes no space and stays on.");
        if (parts[1] is "url" or "version") throw new FormatException($"'{entry}' finds what terminology needs, so it stays on.");
        foreach (var compartment in release.Compartments)
            foreach (var member in compartment.Entries)
                if ((type is null || member.Type == type) && member.Parameters.Contains(parts[1]))
                    throw new FormatException($"'{entry}' tells what belongs to the compartment of a {compartment.Type.Name}, so it stays on.");
        return (type, parts[1]);
    }
}

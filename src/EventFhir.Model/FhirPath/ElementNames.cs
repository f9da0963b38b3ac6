using System.Runtime.CompilerServices;

using EventFhir.Model.Definitions;

namespace EventFhir.Model.FhirPath;

/// <summary>The element names of a release: the very strings of its tables, and which names are only JSON names of choices.</summary>
internal sealed class ElementNames
{
    private static readonly ConditionalWeakTable<Release, ElementNames> OfReleases = [];
    private readonly Dictionary<string, string> names = [];
    private readonly HashSet<string> choiceNames = [];

    private ElementNames(Release release)
    {
        foreach (var type in release.Types)
            foreach (var element in type.Elements)
            {
                names.TryAdd(element.Name, element.Name);
                if (!element.IsChoice) continue;
                foreach (var property in element.Properties) choiceNames.Add(property.Name);
            }
    }

    public static ElementNames Of(Release release) => OfReleases.GetValue(release, static release => new ElementNames(release));

    /// <summary>The string of the tables, where comparing references is enough; another name as it is.</summary>
    public string Canonical(string name) => names.GetValueOrDefault(name, name);

    /// <summary>True for "valueQuantity" and its like, in any type.</summary>
    public bool IsChoiceName(string name) => choiceNames.Contains(name);
}

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
            foreach (var element in type.Elements) names.TryAdd(element.Name, element.Name);
        foreach (var type in release.Types)
            foreach (var element in type.Elements)
                if (element.IsChoice)
                    foreach (var property in element.Properties)
                        if (!names.ContainsKey(property.Name)) choiceNames.Add(property.Name);
    }

    public static ElementNames Of(Release release) => OfReleases.GetValue(release, static release => new ElementNames(release));

    /// <summary>The string of the tables, where comparing references is enough; another name as it is.</summary>
    public string Canonical(string name) => names.GetValueOrDefault(name, name);

    /// <summary>True for "valueQuantity" and its like.</summary>
    public bool IsChoiceName(string name) => choiceNames.Contains(name);
}

using System.Runtime.CompilerServices;

using EventFhir.Model.Definitions;

namespace EventFhir.Model.Json;

/// <summary>The data types of a release that have rules which their tables of elements cannot state.</summary>
internal sealed class StructureRules
{
    private static readonly ConditionalWeakTable<Release, StructureRules> OfReleases = [];

    private StructureRules(Release release)
    {
        Release = release;
        Extension = release.FindType("Extension")!;
        ExtensionValue = Extension.FindElement("value")!.Order;
        ExtensionExtension = Extension.FindElement("extension")!.Order;
        Reference = release.FindType("Reference")!;
        Coding = release.FindType("Coding")!;
        CodeableConcept = release.FindType("CodeableConcept")!;
        Quantity = release.FindType("Quantity")!;
    }

    public Release Release { get; }
    public TypeDefinition Extension { get; }
    public int ExtensionValue { get; }
    public int ExtensionExtension { get; }
    public TypeDefinition Reference { get; }
    public TypeDefinition Coding { get; }
    public TypeDefinition CodeableConcept { get; }
    public TypeDefinition Quantity { get; }

    public static StructureRules Of(Release release) => OfReleases.GetValue(release, static release => new StructureRules(release));
}

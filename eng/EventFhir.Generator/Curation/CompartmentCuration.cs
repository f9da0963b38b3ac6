using System.Text.Json;

namespace EventFhir.Generator.Curation;

/// <summary>CompartmentDefinitions → one row for each resource type that a compartment can hold.</summary>
internal static class CompartmentCuration
{
    public static IEnumerable<CuratedCompartmentEntry> Rows(DefinitionPackage package) =>
        from compartment in package.Compartments
        where !compartment.IsIllustration()
        from entry in compartment.Items("resource")
        let parameters = entry.Texts("param").Select(Resolve).ToList()
        where parameters.Count > 0
        orderby compartment.Text("code"), entry.Text("code")
        select new CuratedCompartmentEntry(compartment.Text("code")!, entry.Text("code")!, parameters);

    /// <summary>"{def}" says that the resource is its own compartment, which is a question about its id.</summary>
    private static string Resolve(string parameter) => parameter == "{def}" ? "_id" : parameter;
}

/// <summary>OperationDefinitions → one row each.</summary>
internal static class OperationCuration
{
    public static IEnumerable<CuratedOperation> Rows(DefinitionPackage package) =>
        from operation in package.Operations
        where !operation.IsIllustration()
        orderby operation.Text("url")
        let resources = operation.Texts("resource").ToList()
        select new CuratedOperation(
            operation.Text("code")!, operation.Text("url")!, operation.Flag("system"), operation.Flag("type"), operation.Flag("instance"),
            resources.Count == 0 ? null : resources);

    /// <summary>The packages also hold a made-up definition of each kind, with the id "example", that shows what one looks like.</summary>
    public static bool IsIllustration(this JsonElement resource) => resource.Text("id") == "example";
}

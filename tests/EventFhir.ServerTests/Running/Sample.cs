namespace EventFhir.ServerTests.Running;

/// <summary>Small valid resources, and text to build others from.</summary>
internal static class Sample
{
    public static string Id() => Guid.NewGuid().ToString();

    public static string Patient(string? id = null, string family = "Meier") =>
        $$"""{"resourceType":"Patient"{{(id is null ? "" : $",\"id\":\"{id}\"")}},"name":[{"family":"{{family}}","given":["Ada"]}],"birthDate":"1990-02-03"}""";

    public static string Observation(string? id = null, string value = "1.50") =>
        $$$"""
        {"resourceType":"Observation"{{{(id is null ? "" : $",\"id\":\"{id}\"")}}},"status":"final","code":{"text":"Glucose"},"valueQuantity":{"value":{{{value}}},"unit":"mmol/L"}}
        """;
}

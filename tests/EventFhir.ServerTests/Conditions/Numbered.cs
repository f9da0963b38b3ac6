namespace EventFhir.ServerTests.Conditions;

/// <summary>Resources that are found by an identifier of the system urn:n.</summary>
internal static class Numbered
{
    public static string Patient(string number, string? id = null, string family = "Meier") =>
        $$"""
        {"resourceType":"Patient"{{(id is null ? "" : $",\"id\":\"{id}\"")}},
         "identifier":[{"system":"urn:n","value":"{{number}}"}],"name":[{"family":"{{family}}"}],"birthDate":"1990-02-03"}
        """;
}

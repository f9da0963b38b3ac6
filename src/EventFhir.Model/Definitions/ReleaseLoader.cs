namespace EventFhir.Model.Definitions;

/// <summary>Reads the generated tables of a release from the assembly.</summary>
internal static class ReleaseLoader
{
    public static Release Load(string name) => throw new InvalidOperationException($"The tables of {name} are not generated; run ./eng/generate.");
}

namespace EventFhir.Server.Cli.Import;

/// <summary>One resource to be imported.</summary>
/// <param name="Source">The file, with the archive it lies in: "examples.tgz/package/Patient-1.json".</param>
/// <param name="Line">The 1-based line in an NDJSON file, or the 1-based entry of a Bundle; 0 for a file of one resource.</param>
/// <param name="FallbackId">The id to use if the resource has none; null if there is none.</param>
public sealed record ImportRecord(string Source, int Line, ReadOnlyMemory<byte> Json, string? FallbackId);

namespace EventFhir.Postgres.Bulk;

/// <summary>What the index rows of a batch need to know of es.stream, in the order of the batch's own lists.</summary>
/// <param name="Rids">Of the commands.</param>
/// <param name="Refs">Of the keys that the resources refer to.</param>
internal readonly record struct BatchRids(long[] Rids, long[] Refs);

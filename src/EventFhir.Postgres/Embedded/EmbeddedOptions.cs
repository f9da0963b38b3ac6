namespace EventFhir.Postgres.Embedded;

/// <summary>How to run the private cluster.</summary>
/// <param name="DataFolder">The server's data folder; the cluster lives in its sub-folder "postgres".</param>
/// <param name="MemoryMegabytes">What PostgreSQL may plan with; null: a quarter of the machine's memory.</param>
/// <param name="Durability">Relaxed is for throw-away data only: a crash of the machine may destroy the cluster.</param>
public sealed record EmbeddedOptions(string DataFolder, int? MemoryMegabytes = null, Durability Durability = Durability.Full);

public enum Durability { Full, Relaxed }

/// <summary>The private cluster cannot be started; the message tells the operator what to do.</summary>
public sealed class EmbeddedPostgresException(string message) : Exception(message);

/// <summary>Another process owns the data folder.</summary>
public sealed class DataFolderInUseException(string message) : IOException(message);

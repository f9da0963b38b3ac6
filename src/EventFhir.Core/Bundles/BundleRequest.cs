using System.Collections.Immutable;
using System.Globalization;

namespace EventFhir.Core.Bundles;

/// <summary>What a posted Bundle asks for.</summary>
public enum BundleType
{
    /// <summary>Each entry stands for itself.</summary>
    Batch,

    /// <summary>All entries together, or none.</summary>
    Transaction,
}

/// <summary>A Bundle of requests (R4 http.html#transaction).</summary>
public sealed record BundleRequest(BundleType Type, ImmutableArray<BundleEntry> Entries);

/// <summary>One request of a Bundle, as it was sent.</summary>
/// <param name="Number">Its place in the Bundle, from 0.</param>
/// <param name="Resource">The text of the resource, a part of the Bundle's own; empty if there is none.</param>
public sealed record BundleEntry(int Number, ReadOnlyMemory<byte> Resource)
{
    public string? FullUrl { get; init; }

    /// <summary>Empty if the entry has no request.</summary>
    public string Method { get; init; } = "";

    /// <summary>Relative to the base of the server, or absolute.</summary>
    public string Url { get; init; } = "";

    public string? IfNoneMatch { get; init; }
    public string? IfModifiedSince { get; init; }
    public string? IfMatch { get; init; }
    public string? IfNoneExist { get; init; }

    /// <summary>What may be conditional references (R4 http.html#trules): the texts of all members "reference" that hold a question mark.</summary>
    public ImmutableArray<string> Criteria { get; init; } = [];

    /// <summary>Why the entry cannot be a request; null if it can.</summary>
    public Refusal? Fault { get; init; }

    /// <summary>The FHIRPath location: "Bundle.entry[3]".</summary>
    public string Path => PathOf(Number);

    public static string PathOf(int number) => string.Create(CultureInfo.InvariantCulture, $"Bundle.entry[{number}]");
}

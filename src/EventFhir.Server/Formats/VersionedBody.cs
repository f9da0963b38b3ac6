using System.Collections.Immutable;
using System.Globalization;
using System.Text;

using EventFhir.Core.Events;

namespace EventFhir.Server.Formats;

/// <summary>The stored text of a version that has just been written, without reading it back.</summary>
public static class VersionedBody
{
    /// <summary>The parts of the text, in order (<see cref="BodyTemplate"/>).</summary>
    public static ImmutableArray<ReadOnlyMemory<byte>> Of(BodyTemplate body, long version, DateTimeOffset lastUpdated)
    {
        var meta = string.Create(CultureInfo.InvariantCulture, $"\"versionId\":\"{version}\",\"lastUpdated\":\"{FhirInstant.Write(lastUpdated)}\"");
        return [body.Head, Encoding.ASCII.GetBytes(meta), body.Tail];
    }
}

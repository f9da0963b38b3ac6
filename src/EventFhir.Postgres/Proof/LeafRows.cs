using System.Collections.Immutable;

using EventFhir.Core.Proof;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Sql;

using Npgsql;

namespace EventFhir.Postgres.Proof;

/// <summary>An event as the tree knows it.</summary>
internal sealed record ProvenEvent(LeafRecord Leaf, EventOrigin Origin)
{
    /// <summary>"Patient/anna/_history/2".</summary>
    public string Subject =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Leaf.Stream[(Leaf.Stream.IndexOf('/') + 1)..]}/_history/{Leaf.Version}");
}

/// <summary>Makes the records of leaves out of rows: the first columns of proof-leaves.sql and proof-resource.sql.</summary>
internal static class LeafRows
{
    /// <summary>The number of columns that are read here.</summary>
    public const int Columns = FirstFact + 8;

    private const int FirstFact = 15;

    /// <summary>In the order in which they are hashed. A new one goes to the end, so that the hashes of older events stay what they are.</summary>
    private static readonly ImmutableArray<string> Facts =
        ["actor", "client", "reason", "request", "on-behalf-of", "purpose", "source", "trace"];

    private static readonly string Leaves = SqlFile.Read("proof-leaves.sql");

    /// <summary>Reads the events after one position, up to another.</summary>
    public static NpgsqlCommand Between(NpgsqlConnection connection, long after, long upto) => new(Leaves, connection)
    {
        Parameters = { new NpgsqlParameter<long> { TypedValue = after }, new NpgsqlParameter<long> { TypedValue = upto } },
    };

    /// <summary>Null if there is no event at the position.</summary>
    public static ProvenEvent? Read(NpgsqlDataReader row, Release release)
    {
        if (row.IsDBNull(1) || row.IsDBNull(4)) return null;
        var eventId = row.GetGuid(1);
        var facts = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        for (var fact = 0; fact < Facts.Length; fact++)
            if (!row.IsDBNull(FirstFact + fact)) facts.Add(new(Facts[fact], row.GetString(FirstFact + fact)));
        var origin = new EventOrigin(eventId, facts.ToImmutable());
        var commitment = row.GetFieldValue<byte[]>(9);
        var leaf = new LeafRecord(
            row.GetInt64(0),
            eventId,
            $"{row.GetInt16(2)}/{NameOf(row.GetInt16(3), release)}/{row.GetString(4)}",
            row.GetInt32(5),
            row.GetInt16(6),
            new DateTimeOffset(row.GetDateTime(7)),
            row.GetGuid(8),
            origin.Hash(),
            commitment.Length == TreeHash.Bytes ? TreeHash.Read(commitment) : default,
            new StorageFacts(row.GetInt64(10), row.GetInt64(11), row.GetInt16(12), row.GetInt16(13), row.GetString(14)));
        return new ProvenEvent(leaf, origin);
    }

    /// <summary>A row that somebody has changed may have a number that no type has.</summary>
    private static string NameOf(short number, Release release) =>
        release.FindTypeOfNumber(number)?.Name ?? number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

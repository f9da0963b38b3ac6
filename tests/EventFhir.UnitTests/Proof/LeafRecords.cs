using System.Security.Cryptography;
using System.Text;

using EventFhir.Core.Proof;

using Xunit;

namespace EventFhir.UnitTests.Proof;

public sealed class LeafRecords
{
    private static readonly EventOrigin Origin = new(
        Guid.Parse("01a1fe3d-6a3c-7d21-8f4e-0b6fd1c6a9d2"), [new("actor", "Practitioner/Müller"), new("reason", "two\nlines")]);

    private static readonly LeafRecord Leaf = new(
        17, Origin.EventId, "0/Patient/anna", 2, 4, new DateTimeOffset(2026, 11, 21, 14, 13, 46, 190, TimeSpan.FromHours(1)).AddMicroseconds(7),
        Guid.Parse("8a5d6a0c-53a3-4b0e-9a7e-2f5c1be2f6d1"), Origin.Hash(), TreeHash.OfNothing, new StorageFacts(8, 1, 1, 0, "4.0.1"));

    // docs/proof.md shows this form; verifiers of others depend on it for ever.
    [Fact]
    public void A_record_has_one_form() =>
        Assert.Equal(
            $"""
            eventfhir-leaf/1
            position 17
            event 01a1fe3d-6a3c-7d21-8f4e-0b6fd1c6a9d2
            stream 0/Patient/anna
            version 2
            kind 4
            recorded 2026-11-21T13:13:46.190007Z
            transaction 8a5d6a0c-53a3-4b0e-9a7e-2f5c1be2f6d1
            origin {Convert.ToHexStringLower(Leaf.Origin.ToArray())}
            body e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
            storage 8 1 1 0 4.0.1

            """,
            Leaf.ToString());

    [Fact]
    public void Who_and_why_have_one_form() => Assert.Equal(
        "01a1fe3d-6a3c-7d21-8f4e-0b6fd1c6a9d2\nactor 20\nPractitioner/Müller\nreason 9\ntwo\nlines\n", Origin.ToString());

    [Fact]
    public void The_hashes_are_those_of_the_texts()
    {
        Assert.Equal(TreeHash.OfLeaf(Encoding.UTF8.GetBytes(Leaf.ToString())), Leaf.Hash());
        Assert.Equal(TreeHash.Read(SHA256.HashData(Encoding.UTF8.GetBytes(Origin.ToString()))), Origin.Hash());
    }

    [Fact]
    public void A_record_of_any_length_is_hashed()
    {
        var large = Leaf with { Storage = Leaf.Storage with { FhirVersion = new string('4', 5_000) } };
        Assert.EndsWith("444\n", large.ToString(), StringComparison.Ordinal);
        Assert.Equal(TreeHash.OfLeaf(Encoding.UTF8.GetBytes(large.ToString())), large.Hash());
    }
}

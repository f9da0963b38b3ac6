using System.Text;

namespace EventFhir.Core.Search.Indexing;

/// <summary>
/// Whether the case of a code counts. R4 search.html#token: as its code system says, and "when in doubt, servers SHOULD treat tokens in a
/// case-insensitive manner". Known to count are the systems of HL7, which declare it with few exceptions, and UCUM. Identifiers, contacts and
/// plain codes are no matter of a code system.
/// </summary>
public static class TokenCase
{
    private static readonly string[] Sensitive = ["http://hl7.org/fhir/", "http://terminology.hl7.org/", "http://unitsofmeasure.org"];
    private static readonly byte[][] SensitiveUtf8 = [.. Sensitive.Select(Encoding.UTF8.GetBytes)];

    /// <summary>A code of a Coding as it is compared.</summary>
    /// <param name="system">Empty if there is none.</param>
    public static string Fold(string system, string code)
    {
        foreach (var known in Sensitive)
            if (system.StartsWith(known, StringComparison.Ordinal)) return code;
        return code.ToLowerInvariant();
    }

    /// <summary>The same in UTF-8.</summary>
    public static ReadOnlySpan<byte> Fold(ReadOnlySpan<byte> system, ReadOnlySpan<byte> code)
    {
        if (code.IndexOfAnyInRange((byte)'A', (byte)'Z') < 0 && code.IndexOfAnyExceptInRange((byte)0, (byte)0x7F) < 0) return code;
        foreach (var known in SensitiveUtf8)
            if (system.StartsWith(known)) return code;
        return Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(code).ToLowerInvariant());
    }
}

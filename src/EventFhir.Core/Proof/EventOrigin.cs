using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace EventFhir.Core.Proof;

/// <summary>
/// Who made an event, and why: names and values, absent ones left out. A leaf has its hash only. The hash begins with the id of the event, so that
/// two events of one person do not look alike.
/// </summary>
/// <param name="Facts">In the order in which they are hashed; a name that is added later stands behind the others.</param>
public sealed record EventOrigin(Guid EventId, ImmutableArray<KeyValuePair<string, string>> Facts)
{
    public TreeHash Hash() => TreeHash.Read(SHA256.HashData(Encoding.UTF8.GetBytes(ToString())));

    /// <summary>The text that is hashed: the id and a line feed, then for each fact the name, a space, the bytes of the value in decimal, a line
    /// feed, the value and a line feed.</summary>
    public override string ToString()
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{EventId:D}\n");
        foreach (var (name, value) in Facts)
            text.Append(CultureInfo.InvariantCulture, $"{name} {Encoding.UTF8.GetByteCount(value)}\n{value}\n");
        return text.ToString();
    }
}

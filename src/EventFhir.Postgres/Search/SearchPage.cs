using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

using EventFhir.Postgres.Reading;

namespace EventFhir.Postgres.Search;

/// <summary>One page of a search.</summary>
/// <param name="Included">What _include and _revinclude add to the matches of this page; each once, and none that is a match.</param>
/// <param name="Total">Null where counting was not asked for, or would not be nearly free (docs/conformance.md).</param>
/// <param name="Next">Null on the last page.</param>
public sealed record SearchPage(ImmutableArray<StoredVersion> Matches, ImmutableArray<StoredVersion> Included, long? Total, SearchCursor? Next)
{
    /// <summary>How well each match meets the words of the search, 0 to 1; empty if the search asks for no words.</summary>
    public ImmutableArray<decimal?> Scores { get; init; } = [];
}

/// <summary>
/// Where a page ended: the sort keys of its last match and its surrogate. Only the server's own links carry one, and they are signed, so what is
/// read back is what was written.
/// </summary>
/// <param name="Keys">As PostgreSQL writes them; null where the match had no value.</param>
/// <param name="Total">As the first page said it.</param>
public sealed record SearchCursor(ImmutableArray<string?> Keys, long Rid, long? Total)
{
    public override string ToString() => JsonSerializer.Serialize(
        [Rid.ToString(CultureInfo.InvariantCulture), Total?.ToString(CultureInfo.InvariantCulture), .. Keys], SearchCursorJson.Default.StringArray);

    /// <summary>False for anything that <see cref="ToString"/> cannot have made.</summary>
    public static bool TryParse(string text, out SearchCursor? cursor)
    {
        cursor = null;
        try
        {
            var parts = JsonSerializer.Deserialize(text, SearchCursorJson.Default.StringArray);
            if (parts is null || parts.Length < 2 || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var rid))
                return false;
            long? total = null;
            if (parts[1] is { } given)
            {
                if (!long.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return false;
                total = number;
            }
            cursor = new SearchCursor([.. parts[2..]], rid, total);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}

[JsonSerializable(typeof(string?[]))]
internal sealed partial class SearchCursorJson : JsonSerializerContext;

using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

using EventFhir.Model.Definitions;
using EventFhir.Postgres.Reading;

namespace EventFhir.Postgres.Search;

/// <summary>One page of a search.</summary>
/// <param name="Included">What _include and _revinclude add to the matches of this page; each once, and none that is a match.</param>
/// <param name="Total">Null where counting was not asked for, or would not be nearly free (docs/conformance.md).</param>
/// <param name="Next">Null on the last page.</param>
/// <param name="Previous">Null on the first page.</param>
public sealed record SearchPage(
    ImmutableArray<StoredVersion> Matches, ImmutableArray<StoredVersion> Included, long? Total, SearchCursor? Next, SearchCursor? Previous)
{
    /// <summary>How well each match meets the words of the search, 0 to 1; empty if the search asks for no words.</summary>
    public ImmutableArray<decimal?> Scores { get; init; } = [];

    /// <summary>Contained resources that match, where they themselves are asked for: after the others.</summary>
    public ImmutableArray<ContainedMatch> Contained { get; init; } = [];

    /// <summary>pg_snapshot of the first page; empty if nothing was found.</summary>
    public string Snapshot { get; init; } = "";
}

/// <summary>A match that another resource contains.</summary>
/// <param name="Id">Within the container; null if it has none.</param>
/// <param name="Body">The UTF-8 JSON, as it is in the container.</param>
public sealed record ContainedMatch(StoredVersion Container, TypeDefinition Type, string? Id, ReadOnlyMemory<byte> Body);

public enum PageDirection { Forward, Backward }

/// <summary>
/// Where a page begins: after the last match of the page before, or before the first match of the page after; and what the first page saw, for all
/// pages are as of then. Only the server's own links carry one, and they are signed, so what is read back is what was written.
/// </summary>
/// <param name="Keys">The sort keys of that match, as PostgreSQL writes them; null where it had no value. Among contained resources, which have
/// no order of their own, how many matches behind that one the page begins (<see cref="ContainedReader"/>).</param>
/// <param name="Rid">Its surrogate.</param>
/// <param name="Total">As the first page said it.</param>
/// <param name="Snapshot">pg_snapshot of the first page: "xmin:xmax:xip,xip,…".</param>
public sealed record SearchCursor(PageDirection Direction, ImmutableArray<string?> Keys, long Rid, long? Total, string Snapshot)
{
    /// <summary>The first page as of a snapshot.</summary>
    public static SearchCursor AsOf(string snapshot) => new(PageDirection.Forward, [], Rid: 0, Total: null, snapshot);

    /// <summary>Nothing comes before: surrogates begin with 1.</summary>
    public bool IsStart => Rid == 0 && Keys.IsEmpty;

    private const string Backward = "b";
    private const string Forward = "f";

    public override string ToString() => JsonSerializer.Serialize(
        [
            Direction is PageDirection.Forward ? Forward : Backward, Snapshot, Rid.ToString(CultureInfo.InvariantCulture),
            Total?.ToString(CultureInfo.InvariantCulture), .. Keys,
        ],
        SearchCursorJson.Default.StringArray);

    /// <summary>False for anything that <see cref="ToString"/> cannot have made.</summary>
    public static bool TryParse(string text, out SearchCursor? cursor)
    {
        cursor = null;
        try
        {
            var parts = JsonSerializer.Deserialize(text, SearchCursorJson.Default.StringArray);
            if (parts is not [Forward or Backward, { } snapshot, { } place, var given, .. var keys] || !SnapshotText.IsValid(snapshot)) return false;
            if (!long.TryParse(place, NumberStyles.None, CultureInfo.InvariantCulture, out var rid)) return false;
            long? total = null;
            if (given is not null)
            {
                if (!long.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return false;
                total = number;
            }
            var direction = parts[0] is Forward ? PageDirection.Forward : PageDirection.Backward;
            cursor = new SearchCursor(direction, [.. keys], rid, total, snapshot);
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

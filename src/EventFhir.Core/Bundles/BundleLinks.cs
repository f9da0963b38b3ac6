using EventFhir.Core.Events;

namespace EventFhir.Core.Bundles;

/// <summary>
/// Where the links of a transaction lead: each fullUrl to the identity that its entry has on this server, and each conditional reference to what
/// it was found to mean (R4 http.html#trules, bundle.html#references).
/// </summary>
public sealed class BundleLinks
{
    private readonly Dictionary<string, ResourceKey> targets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Outcome<string>> criteria = new(StringComparer.Ordinal);

    /// <summary>Most URIs of a resource are no fullUrl, and nearly all are of another length.</summary>
    private readonly HashSet<int> lengths = [];

    /// <summary>False if another entry has this fullUrl.</summary>
    public bool TryAdd(string fullUrl, ResourceKey key)
    {
        lengths.Add(fullUrl.Length);
        return targets.TryAdd(fullUrl, key);
    }

    /// <param name="meaning">Type/id, or why it means nothing.</param>
    public void AddCriteria(string reference, Outcome<string> meaning) => criteria[reference] = meaning;

    public bool MayHave(int length) => lengths.Contains(length);

    public bool TryFind(string fullUrl, out ResourceKey key) => targets.TryGetValue(fullUrl, out key);

    public bool TryFindCriteria(string reference, out Outcome<string> meaning) => criteria.TryGetValue(reference, out meaning);

    /// <summary>
    /// What a relative reference in an entry is relative to: a fullUrl that is a RESTful URL without its last two parts. Null if it is none
    /// (R4 bundle.html#references).
    /// </summary>
    public static string? BaseOf(string? fullUrl)
    {
        if (fullUrl is null || !fullUrl.StartsWith("http", StringComparison.OrdinalIgnoreCase)) return null;
        var id = fullUrl.LastIndexOf('/');
        var type = id > 0 ? fullUrl.LastIndexOf('/', id - 1) : -1;
        return type > 0 ? fullUrl[..(type + 1)] : null;
    }
}

using EventFhir.Core.Search.Indexing;

namespace EventFhir.Core.Search.Parameters;

/// <summary>
/// The one place that holds the search parameters in force on this node. Who works on a request takes them from here once and keeps to them;
/// a change swaps the whole.
/// </summary>
public sealed class ActiveDefinitions(SearchDefinitions definitions, Uri? baseUrl)
{
    private volatile IndexExtractor extractor = new(definitions, baseUrl);

    public SearchDefinitions Current => extractor.Definitions;

    /// <summary>Extracts by <see cref="Current"/>; its entries carry the generation.</summary>
    public IndexExtractor Extractor => extractor;

    public void Swap(SearchDefinitions next) => extractor = extractor.With(next);
}

using EventFhir.Model.Definitions;

namespace EventFhir.Core.Search;

/// <summary>What happens to parameters that the server does not know (R4 search.html#errors; Prefer: handling=…).</summary>
public enum UnknownParameters { Refuse, Ignore }

/// <summary>What reading a query needs beside the query.</summary>
/// <param name="Definitions">The parameters that may be used.</param>
/// <param name="BaseUrl">The base of this server without final slash: absolute references below it count as relative ones.</param>
/// <param name="Now">For approximate dates, which widen with the distance from now.</param>
public sealed record SearchContext(SearchDefinitions Definitions, string BaseUrl, DateTimeOffset Now, UnknownParameters Unknown)
{
    public Release Release => Definitions.Release;
    public SearchCatalog Catalog => Definitions.Catalog;
}

using System.Collections.Immutable;

using EventFhir.Core;
using EventFhir.Core.Search;
using EventFhir.Model.Definitions;
using EventFhir.Server.Formats;

namespace EventFhir.Server.Rest;

/// <summary>_summary and _elements of a read or history (R4 search.html#summary, #elements); a search reads its own.</summary>
public sealed record SubsetRequest(SummaryMode Summary, ImmutableArray<string> Elements)
{
    public static readonly ImmutableArray<string> Parameters = ["_summary", "_elements"];

    public static readonly SubsetRequest Whole = new(SummaryMode.None, []);

    public SubsetWriter Writer => new(Summary, Elements);

    /// <param name="types">Whose elements may be named.</param>
    public static Outcome<SubsetRequest> Read(IQueryCollection query, ImmutableArray<TypeDefinition> types)
    {
        if (query.Count == 0) return Whole;
        var (summary, elements) = (query["_summary"], query["_elements"].ToString());
        SummaryMode? mode = summary is [] or [""] ? SummaryMode.None : summary is [{ } value] ? SummaryModes.Find(value) : null;
        if (mode is null) return Bad(SummaryModes.Meaning);
        string[] names = elements.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (names.Any(name => !types.Any(type => type.FindElement(name) is not null)))
            return Bad("_elements takes the names of elements at the root of the resources asked for.");
        return new SubsetRequest(mode.Value, [.. names]);
    }

    private static Refusal Bad(string diagnostics) => Refusal.Of(RefusalKind.BadRequest, "value", diagnostics);
}

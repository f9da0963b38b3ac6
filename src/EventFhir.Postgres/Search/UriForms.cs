using System.Diagnostics;

using EventFhir.Core.Search;
using EventFhir.Core.Search.Indexing;

namespace EventFhir.Postgres.Search;

/// <summary>What to look up for a URI: itself, what it lies below, or what lies below it (R4 search.html#uri).</summary>
internal static class UriForms
{
    public static IEnumerable<long> Hashes(string parameter, SearchValue value) => value switch
    {
        SearchValue.Uri { Match: UriMatch.Exact } uri => [Hashing.Term(parameter, TermForm.Uri, uri.Value)],
        SearchValue.Uri { Match: UriMatch.Above } uri => UriPath.SelfAndAbove(uri.Value).Select(above =>
            Hashing.Term(parameter, TermForm.Uri, above)),
        SearchValue.Uri { Match: UriMatch.Below } uri =>
        [
            Hashing.Term(parameter, TermForm.Uri, UriPath.Trim(uri.Value)), Hashing.Term(parameter, TermForm.Below, UriPath.Trim(uri.Value)),
        ],
        SearchValue.ReferenceUrl url => [Hashing.Term(parameter, TermForm.Uri, url.Url)],
        SearchValue.Reference { Type: null } reference => [Hashing.Term(parameter, TermForm.Uri, reference.Id)],
        SearchValue.Reference reference => [Hashing.Term(parameter, TermForm.Uri, $"{reference.Type.Name}/{reference.Id}")],
        SearchValue.ReferenceIdentifier => [],
        _ => throw new UnreachableException($"{value.GetType().Name} is no URI."),
    };
}

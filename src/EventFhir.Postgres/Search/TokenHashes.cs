using System.Diagnostics;
using System.Text;

using EventFhir.Core.Search;
using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;

namespace EventFhir.Postgres.Search;

/// <summary>The hashes under which the index keeps tokens.</summary>
internal static class TokenHashes
{
    /// <summary>
    /// Every hash that a value stands for. A whole system is also each of its codes, as a plain code has its system by its binding and is stored
    /// with its own hash alone.
    /// </summary>
    public static IEnumerable<long> AllOf(Release release, string parameter, SearchValue value)
    {
        yield return Of(parameter, value);
        if (value is SearchValue.Token { LowerCode: { } lower } cased) yield return Of(parameter, cased with { Code = lower, LowerCode = null });
        if (value is not SearchValue.Token { System: { Length: > 0 } system, Code: null }) yield break;
        foreach (var code in CodesOf(release, system))
            yield return Hashing.Term(parameter, TermForm.SystemCode, system, code);
    }

    public static long Of(string parameter, SearchValue value) => value switch
    {
        SearchValue.Token { System: null, Code: { } code } => Hashing.Term(parameter, TermForm.Code, code),
        SearchValue.Token { System: { } system, Code: { } code } => Hashing.Term(parameter, TermForm.SystemCode, system, code),
        SearchValue.Token { System: { } system } => Hashing.Term(parameter, TermForm.System, system),
        SearchValue.TokenOfType type => With(Hashing.Term(parameter, TermForm.OfType, type.System, type.Code), type.Value),
        _ => throw new UnreachableException($"{value.GetType().Name} is no token."),
    };

    public static long With(long hash, string part) => Hashing.With(hash, Encoding.UTF8.GetBytes(part));

    private static IEnumerable<string> CodesOf(Release release, string system) =>
        release.CodeLists.SelectMany(list => list.Codes).Where(entry => entry.System == system).Select(entry => entry.Code).Distinct();
}

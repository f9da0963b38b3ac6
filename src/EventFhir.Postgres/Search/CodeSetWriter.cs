using System.Collections.Immutable;
using System.Diagnostics;

using EventFhir.Core.Search;
using EventFhir.Core.Search.Indexing;
using EventFhir.Core.Terminology;
using EventFhir.Postgres.Sql;

namespace EventFhir.Postgres.Search;

/// <summary>Tokens that are among the codes of a set, for :in, :not-in, :above and :below.</summary>
internal sealed class CodeSetWriter(SqlBuilder sql)
{
    /// <summary>
    /// More codes than this are first reduced to those in use: a row compares each of its terms with each of the codes, and a search in the GIN
    /// looks up each code, while the resources of a type use a few hundred different ones.
    /// </summary>
    private const int CodesComparedMax = 100;

    public void Write(TableNames tables, ParameterPlacement placement, ImmutableArray<SearchValue> values)
    {
        var codes = new HashSet<SystemCode>();
        foreach (var value in values)
        {
            codes.UnionWith(CodesOf(value).Codes);
            // As the index has those of codings.
            codes.UnionWith(CodesOf(value).Codes.Select(code => code with { Code = TokenCase.Fold(code.System, code.Code) }));
        }
        var parameter = placement.Parameter.Code;
        var hashes = codes.Select(code => Hashing.Term(parameter, TermForm.SystemCode, code.System, code.Code)).ToArray();
        var isRow = placement is ParameterPlacement.TokenIdentifiers || placement.Home is TermHome.Identifiers;
        if (placement is ParameterPlacement.TokenIdentifiers || hashes.Length <= CodesComparedMax)
        {
            if (isRow) sql.Append($"x.rid in (select t.rid from {tables.Identifiers} t where t.hash = any({hashes}))");
            else sql.Append($"x.terms && {hashes}");
            return;
        }
        var plain = codes.Select(code => Hashing.Term(parameter, TermForm.Code, code.Code)).ToArray();
        TermSets.Write(sql, tables, placement.Home, () =>
        {
            sql.Append($"select h.hash from unnest({hashes}, {plain}) h(hash, code)");
            sql.Append($" where exists (select from {tables.Lexicon} t where t.hash = h.code)");
        });
    }

    private static CodeSet CodesOf(SearchValue value) =>
        (value as SearchValue.TokenIn)?.Codes ?? throw new UnreachableException("A search reached SQL before its value sets were expanded.");
}

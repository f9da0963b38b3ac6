using System.Collections.Frozen;
using System.Collections.Immutable;

using EventFhir.Core.Search.Indexing;

namespace EventFhir.Core.Terminology;

/// <summary>A code of a code system.</summary>
public readonly record struct SystemCode(string System, string Code);

/// <summary>Codes, each once, in no order: the expansion of a value set, or a concept with what lies above or below it.</summary>
public sealed class CodeSet
{
    private readonly FrozenSet<SystemCode> lookup;
    private FrozenSet<SystemCode>? folded;

    public CodeSet(IEnumerable<SystemCode> codes)
    {
        lookup = codes.ToFrozenSet();
        Codes = [.. lookup];
    }

    public static CodeSet Empty { get; } = new([]);

    public ImmutableArray<SystemCode> Codes { get; }

    public bool Contains(SystemCode code) => lookup.Contains(code);

    /// <summary>True of a code of the set as it is, and as searches compare it.</summary>
    public bool ContainsAsCompared(SystemCode code) => Contains(code)
        || (folded ??= Codes.Select(each => each with { Code = TokenCase.Fold(each.System, each.Code) }).ToFrozenSet()).Contains(code);
}

using System.Collections.Frozen;
using System.Collections.Immutable;

namespace EventFhir.Core.Terminology;

/// <summary>A code of a code system.</summary>
public readonly record struct SystemCode(string System, string Code);

/// <summary>Codes, each once, in no order: the expansion of a value set, or a concept with what lies above or below it.</summary>
public sealed class CodeSet
{
    private readonly FrozenSet<SystemCode> lookup;

    public CodeSet(IEnumerable<SystemCode> codes)
    {
        lookup = codes.ToFrozenSet();
        Codes = [.. lookup];
    }

    public static CodeSet Empty { get; } = new([]);

    public ImmutableArray<SystemCode> Codes { get; }

    public bool Contains(SystemCode code) => lookup.Contains(code);
}

using System.Collections.Frozen;
using System.Text;

namespace EventFhir.Model.Ucum;

/// <summary>Only a derived unit is a multiple of others. The other kinds stand for themselves.</summary>
internal enum AtomKind { Base, Derived, Arbitrary, Special }

/// <summary>A unit atom of the UCUM table: a multiple of other units, or a base of its own.</summary>
/// <param name="Definition">The unit it is a multiple of; empty for all but derived ones.</param>
internal sealed record Atom(string Code, AtomKind Kind, bool TakesPrefix, Rational Value, string Definition);

/// <summary>The atoms and prefixes of UCUM, from the generated table (docs/definitions.md).</summary>
internal sealed class UcumTable
{
    private static readonly Lazy<UcumTable> LazyInstance = new(Load);
    private readonly FrozenDictionary<string, Atom> atoms;
    private readonly FrozenDictionary<string, Rational> prefixes;

    private UcumTable(FrozenDictionary<string, Atom> atoms, FrozenDictionary<string, Rational> prefixes) =>
        (this.atoms, this.prefixes) = (atoms, prefixes);

    public static UcumTable Instance => LazyInstance.Value;

    /// <summary>An atom, alone or with a prefix. The whole code wins over a prefix: "cd" is the candela, "Pa" the pascal.</summary>
    public (Atom Atom, Rational Prefix)? Find(string symbol)
    {
        if (atoms.GetValueOrDefault(symbol) is { } atom) return (atom, Rational.One);
        for (var length = 2; length >= 1; length--)
        {
            if (symbol.Length <= length || !prefixes.TryGetValue(symbol[..length], out var prefix)) continue;
            if (atoms.GetValueOrDefault(symbol[length..]) is { TakesPrefix: true } prefixed) return (prefixed, prefix);
        }
        return null;
    }

    private static UcumTable Load()
    {
        var atoms = new Dictionary<string, Atom>();
        var prefixes = new Dictionary<string, Rational>();
        using var stream = typeof(UcumTable).Assembly.GetManifestResourceStream("ucum.tables")
            ?? throw new InvalidOperationException("The table of units is not generated; run ./eng/generate.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        while (reader.ReadLine() is { } line)
        {
            if (line.Length == 0 || line[0] == '#') continue;
            var cells = line.Split('\t');
            if (cells[0] == "prefix") prefixes.Add(cells[1], Rational.Parse(cells[2]));
            else atoms.Add(cells[1], AtomOf(cells));
        }
        return new UcumTable(atoms.ToFrozenDictionary(), prefixes.ToFrozenDictionary());
    }

    private static Atom AtomOf(string[] cells)
    {
        var kind = Enum.Parse<AtomKind>(cells[0], ignoreCase: true);
        var isDerived = kind is AtomKind.Derived;
        return new Atom(cells[1], kind, cells[2] == "metric", isDerived ? Rational.Parse(cells[3]) : Rational.One, isDerived ? cells[4] : "");
    }
}

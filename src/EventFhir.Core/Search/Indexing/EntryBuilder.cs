using System.Collections.Immutable;
using System.Runtime.InteropServices;

using EventFhir.Core.Events;
using EventFhir.Core.Search.Words;
using EventFhir.Model.Elements;

namespace EventFhir.Core.Search.Indexing;

/// <summary>Collects the entries of one resource; used again for the next one. Hot path, measured by Benchmarks.</summary>
internal sealed class EntryBuilder
{
    private readonly List<long> terms = [];
    private readonly List<long> identifiers = [];
    private readonly List<ReferenceEntry> references = [];
    private readonly List<StringEntry> strings = [];
    private readonly List<NumberEntry> numbers = [];
    private readonly List<DateEntry> dates = [];
    private readonly List<LexiconEntry> lexicon = [];
    private readonly List<(Element Code, QuantityUnit Unit)> units = [];
    private ColumnValue[] columns = [];

    /// <summary>The values of the parameter at hand.</summary>
    public List<Element> Values { get; } = [];

    public TextWords? Narrative { get; set; }

    public TextWords? Content { get; set; }

    /// <summary>Where the terms of the parameter at hand go.</summary>
    public TermHome Home { get; set; }

    public void Start(int columnCount)
    {
        columns = columnCount == 0 ? [] : new ColumnValue[columnCount];
        (Narrative, Content) = (null, null);
        units.Clear();
    }

    /// <summary>The unit of a quantity; several parameters ask for the same one, and exact conversion is slow.</summary>
    public QuantityUnit UnitOf(QuantityValue quantity)
    {
        if (!quantity.Code.Exists()) return default;
        foreach (var known in units)
            if (known.Code == quantity.Code) return known.Unit;
        var unit = QuantityUnit.Of(quantity);
        units.Add((quantity.Code, unit));
        return unit;
    }

    public void Term(long hash) => (Home is TermHome.Terms ? terms : identifiers).Add(hash);

    /// <summary>A term whose text can be searched.</summary>
    public void Word(LexiconKind kind, int parameter, long hash, Element text)
    {
        Term(hash);
        if (!IsKnownWord(hash)) lexicon.Add(new(kind, parameter, hash, StringFolding.Fold(text.Text)));
    }

    /// <param name="folded">As StringFolding folds it; a canonical URL as it is.</param>
    public void Word(LexiconKind kind, int parameter, long hash, string folded)
    {
        Term(hash);
        if (!IsKnownWord(hash)) lexicon.Add(new(kind, parameter, hash, folded));
    }

    private bool IsKnownWord(long hash)
    {
        foreach (var known in lexicon)
            if (known.Hash == hash) return true;
        return false;
    }

    public void Identifier(long hash) => identifiers.Add(hash);
    public void Reference(int parameter, ResourceKey target) => references.Add(new(parameter, target));
    public void String(int parameter, string normalized, string exact) => strings.Add(new(parameter, normalized, exact));
    public void Number(long hash, decimal low, decimal high) => numbers.Add(new(hash, low, high));
    public void Date(long hash, DateInterval interval) => dates.Add(new(hash, interval.Low, interval.High));

    /// <summary>The first value of a column stays: what the layout puts into a column occurs once in a valid resource.</summary>
    public bool Column(int column, ColumnValue value)
    {
        if (columns[column].HasValue) return false;
        columns[column] = value;
        return true;
    }

    public IndexEntries Build(long generation) => new()
    {
        Generation = generation,
        Columns = ImmutableCollectionsMarshal.AsImmutableArray(columns),
        Terms = Distinct(terms, static (one, other) => one.CompareTo(other)),
        Identifiers = Distinct(identifiers, static (one, other) => one.CompareTo(other)),
        References = Distinct(references, Compare),
        Strings = Distinct(strings, Compare),
        Numbers = Distinct(numbers, Compare),
        Dates = Distinct(dates, Compare),
        Lexicon = Distinct(lexicon, static (one, other) => one.Hash.CompareTo(other.Hash)),
        Narrative = Narrative,
        Content = Content,
    };

    private static ImmutableArray<T> Distinct<T>(List<T> entries, Comparison<T> order)
    {
        if (entries.Count == 0) return [];
        var span = CollectionsMarshal.AsSpan(entries);
        if (span.Length > 1) span.Sort(order);
        var count = 1;
        for (var index = 1; index < span.Length; index++)
            if (order(span[index], span[count - 1]) != 0) span[count++] = span[index];
        var distinct = ImmutableArray.Create(span[..count]);
        entries.Clear();
        return distinct;
    }

    private static int Compare(ReferenceEntry one, ReferenceEntry other)
    {
        var order = one.Parameter.CompareTo(other.Parameter);
        if (order == 0) order = one.Target.Type.Number.CompareTo(other.Target.Type.Number);
        return order != 0 ? order : string.CompareOrdinal(one.Target.Id.Value, other.Target.Id.Value);
    }

    private static int Compare(StringEntry one, StringEntry other)
    {
        var order = one.Parameter.CompareTo(other.Parameter);
        if (order == 0) order = string.CompareOrdinal(one.Normalized, other.Normalized);
        return order != 0 ? order : string.CompareOrdinal(one.Exact, other.Exact);
    }

    private static int Compare(NumberEntry one, NumberEntry other)
    {
        var order = one.Hash.CompareTo(other.Hash);
        if (order == 0) order = one.Low.CompareTo(other.Low);
        if (order == 0) order = one.High.CompareTo(other.High);
        // 1.0 and 1.00 are equal, but leave different digits open.
        if (order == 0) order = one.Low.Scale.CompareTo(other.Low.Scale);
        return order != 0 ? order : one.High.Scale.CompareTo(other.High.Scale);
    }

    private static int Compare(DateEntry one, DateEntry other)
    {
        var order = one.Hash.CompareTo(other.Hash);
        if (order == 0) order = one.Low.CompareTo(other.Low);
        return order != 0 ? order : one.High.CompareTo(other.High);
    }
}

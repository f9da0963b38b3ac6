using System.Text;

using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;

namespace EventFhir.Core.Search.Indexing;

/// <summary>Turns the values of one parameter into entries, as its <see cref="ParameterPlacement"/> says. Hot path, measured by Benchmarks.</summary>
internal abstract class ValueWriter
{
    /// <summary>Adds the entries of one value; false if it has none that could be searched.</summary>
    public abstract bool Write(Element value, EntryBuilder into);

    /// <summary>The result of an expression that is no element: a System.Boolean.</summary>
    public virtual bool Write(bool value, EntryBuilder into) => false;

    /// <summary>What an extension says is its value.</summary>
    protected static Element Unwrap(Element value)
    {
        if (value.Type.Name != "Extension") return value;
        foreach (var child in value.ChildrenNamed("value")) return child;
        return value;
    }
}

/// <summary>The mark that answers :missing, added after the values.</summary>
internal readonly struct MarkWriter(string parameter, ValueMark mark)
{
    private readonly long hash = Hashing.Start(parameter, mark is ValueMark.Present ? TermForm.Present : TermForm.Absent);

    public void Write(bool hasValue, EntryBuilder into)
    {
        if (hasValue == mark is ValueMark.Present) into.Term(hash);
    }
}

/// <summary>Text for string parameters: whole strings and the words in them.</summary>
internal sealed class StringWriter(int parameter) : ValueWriter
{
    public StringWriter(string parameter) : this(Hashing.Parameter(parameter)) { }

    public override bool Write(Element value, EntryBuilder into)
    {
        value = Unwrap(value);
        if (value.Type.IsPrimitive) return WriteText(value, into);
        return value.Type.Name switch
        {
            "HumanName" => WriteParts(value, "text family given prefix suffix", into),
            "Address" => WriteParts(value, "text line city district state postalCode country", into),
            "CodeableConcept" => WriteParts(value, "text coding", into),
            "Coding" => WriteParts(value, "display", into),
            "ContactPoint" or "Identifier" => WriteParts(value, "value", into),
            "Annotation" => WriteParts(value, "text", into),
            "Reference" => WriteParts(value, "display", into),
            _ => false,
        };
    }

    private bool WriteParts(Element value, string names, EntryBuilder into)
    {
        var written = false;
        foreach (var child in value.Children)
            if (IsOneOf(child.Name, names)) written |= Write(child, into);
        return written;
    }

    private static bool IsOneOf(string name, string names)
    {
        var at = names.IndexOf(name, StringComparison.Ordinal);
        return at >= 0 && (at == 0 || names[at - 1] == ' ') && (at + name.Length == names.Length || names[at + name.Length] == ' ');
    }

    private bool WriteText(Element value, EntryBuilder into)
    {
        if (!value.HasValue) return false;
        var exact = value.Text;
        var folded = StringFolding.Fold(exact);
        var normalized = StringFolding.WithoutPunctuation(folded);
        into.String(parameter, Cut(normalized), exact);
        if (normalized.Length > IndexLimits.StringLengthMax) into.String(Hashing.LongText(parameter), normalized, LongMark);
        // Punctuation tells where words begin, so they are found before it goes.
        foreach (var word in StringWords.Following(folded)) into.String(parameter, Cut(StringFolding.WithoutPunctuation(word.ToString())), "");
        return true;
    }

    /// <summary>Stands where the row of a whole string has its exact text: what :contains looks through are the rows that have one.</summary>
    private const string LongMark = "+";

    /// <summary>Never between the two halves of a surrogate pair, which UTF-8 could not hold.</summary>
    public static string Cut(ReadOnlySpan<char> text)
    {
        if (text.Length <= IndexLimits.StringLengthMax) return text.ToString();
        var splitsPair = char.IsHighSurrogate(text[IndexLimits.StringLengthMax - 1]);
        return text[..(splitsPair ? IndexLimits.StringLengthMax - 1 : IndexLimits.StringLengthMax)].ToString();
    }

    public static string Cut(string text) => text.Length <= IndexLimits.StringLengthMax ? text : Cut(text.AsSpan());
}

/// <summary>URIs as rows that can be compared from the left.</summary>
internal sealed class UriRowWriter(string parameter) : ValueWriter
{
    private readonly int hash = Hashing.Parameter(parameter);

    public override bool Write(Element value, EntryBuilder into)
    {
        value = Unwrap(value);
        if (!value.HasValue) return false;
        var uri = value.Text;
        Add(uri, into);
        if (value.Type.Primitive is PrimitiveKind.Canonical && uri.IndexOf('|') is > 0 and var bar) Add(uri[..bar], into);
        return true;
    }

    private void Add(string uri, EntryBuilder into)
    {
        var cut = StringWriter.Cut(uri);
        into.String(hash, cut, cut.Length < uri.Length ? uri : "");
    }
}

/// <summary>URIs that many resources share, as terms.</summary>
internal sealed class UriTermWriter(string parameter, SearchParameterType type) : ValueWriter
{
    private readonly long uri = Hashing.Start(parameter, TermForm.Uri);
    private readonly long below = Hashing.Start(parameter, TermForm.Below);
    private readonly long canonical = Hashing.Start(parameter, TermForm.Canonical);
    private readonly int canonicals = LexiconEntry.NumberOf(parameter, LexiconKind.Canonical);

    public override bool Write(Element value, EntryBuilder into)
    {
        value = Unwrap(value);
        if (!value.HasValue) return false;
        var text = value.Utf8();
        WriteUri(uri, text, into);
        if (type is SearchParameterType.Reference) into.Word(LexiconKind.Canonical, canonicals, Hashing.With(canonical, text), value.Text);
        if (type is not SearchParameterType.Uri) return true;

        // The authority ends at the third slash of scheme://authority/path; urn:a:b has none.
        var start = text.IndexOf("://"u8) is > 0 and var scheme ? scheme + 3 : 0;
        for (var at = start; text[at..].IndexOf((byte)'/') is >= 0 and var slash; at += slash + 1)
            if (at + slash > start) into.Term(Hashing.With(below, text[..(at + slash)]));
        return true;
    }

    /// <summary>The URI as it is, and without its version if it is a canonical with one.</summary>
    public static void WriteUri(long start, ReadOnlySpan<byte> uri, EntryBuilder into)
    {
        into.Term(Hashing.With(start, uri));
        if (uri.IndexOf((byte)'|') is > 0 and var bar) into.Term(Hashing.With(start, uri[..bar]));
    }
}

/// <summary>A position, as R4 Location.position has it.</summary>
internal sealed class CoordinatesWriter(int latitude, int longitude) : ValueWriter
{
    public override bool Write(Element value, EntryBuilder into)
    {
        if (!GeoPosition.TryRead(value, out var place)) return false;
        return into.Column(latitude, ColumnValue.Of(place.Latitude)) && into.Column(longitude, ColumnValue.Of(place.Longitude));
    }
}

using System.Collections.Immutable;

using EventFhir.Model.Definitions;

namespace EventFhir.Core.Search.Indexing;

/// <summary>
/// Where the values of one search parameter of one resource type are stored, so that a query knows where to look. Column numbers count in
/// <see cref="TypeLayout.Columns"/>. H(form, parts…) is a hash of <see cref="Hashing"/> over this parameter's code; P is its 32-bit hash.
/// <para>:missing=false — for columns: the first one is not null; for rows: a row exists; for terms as <see cref="ValueMark"/> says.</para>
/// </summary>
public abstract record ParameterPlacement
{
    private ParameterPlacement(SearchParameterDefinition parameter) => Parameter = parameter;

    public SearchParameterDefinition Parameter { get; }

    /// <summary>The types of value the parameter may have, by its expression; empty if the expression is no path.</summary>
    public ImmutableArray<TypeDefinition> ValueTypes { get; init; } = [];

    /// <summary>True if the values are media types, of which "image" and "image/png" have others below them (R4 search.html#mimetype).</summary>
    public bool IsMediaType { get; init; }

    /// <summary>Where its terms are. What is said of terms below holds of identifiers where it is there.</summary>
    public TermHome Home { get; init; }

    /// <summary>Where the values really are.</summary>
    internal ParameterPlacement Stored => this is SameAs same ? same.Of.Stored : this;

    internal SearchExpression Expression { get; init; } = new("", []);

    /// <summary>_id and _lastUpdated: the head of the resource, es.stream.</summary>
    public sealed record Head(SearchParameterDefinition Parameter) : ParameterPlacement(Parameter);

    /// <summary>_text: the words of the narrative.</summary>
    public sealed record Narrative(SearchParameterDefinition Parameter) : ParameterPlacement(Parameter);

    /// <summary>The words of the whole resource, in content_….</summary>
    public sealed record Content(SearchParameterDefinition Parameter) : ParameterPlacement(Parameter);

    /// <summary>Nothing is stored for it: the parameter is no value of the resource (_query, _filter), or is off (_content).</summary>
    public sealed record Nowhere(SearchParameterDefinition Parameter) : ParameterPlacement(Parameter);

    /// <summary>The values are another parameter's, or those of them that point to Target. For :missing, H(Present) of this parameter stands for a
    /// reference to Target that has no key.</summary>
    public sealed record SameAs(SearchParameterDefinition Parameter, ParameterPlacement Of, TypeDefinition? Target) : ParameterPlacement(Parameter);

    /// <summary>The values are those of the other parameters together (combo-code: code and component-code).</summary>
    public sealed record UnionOf(SearchParameterDefinition Parameter, ImmutableArray<ParameterPlacement> Parts) : ParameterPlacement(Parameter);

    /// <summary>
    /// At most one reference: the column holds the target. What is no key of this server is in the terms: H(Uri, text as it is); for a
    /// version-specific reference there are both. Reference.identifier: identifiers H(IdentifierSystemCode, system, value) and
    /// H(IdentifierCode, value).
    /// H(Present) stands for a value that has no key. Canonicals as in <see cref="UriTerms"/>.
    /// </summary>
    public sealed record ReferenceColumn(SearchParameterDefinition Parameter, int Column) : ParameterPlacement(Parameter);

    /// <summary>As <see cref="ReferenceColumn"/>, with rows (P, target) instead of a column.</summary>
    public sealed record ReferenceRows(SearchParameterDefinition Parameter) : ParameterPlacement(Parameter);

    /// <summary>At most one date: the interval [low, high), with infinite ends where it is open.</summary>
    public sealed record DateColumns(SearchParameterDefinition Parameter, int Low, int High) : ParameterPlacement(Parameter);

    /// <summary>Rows (H(Any), low, high).</summary>
    public sealed record DateRows(SearchParameterDefinition Parameter) : ParameterPlacement(Parameter);

    /// <summary>At most one number, exact as given. High is null unless the value is a range; open ends are decimal.MinValue and MaxValue.</summary>
    public sealed record NumberColumns(SearchParameterDefinition Parameter, int Low, int High) : ParameterPlacement(Parameter);

    /// <summary>Rows (H(Any), low, high).</summary>
    public sealed record NumberRows(SearchParameterDefinition Parameter) : ParameterPlacement(Parameter);

    /// <summary>
    /// At most one quantity. Low and High: as given, as in <see cref="NumberColumns"/>. Where the unit is UCUM: its value in canonical units, with
    /// Unit = H(CanonicalUnit, canonical unit); otherwise these are null and the terms hold H(SystemCode, system, code).
    /// For a unit without system the terms hold H(Code, code) and H(Code, human unit).
    /// </summary>
    public sealed record QuantityColumns(
        SearchParameterDefinition Parameter, int Low, int High, int CanonicalLow, int CanonicalHigh, int Unit) : ParameterPlacement(Parameter);

    /// <summary>
    /// Rows (H(Any), low, high), and the same values by unit: (H(CanonicalUnit, unit), canonical low, canonical high) where it is UCUM, else
    /// (H(SystemCode, system, code), low, high); and (H(Code, code or human unit), low, high).
    /// </summary>
    public sealed record QuantityRows(SearchParameterDefinition Parameter) : ParameterPlacement(Parameter);

    /// <summary>
    /// Codes of codings are as <see cref="TokenCase"/> folds them.
    /// Terms H(SystemCode, system, code), H(Code, code), H(System, system), H(Text, normalized display) and the mark.
    /// Lexicon: each H(Text) for :text, each H(Code) for :code-text (<see cref="LexiconEntry"/>).
    /// A code has the system of its required binding; values without system have SystemCode with an empty one.
    /// </summary>
    public sealed record TokenTerms(SearchParameterDefinition Parameter, ValueMark Mark) : ParameterPlacement(Parameter);

    /// <summary>
    /// Near-unique tokens. Identifiers: H(SystemCode, system, value), H(Code, value) and H(OfType, type system, type code, value).
    /// Terms: H(System, system), H(Text, normalized type text) and the mark. Lexicon: each H(Text).
    /// </summary>
    public sealed record TokenIdentifiers(SearchParameterDefinition Parameter, ValueMark Mark) : ParameterPlacement(Parameter);

    /// <summary>
    /// Rows (P, normalized, exact) for the whole of each string, and (P, word, "") for each word after the first (<see cref="StringWords"/>).
    /// Normalized is cut at <see cref="IndexLimits.StringLengthMax"/>, or one before it where that would split a pair of surrogates; a row of
    /// such a length may stand for a longer value: then there is also a row (<see cref="Hashing.LongText"/> of P, all of it normalized, "").
    /// </summary>
    public sealed record StringRows(SearchParameterDefinition Parameter) : ParameterPlacement(Parameter);

    /// <summary>
    /// Rows (P, uri, "") with the URI as it is; a canonical with a version has also a row without it. Cut as in <see cref="StringRows"/>,
    /// then with the URI as exact.
    /// </summary>
    public sealed record UriRows(SearchParameterDefinition Parameter) : ParameterPlacement(Parameter);

    /// <summary>
    /// URIs that many resources share (profiles, sources, canonical references): terms H(Uri, uri), for a canonical with version also without it,
    /// and the mark; for parameters of type uri also H(Below, prefix) for each prefix that ends before a "/" after the authority.
    /// For references, H(Canonical, text as it is), with the text in the lexicon; there too what means a resource: H(CanonicalName, text).
    /// </summary>
    public sealed record UriTerms(SearchParameterDefinition Parameter, ValueMark Mark) : ParameterPlacement(Parameter);

    /// <summary>Latitude and longitude in degrees; both are null for numbers that name no place on Earth.</summary>
    public sealed record Coordinates(SearchParameterDefinition Parameter, int Latitude, int Longitude) : ParameterPlacement(Parameter);

    /// <summary>A composite on the resource itself: all components hold, each as its own parameter stores it.</summary>
    public sealed record Conjunction(
        SearchParameterDefinition Parameter, ImmutableArray<ParameterPlacement> Components) : ParameterPlacement(Parameter);

    /// <summary>
    /// A composite on a repeating element; <paramref name="Last"/> tells where it is stored. The components before the last are hashed: for tokens
    /// C(SystemCode, system, code) or C(Code, code), for references and URIs C(Uri, "Type/id" or uri), C being <see cref="Hashing.Component"/>;
    /// K is H(Composite, these hashes in order), one for each combination.
    /// </summary>
    public sealed record Composite(
        SearchParameterDefinition Parameter, CompositeEnd Last, ImmutableArray<CompositePart> Parts) : ParameterPlacement(Parameter);
}

/// <summary>Where hashes are that others share.</summary>
public enum TermHome
{
    /// <summary>In the array of the x_ row.</summary>
    Terms,

    /// <summary>Rows of ident_…: custom parameters, which come and go without touching the x_ rows.</summary>
    Identifiers,
}

/// <summary>How a composite ends, and so where it is stored.</summary>
public enum CompositeEnd
{
    /// <summary>Hashed as the others: terms K.</summary>
    Token,

    /// <summary>Hashed as the others, with a reference among them: identifiers K, as references are near-unique.</summary>
    Reference,

    /// <summary>Rows of numbers (K, low, high).</summary>
    Number,

    /// <summary>Rows of numbers (K, first number, second number).</summary>
    NumberPair,

    /// <summary>
    /// Rows of numbers (K, low, high) as given, and by unit: where it is UCUM (<see cref="Hashing.With(long, ReadOnlySpan{byte})"/> of K and the
    /// canonical unit, canonical low, canonical high), else (the same of K, system and code, low, high).
    /// </summary>
    Quantity,

    /// <summary>Rows of dates (K, low, high).</summary>
    Date,

    /// <summary>Rows of strings, with <see cref="Hashing.Parameter(string, long)"/> of K as parameter.</summary>
    String,
}

/// <summary>A component of a composite, and the parameter that gives it its type.</summary>
public sealed record CompositePart(SearchParameterDefinition Parameter, string Expression)
{
    internal SearchExpression Compiled { get; init; } = new("", []);
}

/// <summary>Which resources carry a mark in their terms, for :missing: those with a value, or where nearly all have one, those without.</summary>
public enum ValueMark
{
    /// <summary>H(Present) where there is a value.</summary>
    Present,

    /// <summary>H(Absent) where there is none: the element is required.</summary>
    Absent,
}

public static class IndexLimits
{
    /// <summary>The longest normalized string or URI in a row, in UTF-16 code units; a B-tree entry has about 2,700 bytes of room.</summary>
    public const int StringLengthMax = 256;
}

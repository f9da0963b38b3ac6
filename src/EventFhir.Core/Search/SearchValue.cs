using System.Collections.Immutable;

using EventFhir.Core.Search.Indexing;
using EventFhir.Core.Terminology;
using EventFhir.Model.Definitions;

namespace EventFhir.Core.Search;

/// <summary>The comparisons of R4 search.html#prefix, and two that only filters have: the stored period overlaps the one given, or includes it; of a
/// number that is what its digits leave open.</summary>
public enum Prefix { Equal, NotEqual, Greater, Less, GreaterOrEqual, LessOrEqual, StartsAfter, EndsBefore, Approximate, Overlaps, Includes }

/// <summary>How a text is compared: StartsWith with its whole and each of its words, Exact as it stands; all others, which filters have, with the
/// whole as it is folded, by code points.</summary>
public enum StringMatch { StartsWith, Exact, Contains, Equal, NotEqual, Begins, Ends, Greater, Less, GreaterOrEqual, LessOrEqual }

public enum UriMatch { Exact, Above, Below }

/// <summary>One value of a search parameter, parsed as its type and modifier say.</summary>
public abstract record SearchValue
{
    private SearchValue() { }

    /// <param name="Folded">The value as the index holds texts (StringFolding); used unless the match is exact.</param>
    public sealed record Text(StringMatch Match, string Given, string Folded) : SearchValue;

    /// <param name="System">Null for any, empty for "no system".</param>
    /// <param name="Code">Null for any.</param>
    public sealed record Token(string? System, string? Code) : SearchValue
    {
        /// <summary>The code in lower case, where it is looked for so as well: it may be one of a system whose case does not count.</summary>
        public string? LowerCode { get; init; }
    }

    /// <summary>:text: what is displayed for a code begins so, or a word in it.</summary>
    public sealed record TokenText(string Folded) : SearchValue;

    /// <summary>R5's :code-text: the code begins so, case and accents aside.</summary>
    public sealed record CodeText(string Folded) : SearchValue;

    /// <summary>:in, :not-in, :above and :below: a code of a set.</summary>
    /// <param name="Codes">Null until <see cref="TerminologyClauses"/> has put in the answer.</param>
    public sealed record TokenIn(CodeSetQuestion Question, CodeSet? Codes) : SearchValue;

    /// <summary>:below, where what lies below continues the text: media types ("text/xml; charset=utf-8" is below "text/xml") and the versions of
    /// canonical URLs ("url|1.2" is below "url|1").</summary>
    /// <param name="Kind">Of media types the codes as they are folded, of canonicals the references as they are.</param>
    /// <param name="Separators">What may follow the beginning where it goes on.</param>
    public sealed record Continued(LexiconKind Kind, string Beginning, ImmutableArray<string> Separators) : SearchValue;

    /// <summary>:of-type: an identifier of this type and value.</summary>
    public sealed record TokenOfType(string System, string Code, string Value) : SearchValue;

    /// <summary>A resource of this server.</summary>
    /// <param name="Type">Null if the request names the id only: then any type the parameter may point to.</param>
    public sealed record Reference(TypeDefinition? Type, string Id) : SearchValue;

    /// <summary>A reference to elsewhere, or a canonical, literally.</summary>
    public sealed record ReferenceUrl(string Url) : SearchValue;

    /// <summary>:above and :below: one of these, or what lies so in the hierarchy that the resources make.</summary>
    public sealed record Lineage(LineageDirection Direction, ImmutableArray<LineagePlace> Places) : SearchValue;

    /// <summary>:identifier: what Reference.identifier says.</summary>
    /// <param name="System">Null for any, empty for "no system".</param>
    public sealed record ReferenceIdentifier(string? System, string Value) : SearchValue;

    /// <param name="Low">The first instant of the value.</param>
    /// <param name="High">The first instant after it. For approximate values, both are already widened.</param>
    public sealed record Date(Prefix Prefix, DateTimeOffset Low, DateTimeOffset High) : SearchValue;

    /// <param name="Value">Exactly as given.</param>
    /// <param name="Low">The lowest number that equals it at its precision; widened for approximate values.</param>
    /// <param name="High">The first number above that does not.</param>
    public sealed record Number(Prefix Prefix, decimal Value, decimal Low, decimal High) : SearchValue;

    /// <param name="System">Null for any.</param>
    /// <param name="Unit">The code, or where there is no system the code or the human unit; null for any.</param>
    public sealed record Quantity(Number Amount, string? System, string? Unit) : SearchValue;

    public sealed record Uri(UriMatch Match, string Value) : SearchValue;

    /// <summary>A place within a distance of another.</summary>
    public sealed record Near(GeoCircle Circle) : SearchValue;

    /// <summary>One value for each component, in order.</summary>
    public sealed record Composite(ImmutableArray<SearchValue> Components) : SearchValue;
}

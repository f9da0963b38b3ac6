using System.Diagnostics;
using System.Globalization;

using EventFhir.Core.Search.Words;

namespace EventFhir.Core.Search;

/// <summary>A query as one line of text: for people who want to know how a search was understood, and for tests that are tables.</summary>
public static class QueryText
{
    public static string Of(SearchQuery query) => string.Join(" + ", query.Types.Select(Of));

    public static string Of(TypeQuery query) => $"{query.Type.Name}[{string.Join(" & ", query.Clauses.Select(Of))}]";

    private static string Of(Clause clause) => clause switch
    {
        Clause.Matches matches => $"{matches.Parameter.Code}={string.Join(" or ", matches.Values.Select(Of))}",
        Clause.Missing missing => $"missing {missing.Parameter.Code}",
        Clause.Not not => $"not({Of(not.Inner)})",
        Clause.AllOf all => $"all({string.Join(" and ", all.Clauses.Select(Of))})",
        Clause.AnyOf any => $"any({string.Join(" or ", any.Clauses.Select(Of))})",
        Clause.Chain chain => $"{chain.Parameter.Code} -> {string.Join(" or ", chain.Targets.Select(Of))}",
        Clause.Has has => $"{has.Parameter.Code} <- {Of(has.Source)}",
        Clause.Words words => $"{words.Source} says {Of(words.Query)}",
        Clause.Contains contains => $"contains {string.Join(" or ", contains.Types.Select(type => type.Name))}",
        Clause.Id id => $"id={string.Join(" or ", id.Ids)}",
        Clause.LastUpdated updated => $"updated={string.Join(" or ", updated.Values.Select(Of))}",
        _ => throw new UnreachableException($"No text is defined for {clause}."),
    };

    private static string Of(WordQuery query) => query switch
    {
        WordQuery.Phrase phrase => string.Join('_', phrase.Words),
        WordQuery.All all => $"({string.Join(" & ", all.Parts.Select(Of))})",
        WordQuery.Any any => $"({string.Join(" | ", any.Parts.Select(Of))})",
        WordQuery.Not not => $"!{Of(not.Inner)}",
        _ => throw new UnreachableException($"No text is defined for {query}."),
    };

    private static string Of(SearchValue value) => value switch
    {
        SearchValue.Text text => $"{text.Match} '{(text.Match is StringMatch.Exact ? text.Given : text.Folded)}'",
        SearchValue.Token token => $"{token.System ?? "*"}|{token.Code ?? "*"}",
        SearchValue.TokenText text => $"text '{text.Folded}'",
        SearchValue.CodeText text => $"code text '{text.Folded}'",
        SearchValue.Continued text => $"below '{text.Beginning}'",
        SearchValue.TokenIn token => $"{token.Question}",
        SearchValue.TokenOfType type => $"of {type.System}|{type.Code}|{type.Value}",
        SearchValue.Reference reference => $"{reference.Type?.Name ?? "*"}/{reference.Id}",
        SearchValue.Lineage lineage => $"{lineage.Direction} {string.Join(" or ", lineage.Places.Select(place => $"{place.Type.Name}/{place.Id}"))}",
        SearchValue.ReferenceUrl url => $"<{url.Url}>",
        SearchValue.ReferenceIdentifier identifier => $"identifier {identifier.System ?? "*"}|{identifier.Value ?? "*"}",
        SearchValue.Date date => $"{date.Prefix} {Instant(date.Low)}..{Instant(date.High)}",
        SearchValue.Number number => $"{number.Prefix} {Digits(number.Value)} [{Digits(number.Low)}, {Digits(number.High)})",
        SearchValue.Quantity quantity => $"{Of(quantity.Amount)} {quantity.System ?? "*"}|{quantity.Unit ?? "*"}",
        SearchValue.Uri uri => $"{uri.Match} <{uri.Value}>",
        SearchValue.Near near => Of(near.Circle),
        SearchValue.Composite composite => $"({string.Join(" $ ", composite.Components.Select(Of))})",
        _ => throw new UnreachableException($"No text is defined for {value}."),
    };

    /// <summary>The centre, and the corners of the box around the circle.</summary>
    private static string Of(GeoCircle circle) => string.Create(
        CultureInfo.InvariantCulture,
        $"{circle.Centre.Latitude}|{circle.Centre.Longitude} [{circle.South:0.###}|{circle.West:0.###}, {circle.North:0.###}|{circle.East:0.###}]");

    private static string Instant(DateTimeOffset instant) => instant.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF", CultureInfo.InvariantCulture);

    private static string Digits(decimal number) => number.ToString("0.#########", CultureInfo.InvariantCulture);
}

using System.Collections.Immutable;

namespace EventFhir.Core.Search.Filters;

/// <summary>A filter as it is written (R4 search_filter.html), before anything is known of the resource type.</summary>
internal abstract record FilterExpression
{
    private FilterExpression() { }

    public sealed record All(ImmutableArray<FilterExpression> Parts) : FilterExpression;

    public sealed record Any(ImmutableArray<FilterExpression> Parts) : FilterExpression;

    public sealed record Not(FilterExpression Inner) : FilterExpression;

    /// <summary>The set of values at the path, compared with one value.</summary>
    /// <param name="Operator">"eq", "co" and so on, as given.</param>
    public sealed record Test(ImmutableArray<FilterStep> Path, FilterWord Operator, FilterValue Value) : FilterExpression;
}

/// <summary>A name of a path, and the filter in brackets that narrows what it leads to.</summary>
internal sealed record FilterStep(FilterWord Name, FilterExpression? Condition);

/// <param name="Position">Of the first character, counted from 1.</param>
internal readonly record struct FilterWord(string Text, int Position);

/// <summary>Strings may hold blanks and brackets; apart from that they mean the same as tokens.</summary>
/// <param name="Text">What a JSON string says, or the token as it stands.</param>
internal readonly record struct FilterValue(string Text, FilterValueForm Form, int Position);

internal enum FilterValueForm { Token, String }

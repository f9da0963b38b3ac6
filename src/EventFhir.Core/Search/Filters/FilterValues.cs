using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;

namespace EventFhir.Core.Search.Filters;

/// <summary>What an operator and a value ask for, by the type of the parameter: the second table of R4 search_filter.html#ops.</summary>
internal sealed class FilterValues(SearchContext context)
{
    private readonly ValueParser values = new(context);

    public Outcome<SearchValue> Of(SearchParameterDefinition parameter, FilterExpression.Test test) => parameter.Type switch
    {
        SearchParameterType.String => Text(parameter, test),
        SearchParameterType.Token when test.Operator.Text is "eq" => Parse(parameter, test, WithSystem(test.Value.Text)),
        SearchParameterType.Token when ModifierOf(test.Operator.Text) is { } modifier =>
            Parse(parameter, test, WithSystem(test.Value.Text), modifier),
        SearchParameterType.Reference or SearchParameterType.Uri when test.Operator.Text is "re" or "eq" => Parse(parameter, test, test.Value.Text),
        SearchParameterType.Date when test.Operator.Text is "po" or "co" => Period(parameter, test),
        SearchParameterType.Number when test.Operator.Text is "co" => Precision(parameter, test),
        SearchParameterType.Date or SearchParameterType.Number when IsPrefix(test.Operator.Text) =>
            Parse(parameter, test, test.Operator.Text + test.Value.Text),
        SearchParameterType.Quantity when IsPrefix(test.Operator.Text) => Quantity(parameter, test),
        SearchParameterType.Composite when test.Operator.Text is "eq" => Parse(parameter, test, test.Value.Text),
        _ => NotApplicable(parameter, test),
    };

    public static Refusal NotApplicable(SearchParameterDefinition parameter, FilterExpression.Test test) => FilterClauses.Bad(
        test.Operator.Position, "invalid",
        IsOperator(test.Operator.Text)
            ? $"the operator '{test.Operator.Text}' does not apply to '{parameter.Code}'"
            : "this is no operator");

    private static bool IsPrefix(string operation) => operation is "eq" or "ne" or "gt" or "lt" or "ge" or "le" or "sa" or "eb" or "ap";

    private static bool IsOperator(string operation) =>
        IsPrefix(operation) || operation is "co" or "sw" or "ew" or "pr" or "po" or "ss" or "sb" or "in" or "ni" or "re";

    /// <summary>The operators on terminology are the modifiers of tokens. "ss" asks for what the value subsumes, "sb" for what it is subsumed
    /// by; "ni" is the negation of "in", which is made of the clause.</summary>
    public static string? ModifierOf(string operation) => operation switch { "in" or "ni" => "in", "ss" => "below", "sb" => "above", _ => null };

    private Outcome<SearchValue> Parse(SearchParameterDefinition parameter, FilterExpression.Test test, string text, string modifier = "")
    {
        var parsed = values.Parse(parameter, modifier, text);
        if (!parsed.IsRefused(out var refusal)) return parsed;
        return FilterClauses.Bad(test.Value.Position, refusal.Issues[0].Code, refusal.Issues[0].Diagnostics!.TrimEnd('.'));
    }

    private static Outcome<SearchValue> Text(SearchParameterDefinition parameter, FilterExpression.Test test)
    {
        StringMatch? match = test.Operator.Text switch
        {
            "eq" => StringMatch.Equal,
            "ne" => StringMatch.NotEqual,
            "co" => StringMatch.Contains,
            "sw" => StringMatch.Begins,
            "ew" => StringMatch.Ends,
            "gt" => StringMatch.Greater,
            "lt" => StringMatch.Less,
            "ge" => StringMatch.GreaterOrEqual,
            "le" => StringMatch.LessOrEqual,
            _ => null,
        };
        if (match is not { } how) return NotApplicable(parameter, test);
        var folded = StringFolding.Normalize(test.Value.Text);
        // Whole values are compared by their first characters, as the index holds them.
        if (how is not (StringMatch.Contains or StringMatch.Begins or StringMatch.Ends)) folded = Indexing.StringWriter.Cut(folded);
        return folded.Length > 0
            ? new SearchValue.Text(how, test.Value.Text, folded)
            : FilterClauses.Bad(test.Value.Position, "value", "the value holds no letter or digit");
    }

    /// <summary>po: the periods overlap; co: the stored period includes the one given.</summary>
    private Outcome<SearchValue> Period(SearchParameterDefinition parameter, FilterExpression.Test test)
    {
        var parsed = Parse(parameter, test, "eq" + test.Value.Text);
        if (parsed.IsRefused(out _)) return parsed;
        return (SearchValue.Date)parsed.Value with { Prefix = test.Operator.Text == "po" ? Prefix.Overlaps : Prefix.Includes };
    }

    /// <summary>co: what the digits of the stored number leave open includes the value given.</summary>
    private Outcome<SearchValue> Precision(SearchParameterDefinition parameter, FilterExpression.Test test)
    {
        var parsed = Parse(parameter, test, "eq" + test.Value.Text);
        return parsed.IsRefused(out _) ? parsed : (SearchValue.Number)parsed.Value with { Prefix = Prefix.Includes };
    }

    private Outcome<SearchValue> Quantity(SearchParameterDefinition parameter, FilterExpression.Test test)
    {
        var text = test.Value.Text;
        if (text.IndexOf('|') is > 0 and var bar) text = text[..(bar + 1)] + WithSystem(text[(bar + 1)..]);
        return Parse(parameter, test, test.Operator.Text + text);
    }

    /// <summary>R4: these four names may stand for the systems' URLs.</summary>
    private static string WithSystem(string token)
    {
        var bar = token.IndexOf('|');
        var system = bar < 0 ? null : token[..bar] switch
        {
            "loinc" => "http://loinc.org",
            "snomed" => "http://snomed.info/sct",
            "rxnorm" => "http://www.nlm.nih.gov/research/umls/rxnorm",
            "ucum" => CanonicalQuantity.System,
            _ => null,
        };
        return system is null ? token : system + token[bar..];
    }
}

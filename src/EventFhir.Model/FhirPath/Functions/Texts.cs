using System.Text.RegularExpressions;

using EventFhir.Model.FhirPath.Operations;

namespace EventFhir.Model.FhirPath.Functions;

/// <summary>FHIRPath N1, 5.6: functions of texts.</summary>
internal static class Texts
{
    public static Function[] Functions { get; } =
    [
        Of("length", 0, 0, (text, _) => FhirPathValue.Of(text.Length)),
        Of("upper", 0, 0, (text, _) => FhirPathValue.Of(text.ToUpperInvariant())),
        Of("lower", 0, 0, (text, _) => FhirPathValue.Of(text.ToLowerInvariant())),
        Of("trim", 0, 0, (text, _) => FhirPathValue.Of(text.Trim())),
        Of("startsWith", 1, 1, (text, arguments) => FhirPathValue.Of(text.StartsWith(TextOf(arguments[0]), StringComparison.Ordinal))),
        Of("endsWith", 1, 1, (text, arguments) => FhirPathValue.Of(text.EndsWith(TextOf(arguments[0]), StringComparison.Ordinal))),
        Of("contains", 1, 1, (text, arguments) => FhirPathValue.Of(text.Contains(TextOf(arguments[0]), StringComparison.Ordinal))),
        Of("indexOf", 1, 1, (text, arguments) => FhirPathValue.Of(text.IndexOf(TextOf(arguments[0]), StringComparison.Ordinal))),
        Of("lastIndexOf", 1, 1, (text, arguments) => FhirPathValue.Of(text.LastIndexOf(TextOf(arguments[0]), StringComparison.Ordinal))),
        Of("replace", 2, 2, (text, arguments) => FhirPathValue.Of(Replace(text, TextOf(arguments[0]), TextOf(arguments[1])))),
        new("substring", 1, 2, call => new Substring(call.Source, call.Arguments[0], call.Argument(1))),
        new("matches", 1, 2, call => new RegularExpression(call, Matches)),
        new("matchesFull", 1, 2, call => new RegularExpression(call, MatchesFull)),
        new("replaceMatches", 2, 3, call => new RegularExpression(call, ReplaceMatches)),
        Function.Collection("toChars", 0, 0, ToChars),
        Function.Collection("split", 1, 1, Split),
        Function.Collection("join", 0, 1, Join),
    ];

    public static string TextOf(FhirPathValue value) => value.Kind is FhirPathKind.String
        ? value.Text
        : throw FhirPathException.Execution($"A text is needed here, not {value.TypeInfo}.");

    public static Function Of(string name, int argumentsMin, int argumentsMax, Func<string, FhirPathValue[], FhirPathValue> compute) =>
        Function.Scalar(name, argumentsMin, argumentsMax, (input, arguments) => compute(TextOf(input), arguments));

    /// <summary>An empty pattern is found between all characters and at both ends.</summary>
    private static string Replace(string text, string pattern, string substitution)
    {
        var longest = pattern.Length == 0 ? (text.Length + 1L) * substitution.Length : text.Length / pattern.Length * (long)substitution.Length;
        if (longest > 4_000_000) throw FhirPathException.Limit("A text grew too long.");
        return pattern.Length > 0
            ? text.Replace(pattern, substitution, StringComparison.Ordinal)
            : substitution + string.Concat(text.Select(letter => letter + substitution));
    }

    private static FhirPathValue Matches(Regex regex, string text, string? _) => FhirPathValue.Of(regex.IsMatch(text));

    private static FhirPathValue MatchesFull(Regex regex, string text, string? _)
    {
        foreach (var match in regex.EnumerateMatches(text))
            if (match.Index == 0 && match.Length == text.Length) return FhirPathValue.Of(true);
        return FhirPathValue.Of(false);
    }

    private static FhirPathValue ReplaceMatches(Regex regex, string text, string? substitution) =>
        FhirPathValue.Of(regex.ToString().Length == 0 ? text : regex.Replace(text, substitution!));

    private static void ToChars(Evaluation evaluation, int start, Operation[] arguments)
    {
        var value = SystemValues.ToSystem(evaluation.TakeOne(start));
        if (value.IsNone) return;
        foreach (var letter in TextOf(value)) evaluation.Push(letter.ToString());
    }

    private static void Split(Evaluation evaluation, int start, Operation[] arguments)
    {
        var value = SystemValues.ToSystem(evaluation.TakeOne(start));
        var separator = arguments[0].OneSystem(evaluation);
        if (value.IsNone || separator.IsNone) return;
        if (TextOf(separator).Length == 0) ToCharacters(evaluation, TextOf(value));
        else
            foreach (var part in TextOf(value).Split(TextOf(separator))) evaluation.Push(part);
    }

    private static void ToCharacters(Evaluation evaluation, string text)
    {
        foreach (var letter in text) evaluation.Push(letter.ToString());
    }

    private static void Join(Evaluation evaluation, int start, Operation[] arguments)
    {
        if (evaluation.Count == start) return;
        var texts = Array.ConvertAll(evaluation.Copy(start), value => TextOf(SystemValues.ToSystem(value)));
        evaluation.Truncate(start);
        evaluation.Push(string.Join(arguments.Length > 0 ? TextOf(arguments[0].OneSystem(evaluation)) : "", texts));
    }
}

internal sealed class Substring(Operation source, Operation from, Operation? count) : Operation
{
    public override void Run(Evaluation evaluation)
    {
        var (text, first) = (source.OneSystem(evaluation), from.OneSystem(evaluation));
        if (text.IsNone || first.IsNone) return;
        if (first.Kind is not FhirPathKind.Integer) throw FhirPathException.Execution("The start of substring() must be an integer.");
        var all = Texts.TextOf(text);
        if (first.Integer < 0 || first.Integer >= all.Length) return;
        // An empty length counts as no length at all (FHIRPath N1, 5.6.2).
        var length = count?.OneSystem(evaluation) is { Kind: FhirPathKind.Integer } given ? given.Integer : int.MaxValue;
        evaluation.Push(all.Substring(first.Integer, Math.Clamp(length, 0, all.Length - first.Integer)));
    }
}

/// <summary>
/// Runs in time linear in the text, always: a pattern that the non-backtracking engine does not know (look-around, back-references) is refused.
/// Patterns that stand in the expression are compiled once.
/// </summary>
internal sealed class RegularExpression(FunctionCall call, Func<Regex, string, string?, FhirPathValue> answer) : Operation
{
    private readonly bool isReplacing = call.Node.Name == "replaceMatches";
    private Regex? literal;

    public override void Run(Evaluation evaluation)
    {
        var (text, pattern) = (call.Source.OneSystem(evaluation), call.Arguments[0].OneSystem(evaluation));
        var substitution = isReplacing ? call.Arguments[1].OneSystem(evaluation) : default;
        if (text.IsNone || pattern.IsNone || (isReplacing && substitution.IsNone)) return;
        var flags = call.Argument(isReplacing ? 2 : 1)?.OneSystem(evaluation) is { Kind: FhirPathKind.String } given ? given.Text : "";
        var regex = call.Arguments[0] is Constant && call.Argument(isReplacing ? 2 : 1) is null
            ? literal ??= Compile(pattern, flags)
            : Compile(pattern, flags);
        var input = Texts.TextOf(text);
        evaluation.Steps(input.Length / 16);
        var result = answer(regex, input, isReplacing ? Texts.TextOf(substitution) : null);
        if (result.Kind is FhirPathKind.String) evaluation.Push(result.Text);
        else evaluation.Push(result);
    }

    private static Regex Compile(FhirPathValue pattern, string flags)
    {
        var text = Texts.TextOf(pattern);
        if (text.Length > Limits.PatternCharactersMax) throw FhirPathException.Limit("The pattern is too long.");
        // The dot matches line ends as well (FHIRPath N1, 5.6.8: single-line mode).
        var options = RegexOptions.NonBacktracking | RegexOptions.Singleline | RegexOptions.CultureInvariant;
        if (flags.Contains('i', StringComparison.Ordinal)) options |= RegexOptions.IgnoreCase;
        if (flags.Contains('m', StringComparison.Ordinal)) options |= RegexOptions.Multiline;
        try
        {
            return new Regex(text, options);
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            throw FhirPathException.Execution("The pattern is no regular expression that can be matched in linear time.");
        }
    }
}

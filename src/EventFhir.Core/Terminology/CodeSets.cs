using EventFhir.Model;
using EventFhir.Model.Definitions;

namespace EventFhir.Core.Terminology;

/// <summary>A question whose answer is a set of codes.</summary>
public abstract record CodeSetQuestion
{
    private CodeSetQuestion() { }

    /// <summary>The codes of a value set.</summary>
    public sealed record InValueSet(SourceKey ValueSet) : CodeSetQuestion;

    /// <summary>The code and those that it is subsumed by (R4 codesystem.html#subsumption).</summary>
    public sealed record Above(string System, string Code) : CodeSetQuestion;

    /// <summary>The code and those that it subsumes.</summary>
    public sealed record Below(string System, string Code) : CodeSetQuestion;
}

/// <summary>Answers from the value sets and code systems at hand. Pure: see <see cref="TerminologySources"/> for how it gets them.</summary>
public static class CodeSets
{
    /// <summary>The answer counts only if no source is wanted afterwards.</summary>
    public static Outcome<CodeSet> Answer(CodeSetQuestion question, TerminologySources sources, Release release)
    {
        switch (question)
        {
            case CodeSetQuestion.InValueSet { ValueSet: var key }:
                var codes = new ValueSetExpander(sources, release).Expand(key);
                if (codes.IsRefused(out var refusal)) return refusal;
                return new CodeSet(codes.Value);
            case CodeSetQuestion.Above above:
                return Closure(above.System, above.Code, static concept => concept.Parents, sources);
            case CodeSetQuestion.Below below:
                return Closure(below.System, below.Code, static concept => concept.Children, sources);
            default:
                throw new System.Diagnostics.UnreachableException($"{question.GetType().Name} has no answer.");
        }
    }

    private static Outcome<CodeSet> Closure(string system, string code, Func<Concept, List<Concept>> next, TerminologySources sources)
    {
        var found = ValueSetExpander.CompleteSystem(sources, new Canonical(system, null));
        if (found.IsRefused(out var refusal)) return refusal;
        if (!found.Value.IsComplete) return CodeSet.Empty;
        if (!found.Value.HasSubsumption)
            return Refuse("not-supported", $"The hierarchy of the code system {system} does not mean is-a, so it has no subsumption.");
        if (found.Value.Find(code) is not { } concept) return Refuse("code-invalid", $"The code system {system} has no code '{code}'.");
        var concepts = CodeSystemContent.Closure(concept, next);
        return concepts.Count <= Limits.ExpansionCodesMax
            ? new CodeSet(concepts.Select(each => new SystemCode(system, each.Code)))
            : Refuse("too-costly", $"More than {Limits.ExpansionCodesMax} codes are related to '{code}'.");
    }

    private static Refusal Refuse(string code, string diagnostics) => Refusal.Of(RefusalKind.Unprocessable, code, diagnostics);
}

using System.Collections.Immutable;

namespace EventFhir.Core.Search.Words;

/// <summary>Which text of a resource is meant: that of the narrative (_text), or of the whole (_content).</summary>
public enum WordSource { Narrative, Content }

/// <summary>What a text has to say: the search language of _text and _content (R4 search.html#content) as data.</summary>
public abstract record WordQuery
{
    private WordQuery() { }

    /// <summary>These words, one after the other; a single word is a phrase of one.</summary>
    public sealed record Phrase(ImmutableArray<string> Words) : WordQuery;

    public sealed record All(ImmutableArray<WordQuery> Parts) : WordQuery;

    public sealed record Any(ImmutableArray<WordQuery> Parts) : WordQuery;

    public sealed record Not(WordQuery Inner) : WordQuery;

    public bool Holds(TextWords words) => this switch
    {
        Phrase { Words: [var only] } => words.Contains(only),
        Phrase phrase => words.ContainsPhrase(phrase.Words),
        All all => all.Parts.All(part => part.Holds(words)),
        Any any => any.Parts.Any(part => part.Holds(words)),
        Not not => !not.Inner.Holds(words),
        _ => throw new System.Diagnostics.UnreachableException($"{GetType().Name} cannot be evaluated."),
    };
}

namespace EventFhir.Core.Search.Indexing;

/// <summary>What is displayed for a code, found by its beginning and by that of each word (:text); or the code itself, by its beginning
/// (:code-text); or a canonical URL, as it is; or the name of a contained type.</summary>
public enum LexiconKind { Display, Code, Canonical, Contained }

/// <summary>
/// A text that a term stands for. Resources share most of their texts, so each text is kept once per type, and a resource has its term only.
/// </summary>
/// <param name="Parameter">The number of parameter and kind: <see cref="NumberOf"/>.</param>
/// <param name="Hash">The term.</param>
/// <param name="Normalized">The whole text, folded unless it is a URL.</param>
public readonly record struct LexiconEntry(LexiconKind Kind, int Parameter, long Hash, string Normalized)
{
    public static int NumberOf(string parameter, LexiconKind kind) =>
        Hashing.Parameter(parameter + kind switch
        {
            LexiconKind.Display => ":text",
            LexiconKind.Code => ":code-text",
            LexiconKind.Contained => ":contained",
            _ => ":canonical",
        });

    /// <summary>What a search may begin with: the text, of a display also each further word; cut as strings are.</summary>
    public void AddForms(ICollection<string> forms)
    {
        if (Kind is not LexiconKind.Display)
        {
            forms.Add(Kind is LexiconKind.Canonical ? Normalized : StringWriter.Cut(Normalized));
            return;
        }
        forms.Add(StringWriter.Cut(StringFolding.WithoutPunctuation(Normalized)));
        foreach (var word in StringWords.Following(Normalized)) forms.Add(StringWriter.Cut(StringFolding.WithoutPunctuation(word.ToString())));
    }
}

using EventFhir.Core.Search.Words;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;

namespace EventFhir.Core.Search.Indexing;

/// <summary>
/// What a whole resource says, for _content: its strings, markdown and codes with all that it contains, and the text of narratives. URIs, ids,
/// numbers and dates are no words, and have parameters of their own.
/// </summary>
internal static class ContentText
{
    /// <summary>Null if the resource says nothing.</summary>
    public static TextWords? WordsOf(Element root)
    {
        var words = new TextWords();
        // The server writes meta anew and elsewhere; so that places of words do not depend on that, it comes first.
        foreach (var meta in root.ChildrenNamed("meta")) Add(meta, words);
        foreach (var child in root.Children)
            if (child.Name is not ("meta" or "id")) Add(child, words);
        return words.IsEmpty ? null : words;
    }

    private static void Add(Element element, TextWords words)
    {
        if (element.HasValue)
        {
            switch (element.Type.Primitive)
            {
                case PrimitiveKind.String or PrimitiveKind.Markdown or PrimitiveKind.Code:
                    words.Add(element.Text);
                    break;
                case PrimitiveKind.Xhtml:
                    words.Add(NarrativeText.Read(element.Text));
                    break;
            }
        }
        foreach (var child in element.Children)
            if (child.Name != "id") Add(child, words);
    }
}

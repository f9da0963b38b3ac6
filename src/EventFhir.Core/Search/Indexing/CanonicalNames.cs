using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;

namespace EventFhir.Core.Search.Indexing;

/// <summary>
/// The canonical references that mean a resource: its URL, and with a version also URL|version (R4 references.html#canonical). A reference
/// without version means every version that is stored.
/// </summary>
internal static class CanonicalNames
{
    private static readonly long Start = Hashing.Start("url", TermForm.CanonicalName);
    private static readonly int Number = LexiconEntry.NumberOf("url", LexiconKind.Canonical);

    public static IEnumerable<string> Of(Element root)
    {
        if (root.ValueOf("url") is not { Resource: not null } url || url.Type.Primitive is not PrimitiveKind.Uri) yield break;
        yield return url.Text;
        if (root.ValueOf("version") is { Resource: not null } version) yield return $"{url.Text}|{version.Text}";
    }

    public static void Write(Element root, EntryBuilder into)
    {
        foreach (var name in Of(root)) into.Word(LexiconKind.Canonical, Number, Hashing.With(Start, name), name);
    }
}

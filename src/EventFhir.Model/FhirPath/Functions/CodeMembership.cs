using System.Text;

using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.FhirPath.Operations;

namespace EventFhir.Model.FhirPath.Functions;

/// <summary>memberOf(): value sets that the specification enumerates for required bindings are known here; the others are the caller's.</summary>
internal static class CodeMembership
{
    public static void MemberOf(Evaluation evaluation, int start, Operation[] arguments)
    {
        var code = evaluation.TakeOne(start);
        var url = arguments[0].OneSystem(evaluation);
        if (code.IsNone || url.IsNone) return;
        var valueSet = Texts.TextOf(url);
        var answer = Find(evaluation.Release, valueSet) is { } list ? Holds(list, code) : evaluation.Context.MemberOf?.Invoke(code, valueSet);
        if (answer is { } known) evaluation.Push(FhirPathValue.Of(known));
    }

    private static CodeList? Find(Release release, string url)
    {
        foreach (var list in release.CodeLists)
            if (list.Url == url) return list;
        return null;
    }

    private static bool Holds(CodeList list, FhirPathValue code) =>
        code.IsElement ? Holds(list, code.Element) : list.Contains(Encoding.UTF8.GetBytes(Texts.TextOf(code)));

    private static bool Holds(CodeList list, Element element)
    {
        if (element.Type.IsPrimitive) return list.Contains(element.RawValue);
        if (element.FirstChild("code") is { } code)
            return list.SystemOf(code.RawValue) is { } system
                && element.FirstChild("system") is { } stated && stated.ValueEquals(Encoding.UTF8.GetBytes(system));
        foreach (var coding in element.ChildrenNamed("coding"))
            if (Holds(list, coding)) return true;
        return false;
    }
}

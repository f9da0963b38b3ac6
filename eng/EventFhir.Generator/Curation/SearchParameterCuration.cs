using System.Text.Json;

namespace EventFhir.Generator.Curation;

/// <summary>SearchParameters → one row for each base, with the union branches that can hold on that base.</summary>
internal sealed class SearchParameterCuration
{
    private readonly Dictionary<string, CuratedType> resources;
    private readonly HashSet<string> elements;

    public SearchParameterCuration(IEnumerable<CuratedType> types, IEnumerable<CuratedElement> elements)
    {
        resources = types.Where(type => type.Kind == "resource").ToDictionary(type => type.Name);
        this.elements = [.. elements.Select(element => $"{element.Owner}.{element.Name}")];
    }

    public IEnumerable<CuratedSearchParameter> Rows(DefinitionPackage package) => package.SearchParameters
        .SelectMany(Rows)
        .OrderBy(row => row.Base, StringComparer.Ordinal)
        .ThenBy(row => row.Code, StringComparer.Ordinal)
        .ThenBy(row => row.Url, StringComparer.Ordinal);

    private IEnumerable<CuratedSearchParameter> Rows(JsonElement parameter)
    {
        var bases = parameter.Texts("base").ToList();
        var expression = parameter.Text("expression");
        var targets = parameter.Texts("target").Order(StringComparer.Ordinal).ToList();
        var components = parameter.Items("component").Select(component => new CuratedComponent(
            (component.Text("definition") ?? component.GetProperty("definition").Text("reference"))!, component.Text("expression")!)).ToList();
        // A parameter without base applies to nothing; corrections.json says what becomes of it.
        foreach (var name in bases.Count > 0 ? bases : [null!])
            yield return new CuratedSearchParameter(
                name,
                parameter.Text("code")!,
                parameter.Text("type")!,
                parameter.Text("url")!,
                expression is null || name is null ? expression : BranchesFor(name, expression),
                targets.Count == 0 || targets.Exists(target => !resources.TryGetValue(target, out var type) || type.Abstract) ? null : targets,
                components.Count == 0 ? null : components);
    }

    /// <summary>Refuses rows that apply to nothing, which a correction must have removed.</summary>
    public static void Require(CuratedModel model)
    {
        var curation = new SearchParameterCuration(model.Types, model.Elements);
        foreach (var row in model.SearchParameters)
            if (row.Base is null || (row.Expression is { } expression && !Branches(expression).Any(branch => curation.Applies(branch, row.Base))))
                throw new InvalidDataException($"{row.Url} has no branch for {row.Base ?? "any base"}: {row.Expression}");
    }

    /// <summary>The branches for a base; all of them if none can hold there, for <see cref="Require"/> to find.</summary>
    private string BranchesFor(string name, string expression)
    {
        var branches = Branches(expression).Where(branch => Applies(branch, name)).Distinct(StringComparer.Ordinal).ToList();
        return branches.Count > 0 ? string.Join(" | ", branches) : expression;
    }

    private bool Applies(string branch, string name)
    {
        var start = branch.AsSpan().TrimStart("( ");
        var length = start.IndexOfAnyExcept(Letters);
        var first = (length < 0 ? start : start[..length]).ToString();
        // Without a type a branch is about the bases that have its first element: R5 has one of Appointment among those of 24 types.
        var isElement = length >= 0 && first.Length > 0 && char.IsLower(first[0]) && start[length] != '(';
        if (!isElement && !resources.ContainsKey(first)) return true;
        for (var type = resources[name]; ; type = resources[type.Base])
        {
            if (isElement ? elements.Contains($"{type.Name}.{first}") : type.Name == first) return true;
            if (type.Base is null || !resources.ContainsKey(type.Base)) return false;
        }
    }

    private static readonly System.Buffers.SearchValues<char> Letters =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

    /// <summary>Splits at each '|' outside of parentheses and string literals.</summary>
    private static IEnumerable<string> Branches(string expression)
    {
        var (depth, start, quoted) = (0, 0, false);
        for (var at = 0; at < expression.Length; at++)
        {
            var letter = expression[at];
            if (letter == '\'' && (at == 0 || expression[at - 1] != '\\')) quoted = !quoted;
            if (quoted) continue;
            if (letter == '(') depth++;
            if (letter == ')') depth--;
            if (letter != '|' || depth != 0) continue;
            yield return expression[start..at].Trim();
            start = at + 1;
        }
        yield return expression[start..].Trim();
    }
}

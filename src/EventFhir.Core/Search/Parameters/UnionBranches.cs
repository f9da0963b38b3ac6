using System.Collections.Immutable;

using EventFhir.Model.Definitions;

namespace EventFhir.Core.Search.Parameters;

/// <summary>
/// A parameter of several types has an expression for all of them: "Patient.name | Practitioner.name". On one type only the branches count that
/// begin at it.
/// </summary>
internal static class UnionBranches
{
    /// <summary>The branches that can hold on a type, as an expression; empty if none can.</summary>
    public static string On(Release release, TypeDefinition type, string expression) =>
        string.Join(" | ", Split(expression).Where(branch => CanHold(release, type, branch)));

    private static bool CanHold(Release release, TypeDefinition type, string branch) =>
        release.FindType(Root(branch)) is not { IsResource: true } root || type.Is(root);

    /// <summary>The first name in a branch: "Patient" of "(Patient.deceased as dateTime)".</summary>
    private static string Root(string branch)
    {
        var start = branch.AsSpan().TrimStart("( \t\r\n");
        var length = 0;
        while (length < start.Length && char.IsAsciiLetterOrDigit(start[length])) length++;
        return start[..length].ToString();
    }

    /// <summary>At each "|" outside of parentheses, brackets and quotes.</summary>
    private static ImmutableArray<string> Split(string expression)
    {
        var branches = ImmutableArray.CreateBuilder<string>();
        var (start, depth, quote) = (0, 0, '\0');
        for (var at = 0; at < expression.Length; at++)
        {
            var c = expression[at];
            if (quote != '\0')
            {
                if (c == '\\') at++;
                else if (c == quote) quote = '\0';
                continue;
            }
            if (c is '\'' or '`' or '"') quote = c;
            else if (c is '(' or '[') depth++;
            else if (c is ')' or ']') depth--;
            else if (c == '|' && depth == 0)
            {
                branches.Add(expression[start..at].Trim());
                start = at + 1;
            }
        }
        branches.Add(expression[start..].Trim());
        return branches.ToImmutable();
    }
}

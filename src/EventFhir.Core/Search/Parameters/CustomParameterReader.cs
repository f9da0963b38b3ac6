using System.Collections.Immutable;

using EventFhir.Core.Search.Indexing;
using EventFhir.Model;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.FhirPath;

namespace EventFhir.Core.Search.Parameters;

/// <summary>What a SearchParameter resource asks of the server.</summary>
public abstract record ParameterIntent
{
    private ParameterIntent() { }

    /// <summary>Nothing but to keep it: it is retired, or the specification's own definition of a parameter that is there anyway.</summary>
    public sealed record Keep : ParameterIntent;

    public sealed record Define(CustomDefinition Definition) : ParameterIntent;
}

/// <summary>Reads SearchParameter resources (R4 searchparameter.html), and says what about one cannot be carried out.</summary>
public sealed class CustomParameterReader(SearchDefinitions definitions)
{
    /// <summary>The resource type that defines search parameters.</summary>
    public const string TypeName = "SearchParameter";
    private static readonly ParameterIntent Kept = new ParameterIntent.Keep();
    private readonly Release release = definitions.Release;

    /// <param name="owner">The id of the resource: an earlier version of it does not stand in its way.</param>
    public Outcome<ParameterIntent> Read(Resource resource, string owner)
    {
        var root = resource.Root;
        if (Text(root, "status") is not ("active" or "draft")) return Kept;
        var (url, code, expression) = (Text(root, "url"), Text(root, "code"), Text(root, "expression"));
        if (ReadBases(root) is not { Length: > 0 } bases) return Invalid("base", "names a type that is no resource type.");
        if (IsOfficial(url, code, expression, bases)) return Kept;
        if (ReadTargets(root) is not { } targets) return Invalid("target", "names a type that is no resource type.");
        if (!IsCode(code)) return Invalid("code", "must be letters, digits, '-' and '_', up to 64, beginning with a letter.");
        if (!Enum.TryParse<SearchParameterType>(Text(root, "type"), ignoreCase: true, out var type)) return Invalid("type", "is unknown.");
        if (type is SearchParameterType.Special) return Invalid("type", "may not be special: such a parameter is more than its expression.");
        if (expression.Length == 0) return Invalid("expression", "is missing, so there is nothing to index.");
        if (expression.Length > Limits.CustomExpressionCharactersMax)
            return Invalid("expression", $"may have up to {Limits.CustomExpressionCharactersMax} characters.");
        var definition = new CustomDefinition(url, code, type, bases, expression, targets)
        {
            Components = type is SearchParameterType.Composite ? CustomComposites.Read(root) : [],
        };
        return Check(definition, owner) is { } refusal ? refusal : new ParameterIntent.Define(definition);
    }

    private Refusal? Check(CustomDefinition definition, string owner)
    {
        var others = definitions.Customs.Count(custom =>
            custom.Owner != owner && custom.State is not ParameterState.Dropping);
        if (others >= Limits.CustomParametersMax)
            return Refusal.Of(
                RefusalKind.Unprocessable, "too-costly", $"The server has {Limits.CustomParametersMax} custom parameters; drop one first.");
        foreach (var type in release.ResourceTypes)
        {
            if (!definition.AppliesTo(type)) continue;
            if (Clash(definition, type, owner) is { } clash) return clash;
            if (CheckExpression(definition, type) is { } refusal) return refusal;
        }
        return null;
    }

    /// <summary>A parameter that the configuration switched off still has its code.</summary>
    private Refusal? Clash(CustomDefinition definition, TypeDefinition type, string owner)
    {
        foreach (var parameter in release.SearchParametersOf(type))
            if (parameter.Code == definition.Code)
                return Duplicate($"{type.Name} has the parameter '{definition.Code}' by the specification, and this definition differs from it.");
        foreach (var custom in definitions.Customs)
        {
            if (custom.Owner == owner || custom.State is ParameterState.Dropping) continue;
            if (custom.Definition.Code == definition.Code && custom.Definition.AppliesTo(type))
                return Duplicate($"{type.Name} has a parameter '{definition.Code}' already, defined by {TypeName}/{custom.Owner}.");
        }
        return null;
    }

    private Refusal? CheckExpression(CustomDefinition definition, TypeDefinition type)
    {
        var onType = UnionBranches.On(release, type, definition.Expression);
        if (onType.Length == 0) return Invalid("expression", $"has no part that begins at {type.Name}, which is a base.");
        if (!FhirPathExpression.TryCompileStrictly(onType, type, release, out _, out var error))
            return Invalid("expression", $"on {type.Name}: {error}.");
        var expression = SearchExpression.Of(release, onType);
        if (!expression.IsCompiled && onType.Contains("resolve", StringComparison.Ordinal))
            return Invalid("expression", "may use resolve() only as where(resolve() is Type).");
        var values = ValueTyping.Of(release, type, expression);
        if (definition.Type is SearchParameterType.Composite)
            return CustomComposites.Fault(release, type, definition, expression) is { } fault ? Invalid("component", fault) : (Refusal?)null;
        if (values.IsEmpty) return Invalid("expression", $"on {type.Name}: the type of its values cannot be told; end it with ofType(…).");
        return values.Any(value => ValueTyping.Fits(definition.Type, value))
            ? null
            : Invalid(
                "expression", $"on {type.Name}: its values are {Names(values)}, which a parameter of type {Lower(definition.Type)} cannot hold.");
    }

    /// <summary>People load the definitions of the specification into their servers.</summary>
    private bool IsOfficial(string url, string code, string expression, ImmutableArray<TypeDefinition> bases)
    {
        var official = release.SearchParameters.Where(parameter => parameter.Url == url).ToList();
        if (official.Count == 0) return false;
        foreach (var parameter in official)
            if (parameter.Code != code || !bases.Contains(parameter.Base) || !IsSame(parameter, expression)) return false;
        return true;
    }

    private bool IsSame(SearchParameterDefinition parameter, string expression)
    {
        var given = UnionBranches.On(release, parameter.Base, expression);
        if (Bare(given) == Bare(parameter.Expression)) return true;
        var (one, other) = (SearchExpression.Of(release, given), SearchExpression.Of(release, parameter.Expression));
        return one.IsCompiled && other.IsCompiled && one.Paths.ToHashSet().SetEquals(other.Paths);
    }

    private static string Bare(string expression) => string.Concat(expression.Where(c => !char.IsWhiteSpace(c)));

    private ImmutableArray<TypeDefinition>? ReadBases(Element root)
    {
        var bases = ImmutableArray.CreateBuilder<TypeDefinition>();
        foreach (var element in root.ChildrenNamed("base"))
        {
            if (release.FindType(element.Text) is not { IsResource: true } type) return null;
            bases.Add(type);
        }
        return bases.ToImmutable();
    }

    private ImmutableArray<TypeDefinition>? ReadTargets(Element root)
    {
        var targets = ImmutableArray.CreateBuilder<TypeDefinition>();
        foreach (var element in root.ChildrenNamed("target"))
        {
            if (release.FindResourceType(element.Text) is not { } type) return null;
            targets.Add(type);
        }
        return targets.ToImmutable();
    }

    private static bool IsCode(string code) =>
        code.Length is > 0 and <= 64 && char.IsAsciiLetter(code[0]) && code.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');

    private static string Text(Element root, string name) => root.FirstChild(name) is { HasValue: true } element ? element.Text : "";

    private static string Names(ImmutableArray<TypeDefinition> types) =>
        string.Join(", ", types.Take(5).Select(type => type.Name)) + (types.Length > 5 ? ", …" : "");

    private static string Lower(SearchParameterType type) => type.ToString().ToLowerInvariant();

    private static Refusal Invalid(string element, string problem) =>
        Refusal.Of(RefusalKind.Unprocessable, "business-rule", $"{TypeName}.{element} {problem}", $"{TypeName}.{element}");

    private static Refusal Duplicate(string problem) => Refusal.Of(RefusalKind.Unprocessable, "duplicate", problem, $"{TypeName}.code");
}

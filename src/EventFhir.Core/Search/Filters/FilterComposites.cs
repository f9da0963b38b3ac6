using System.Collections.Immutable;

using EventFhir.Model.Definitions;

namespace EventFhir.Core.Search.Filters;

/// <summary>
/// Conditions on several values of one element: "characteristic[code eq gender].value eq mixed" (R4 search_filter.html#params). The name is that
/// of a composite parameter, or of the element that one is about; the names below it are those of its components, as parameters or elements.
/// </summary>
internal sealed class FilterComposites(SearchContext context, FilterValues values)
{
    /// <returns>Null if there is no such composite.</returns>
    public Outcome<Clause>? Lower(TypeDefinition type, FilterExpression.Test test, int place)
    {
        var step = test.Path[place];
        if (place != test.Path.Length - 2) return null;
        var last = test with { Path = [test.Path[^1]] };
        var tests = step.Condition is FilterExpression.All all ? all.Parts.Add(last) : [step.Condition!, last];

        var found = ImmutableArray.CreateBuilder<Clause.Matches>();
        Refusal? refusal = null;
        foreach (var parameter in context.Catalog.Parameters(type))
        {
            if (parameter.Type is not SearchParameterType.Composite || !IsNamed(parameter, step.Name.Text)) continue;
            if (Components(parameter, tests) is not { } components) continue;
            if (components.IsRefused(out var wrong)) refusal ??= wrong;
            else found.Add(new Clause.Matches(parameter, [components.Value]));
        }
        return (found.Count, refusal) switch
        {
            (1, _) => found[0],
            ( > 1, _) => FilterClauses.Bad(
                step.Name.Position, "invalid", $"'{step.Name.Text}' can be any of {string.Join(", ", found.Select(each => each.Parameter.Code))}"),
            (_, not null) => refusal,
            _ => null,
        };
    }

    /// <summary>Observation.component is the element of component-code-value-quantity.</summary>
    private static bool IsNamed(SearchParameterDefinition parameter, string name) =>
        parameter.Code == name || parameter.Expression == $"{parameter.Base.Name}.{name}";

    /// <returns>Null if the tests do not name each component once.</returns>
    private Outcome<SearchValue>? Components(SearchParameterDefinition composite, ImmutableArray<FilterExpression> tests)
    {
        if (tests.Length != composite.Components.Length) return null;
        var given = new SearchValue?[tests.Length];
        foreach (var expression in tests)
        {
            if (expression is not FilterExpression.Test { Path: [{ Condition: null } step] } test) return null;
            var at = PlaceOf(composite, step.Name.Text);
            if (at < 0 || given[at] is not null) return null;
            var parameter = context.Release.FindSearchParameter(composite.Components[at].Definition)!;
            var value = values.Of(parameter, test);
            if (value.IsRefused(out var refusal)) return refusal;
            if (value.Value is SearchValue.TokenIn) return FilterValues.NotApplicable(parameter, test);
            if (value.Value is SearchValue.Token { Code: null }) return FilterClauses.Bad(test.Value.Position, "value", "the code is needed here");
            if (value.Value is SearchValue.Quantity { System: null, Unit: not null })
                return FilterClauses.Bad(test.Value.Position, "value", "the unit needs its system here");
            given[at] = value.Value;
        }
        return new SearchValue.Composite([.. given.Select(value => value!)]);
    }

    private int PlaceOf(SearchParameterDefinition composite, string name)
    {
        for (var at = 0; at < composite.Components.Length; at++)
        {
            var component = composite.Components[at];
            if (context.Release.FindSearchParameter(component.Definition) is not { } parameter) continue;
            if (parameter.Code == name || component.Expression == name || component.Expression.StartsWith(name + ".", StringComparison.Ordinal))
                return at;
        }
        return -1;
    }
}

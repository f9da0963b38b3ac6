using System.Collections.Immutable;

using EventFhir.Core.Events;
using EventFhir.Model;
using EventFhir.Model.Definitions;

namespace EventFhir.Core.Search.Filters;

/// <summary>
/// Turns a filter into clauses on a resource type. A comparison is made with the set of values at the end of the path: it holds if one of them
/// compares so (R4 search_filter.html#ops).
/// </summary>
internal sealed class FilterClauses(SearchContext context)
{
    private readonly FilterValues values = new(context);
    private int branches;
    private FilterWord unknown;

    public Outcome<Clause> Parse(TypeDefinition type, string text)
    {
        var read = new FilterReader(text).Read();
        if (read.IsRefused(out var refusal)) return refusal;
        return Lower(type, read.Value, 0)
            ?? Bad(unknown.Position, "not-supported", $"'{unknown.Text}' is no search parameter of {type.Name} or of what the path leads to");
    }

    /// <returns>Null if a name is not known.</returns>
    private Outcome<Clause>? Lower(TypeDefinition type, FilterExpression expression, int depth)
    {
        switch (expression)
        {
            case FilterExpression.All all:
                return LowerParts(type, all.Parts, depth, static clauses => new Clause.AllOf(clauses));
            case FilterExpression.Any any:
                return LowerParts(type, any.Parts, depth, static clauses => new Clause.AnyOf(clauses));
            case FilterExpression.Not not:
                if (Lower(type, not.Inner, depth) is not { } inner) return null;
                return inner.IsRefused(out var refusal) ? (Outcome<Clause>)refusal : new Clause.Not(inner.Value);
            case FilterExpression.Test { Operator.Text: "pr", Value.Text: "false" } test:
                // The set at the end of the whole path is empty.
                if (LowerPath(type, test, 0, depth) is not { } present) return null;
                return present.IsRefused(out var refused) ? (Outcome<Clause>)refused : new Clause.Not(present.Value);
            default:
                return LowerPath(type, (FilterExpression.Test)expression, 0, depth);
        }
    }

    private Outcome<Clause>? LowerParts(
        TypeDefinition type, ImmutableArray<FilterExpression> parts, int depth, Func<ImmutableArray<Clause>, Clause> join)
    {
        var clauses = ImmutableArray.CreateBuilder<Clause>(parts.Length);
        foreach (var part in parts)
        {
            if (Lower(type, part, depth) is not { } clause) return null;
            if (clause.IsRefused(out var refusal)) return refusal;
            clauses.Add(clause.Value);
        }
        return join(clauses.MoveToImmutable());
    }

    private Outcome<Clause>? LowerPath(TypeDefinition type, FilterExpression.Test test, int place, int depth)
    {
        var step = test.Path[place];
        if (depth > Limits.ChainDepthMax)
            return Refusal.Of(RefusalKind.BadRequest, "too-costly", $"A path may have at most {Limits.ChainDepthMax} references.");
        if (++branches > Limits.ChainBranchesMax)
            return Refusal.Of(RefusalKind.BadRequest, "too-costly", "The paths of the filter can lead through too many types.");
        var parameter = context.Catalog.Find(type, step.Name.Text);
        if (place == test.Path.Length - 1)
        {
            if (parameter is not null) return LowerTest(type, parameter, test);
            unknown = step.Name;
            return null;
        }
        if (parameter is { Type: SearchParameterType.Reference } reference && context.Catalog.CanFollow(type, reference))
            return LowerChain(reference, test, place, depth);
        if (step.Condition is not null && new FilterComposites(context, values).Lower(type, test, place) is { } composite) return composite;
        if (parameter is not null) return Bad(step.Name.Position, "invalid", $"'{step.Name.Text}' leads to no other resource");
        unknown = step.Name;
        return null;
    }

    /// <summary>Through each type of target that knows the rest of the path and the filter in brackets.</summary>
    private Outcome<Clause>? LowerChain(SearchParameterDefinition reference, FilterExpression.Test test, int place, int depth)
    {
        ImmutableArray<TypeDefinition> targets = reference.Targets.IsEmpty ? context.Release.ResourceTypes : reference.Targets;
        var queries = ImmutableArray.CreateBuilder<TypeQuery>();
        foreach (var target in targets)
        {
            var clauses = ImmutableArray<Clause>.Empty;
            if (test.Path[place].Condition is { } condition)
            {
                if (Lower(target, condition, depth + 1) is not { } narrowed) continue;
                if (narrowed.IsRefused(out var wrong)) return wrong;
                clauses = [narrowed.Value];
            }
            if (LowerPath(target, test, place + 1, depth + 1) is not { } inner) continue;
            if (inner.IsRefused(out var refusal)) return refusal;
            queries.Add(new TypeQuery(target, clauses.Add(inner.Value)));
        }
        if (queries.Count == 0) return null;
        return new Clause.Chain(reference, queries.ToImmutable());
    }

    private Outcome<Clause> LowerTest(TypeDefinition type, SearchParameterDefinition parameter, FilterExpression.Test test)
    {
        if (test.Operator.Text == "pr") return LowerPresence(type, parameter, test);
        if (parameter.Code == SearchCatalog.Id) return LowerId(parameter, test);
        if (FilterValues.ModifierOf(test.Operator.Text) is { } modifier && !context.Catalog.ModifiersOf(type, parameter).Contains(modifier))
            return FilterValues.NotApplicable(parameter, test);
        // Its values are words rather than texts, so it stands beside a filter, not within.
        if (parameter.Code is SearchCatalog.Text or SearchCatalog.Content) return FilterValues.NotApplicable(parameter, test);
        // A value is unequal if the element is there and equal to nothing asked for: told exactly where there is one element at most.
        var isOther = test.Operator.Text == "ne"
            && parameter.Type is SearchParameterType.Token or SearchParameterType.Reference or SearchParameterType.Uri;
        if (isOther && !(context.Catalog.IsSingle(type, parameter) && context.Catalog.CanBeMissing(type, parameter)))
            return Bad(
                test.Operator.Position, "not-supported",
                $"'ne' is not supported for '{parameter.Code}', which can repeat; use not (… eq …)");
        var value = values.Of(parameter, isOther ? test with { Operator = test.Operator with { Text = "eq" } } : test);
        if (value.IsRefused(out var refusal)) return refusal;
        if (value.Value is SearchValue.Date updated && parameter.Code == SearchCatalog.LastUpdated) return new Clause.LastUpdated([updated]);
        var matches = CanonicalVersions.Of(context.Catalog, type, new Clause.Matches(parameter, [value.Value]));
        if (test.Operator.Text == "ni") return new Clause.Not(matches);
        if (!isOther) return matches;
        return new Clause.AllOf([new Clause.Not(new Clause.Missing(parameter)), new Clause.Not(matches)]);
    }

    private Outcome<Clause> LowerPresence(TypeDefinition type, SearchParameterDefinition parameter, FilterExpression.Test test)
    {
        if (test.Value.Text is not ("true" or "false")) return Bad(test.Value.Position, "value", "'pr' takes true or false");
        return context.Catalog.CanBeMissing(type, parameter)
            ? new Clause.Not(new Clause.Missing(parameter))
            : Bad(test.Operator.Position, "not-supported", $"'pr' is not supported for '{parameter.Code}'");
    }

    private static Outcome<Clause> LowerId(SearchParameterDefinition parameter, FilterExpression.Test test)
    {
        if (!ResourceId.TryParse(test.Value.Text, out _)) return Bad(test.Value.Position, "value", "this is no valid id");
        var clause = new Clause.Id([test.Value.Text]);
        return test.Operator.Text switch
        {
            "eq" => clause,
            "ne" => new Clause.Not(clause),
            _ => FilterValues.NotApplicable(parameter, test),
        };
    }

    public static Refusal Bad(int position, string code, string reason) =>
        Refusal.Of(RefusalKind.BadRequest, code, $"The filter is wrong at character {position}: {reason}.");
}

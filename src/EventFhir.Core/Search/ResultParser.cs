using System.Collections.Immutable;
using System.Globalization;

using EventFhir.Model;
using EventFhir.Model.Definitions;

namespace EventFhir.Core.Search;

/// <summary>Reads the parameters that shape the answer (R4 search.html#return); collects them in the order of the query.</summary>
internal sealed class ResultParser(SearchContext context, ImmutableArray<TypeDefinition> types)
{
    private readonly ImmutableArray<Include>.Builder includes = ImmutableArray.CreateBuilder<Include>();

    private ContainedScope? contained;
    private ContainedAnswer containedAnswer = ContainedAnswer.Container;

    public ResultShape Shape { get; private set; } = ResultShape.Default;

    /// <summary>True for the names read here.</summary>
    public static bool Knows(string name) =>
        Head(name) is "_sort" or "_count" or "_total" or "_include" or "_revinclude" or "_summary" or "_elements" or "_contained" or "_containedType";

    /// <returns>Null if the parameter is accepted.</returns>
    public Refusal? Read(string name, string value)
    {
        var modifier = name.Length > Head(name).Length ? name[(Head(name).Length + 1)..] : "";
        if (modifier.Length > 0 && !(modifier is "iterate" or "recurse" && Head(name) is "_include" or "_revinclude"))
            return Refusal.Of(RefusalKind.BadRequest, "not-supported", $"'{Head(name)}' does not support that modifier.");
        return Head(name) switch
        {
            "_sort" => ReadSort(value),
            "_count" => ReadCount(value),
            "_total" => ReadTotal(value),
            "_summary" => ReadSummary(value),
            "_elements" => ReadElements(value),
            "_contained" => ReadContained(value),
            "_containedType" => ReadContainedType(value),
            "_include" => ReadInclude(IncludeDirection.Forward, Rounds(modifier), value),
            _ => ReadInclude(IncludeDirection.Reverse, Rounds(modifier), value),
        };
    }

    public ResultShape Complete() => Shape with
    {
        Includes = includes.ToImmutable(),
        Contained = contained is { } scope ? new ContainedSearch(scope, containedAnswer, context.BaseUrl) : null,
    };

    // :recurse is what STU3 called :iterate.
    private static IncludeRounds Rounds(string modifier) => modifier.Length > 0 ? IncludeRounds.Iterate : IncludeRounds.Once;

    private Refusal? ReadSort(string value)
    {
        if (!Shape.Sort.IsEmpty) return Bad("_sort may be given once, with commas between its keys.");
        var parts = value.Split(',');
        if (parts.Length > Limits.SortKeysMax) return Bad($"_sort takes at most {Limits.SortKeysMax} keys.");
        var parser = new SortParser(context, types);
        var keys = ImmutableArray.CreateBuilder<SortKey>(parts.Length);
        foreach (var part in parts)
        {
            var key = parser.Parse(part);
            if (key.IsRefused(out var refusal)) return refusal;
            keys.Add(key.Value);
        }
        Shape = Shape with { Sort = keys.MoveToImmutable() };
        return null;
    }

    private Refusal? ReadCount(string value)
    {
        if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var count)) return Bad("_count is a number from 0.");
        Shape = Shape with { Count = Math.Min(count, Limits.PageSizeMax) };
        return null;
    }

    private Refusal? ReadTotal(string value)
    {
        TotalMode? mode = value switch { "none" => TotalMode.None, "estimate" => TotalMode.Estimate, "accurate" => TotalMode.Accurate, _ => null };
        if (mode is null) return Bad("_total is none, estimate or accurate.");
        Shape = Shape with { Total = mode };
        return null;
    }

    private Refusal? ReadSummary(string value)
    {
        if (SummaryModes.Find(value) is not { } summary) return Bad(SummaryModes.Meaning);
        Shape = Shape with { Summary = summary };
        return null;
    }

    /// <summary>R4 search.html#contained.</summary>
    private Refusal? ReadContained(string value)
    {
        if (value is not ("false" or "true" or "both")) return Bad("_contained is true, false or both.");
        contained = value switch { "true" => ContainedScope.Only, "both" => ContainedScope.Both, _ => null };
        return null;
    }

    private Refusal? ReadContainedType(string value)
    {
        if (value is not ("container" or "contained")) return Bad("_containedType is container or contained.");
        containedAnswer = value is "contained" ? ContainedAnswer.Contained : ContainedAnswer.Container;
        return null;
    }

    private Refusal? ReadElements(string value)
    {
        var elements = value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        foreach (var element in elements)
            if (!types.Any(type => type.FindElement(element) is not null))
                return Bad("_elements takes the names of elements at the root of the resources searched.");
        Shape = Shape with { Elements = [.. Shape.Elements, .. elements] };
        return null;
    }

    /// <summary>"Source:parameter[:Target]", "Source:*", "*".</summary>
    private Refusal? ReadInclude(IncludeDirection direction, IncludeRounds rounds, string value)
    {
        var parts = value.Split(':');
        if (parts.Length > 3) return Bad("An include is written as Source:parameter or Source:parameter:Target.");
        if (parts is ["*"])
        {
            ImmutableArray<TypeDefinition> sources = direction is IncludeDirection.Forward ? types : context.Release.ResourceTypes;
            foreach (var each in sources) Add(direction, rounds, each, [.. References(each)], null);
            return null;
        }
        if (context.Release.FindResourceType(parts[0]) is not { } source) return Bad("An include names a resource type that does not exist.");
        var target = parts.Length > 2 ? context.Release.FindResourceType(parts[2]) : null;
        if (parts.Length > 2 && target is null) return Bad("An include names a resource type that does not exist.");
        if (parts.Length < 2) return Bad("An include is written as Source:parameter or Source:parameter:Target.");
        ImmutableArray<SearchParameterDefinition> parameters = parts[1] == "*"
            ? [.. References(source)]
            : [.. References(source).Where(parameter => parameter.Code == parts[1])];
        if (parameters.IsEmpty)
            return Refusal.Of(RefusalKind.BadRequest, "not-supported", $"{source.Name} has no reference parameter of that name to include by.");
        Add(direction, rounds, source, parameters, target);
        return null;
    }

    private void Add(
        IncludeDirection direction,
        IncludeRounds rounds,
        TypeDefinition source,
        ImmutableArray<SearchParameterDefinition> parameters,
        TypeDefinition? target)
    {
        if (!parameters.IsEmpty) includes.Add(new Include(direction, rounds, source, parameters, target));
    }

    private IEnumerable<SearchParameterDefinition> References(TypeDefinition type) =>
        context.Catalog.Parameters(type).Where(parameter => context.Catalog.CanFollow(type, parameter));

    private static string Head(string name) => name.IndexOf(':') is >= 0 and var colon ? name[..colon] : name;

    private static Refusal Bad(string diagnostics) => Refusal.Of(RefusalKind.BadRequest, "value", diagnostics);
}

using EventFhir.Core.Search;
using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;

using Xunit;

namespace EventFhir.SpecTests.Search;

/// <summary>What extraction gives for the official examples.</summary>
public sealed class Extraction(ITestOutputHelper output)
{
    private static readonly IndexExtractor Extractor = new(SearchDefinitions.R4, new Uri("http://localhost:8080/fhir"));
    private static readonly Dictionary<string, string[]> Silent = new()
    {
        // Identifiers without value.
        ["R4"] = ["MolecularSequence.identifier"],
        ["R4B"] = ["MolecularSequence.identifier"],
        ["R5"] = ["Medication.identifier", "MolecularSequence.identifier"],
    };

    [Fact]
    public void Is_the_same_every_time_and_in_order()
    {
        foreach (var (name, resource) in Examples.R4)
        {
            var (first, second) = (Extractor.Extract(resource), Extractor.Extract(resource));
            Assert.True(Same(first, second), name);
            Assert.True(IsAscending(first.Terms) && IsAscending(first.Identifiers), name);
            Assert.Equal(first.Strings.Distinct().Count(), first.Strings.Length);
            // 1.0 and 1.00 are two entries, which only their text tells apart.
            Assert.Equal(first.Numbers.Select(entry => entry.ToString()).Distinct().Count(), first.Numbers.Length);
            Assert.Equal(first.Dates.Distinct().Count(), first.Dates.Length);
            Assert.Equal(first.References.Distinct().Count(), first.References.Length);
            Assert.Equal(SearchDefinitions.R4.LayoutOf(resource.Type).Columns.Length, first.Columns.Length);
        }
    }

    [Fact]
    public void Fills_only_tables_that_the_layout_has()
    {
        foreach (var (name, resource) in Examples.R4)
        {
            var (tables, entries) = (SearchDefinitions.R4.LayoutOf(resource.Type).SideTables, Extractor.Extract(resource));
            Assert.True(entries.Identifiers.IsEmpty || tables.HasFlag(SideTables.Identifiers), name);
            Assert.True(entries.References.IsEmpty || tables.HasFlag(SideTables.References), name);
            Assert.True(entries.Strings.IsEmpty || tables.HasFlag(SideTables.Strings), name);
            Assert.True(entries.Numbers.IsEmpty || tables.HasFlag(SideTables.Numbers), name);
            Assert.True(entries.Dates.IsEmpty || tables.HasFlag(SideTables.Dates), name);
            Assert.True(entries.Narrative is null || tables.HasFlag(SideTables.Text), name);
        }
    }

    [Fact]
    public void Each_column_holds_its_own_kind()
    {
        foreach (var (name, resource) in Examples.R4)
        {
            var columns = SearchDefinitions.R4.LayoutOf(resource.Type).Columns;
            foreach (var (value, column) in Extractor.Extract(resource).Columns.Zip(columns))
                Assert.True(!value.HasValue || value.Kind == column.Kind, $"{name}: {column.Name}");
        }
    }

    /// <summary>
    /// A parameter that finds a value in an example must leave something to search by; what has no value in any example is listed in the output.
    /// </summary>
    [Theory]
    [InlineData("R4")]
    [InlineData("R4B")]
    [InlineData("R5")]
    public void Every_parameter_with_a_value_leaves_entries(string name)
    {
        var definitions = SearchDefinitions.Of(Release.Find(name)!);
        var release = definitions.Release;
        var withValue = new HashSet<(TypeDefinition, string)>();
        var withEntries = new HashSet<(TypeDefinition, string)>();
        foreach (var (_, resource) in Examples.Of(release))
        {
            var layout = definitions.LayoutOf(resource.Type);
            foreach (var placement in layout.Placements)
            {
                if (ParameterExtractor.Of(release, layout, placement, default) is not { } parameter || !HasValue(placement, resource)) continue;
                withValue.Add((resource.Type, placement.Parameter.Code));
                if (LeavesEntries(parameter, layout, resource)) withEntries.Add((resource.Type, placement.Parameter.Code));
            }
        }
        output.WriteLine($"{withEntries.Count} parameters with entries from examples; without a value in any example:");
        foreach (var type in release.ResourceTypes)
        {
            var without = from placement in definitions.LayoutOf(type).Placements
                          where placement.Expression.Text.Length > 0 && !placement.Parameter.Base.IsAbstract && IsStored(definitions, type, placement)
                          where !withValue.Contains((type, placement.Parameter.Code))
                          select placement.Parameter.Code;
            if (string.Join(' ', without) is { Length: > 0 } codes) output.WriteLine($"{type.Name}: {codes}");
        }
        var silent = withValue.Except(withEntries).Select(pair => $"{pair.Item1.Name}.{pair.Item2}").Order(StringComparer.Ordinal);
        Assert.Equal(Silent[name], silent);
    }

    private static bool IsStored(SearchDefinitions definitions, TypeDefinition type, ParameterPlacement placement) =>
        ParameterExtractor.Of(definitions.Release, definitions.LayoutOf(type), placement, default) is not null;

    /// <summary>A composite has a value where all its components have one.</summary>
    private static bool HasValue(ParameterPlacement placement, Resource resource)
    {
        var values = Values(placement.Expression, resource.Root);
        return placement is ParameterPlacement.Composite composite
            ? values.Exists(value => composite.Parts.All(part => Values(part.Compiled, value).Count > 0))
            : values.Count > 0;
    }

    private static List<Element> Values(SearchExpression expression, Element context)
    {
        List<Element> values = [];
        foreach (var path in expression.Paths) PathWalk.Collect(path, context, values);
        return values;
    }

    private static bool LeavesEntries(ParameterExtractor parameter, TypeLayout layout, Resource resource)
    {
        var builder = new EntryBuilder();
        builder.Start(layout.Columns.Length);
        parameter.Extract(resource.Root, builder);
        var entries = builder.Build(generation: 0);
        return entries.Columns.Any(column => column.HasValue) || !entries.Terms.IsEmpty || !entries.Identifiers.IsEmpty || !entries.References.IsEmpty
            || !entries.Strings.IsEmpty || !entries.Numbers.IsEmpty || !entries.Dates.IsEmpty;
    }

    private static bool IsAscending(IReadOnlyList<long> hashes) => hashes.Zip(hashes.Skip(1)).All(pair => pair.First < pair.Second);

    private static bool Same(IndexEntries one, IndexEntries other) =>
        one.Columns.SequenceEqual(other.Columns) && one.Terms.SequenceEqual(other.Terms) && one.Identifiers.SequenceEqual(other.Identifiers)
        && one.References.SequenceEqual(other.References) && one.Strings.SequenceEqual(other.Strings) && one.Numbers.SequenceEqual(other.Numbers)
        && one.Dates.SequenceEqual(other.Dates) && Places(one) == Places(other);

    private static string Places(IndexEntries entries) =>
        entries.Narrative is null ? "" : string.Join(' ', entries.Narrative.Places.Select(word => $"{word.Key}:{string.Join(',', word.Value)}"));
}

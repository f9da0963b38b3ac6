using System.Collections.Concurrent;
using System.Collections.Immutable;

using EventFhir.Core.Search;
using EventFhir.Model.Definitions;

namespace EventFhir.Postgres.Search;

/// <summary>The keys that reference values stand for.</summary>
internal static class ReferenceKeys
{
    private static readonly ConcurrentDictionary<Release, string[]> NamesByNumber = new();

    /// <summary>Types and ids, in pairs. A value without type stands for every type that the parameter may point to.</summary>
    public static (short[] Types, string[] Ids) Of(
        Release release, SearchParameterDefinition parameter, ImmutableArray<SearchValue> values)
    {
        var types = new List<short>();
        var ids = new List<string>();
        foreach (var reference in values.OfType<SearchValue.Reference>())
        {
            ImmutableArray<TypeDefinition> targets = reference.Type is { } type ? [type] : parameter.Targets;
            if (targets.IsEmpty) targets = release.ResourceTypes;
            foreach (var target in targets)
            {
                types.Add((short)target.Number);
                ids.Add(reference.Id);
            }
        }
        return ([.. types], [.. ids]);
    }

    /// <summary>For a parameter that takes only the references to one type: patient is subject, where that is a Patient.</summary>
    public static ImmutableArray<SearchValue> Narrow(ImmutableArray<SearchValue> values, TypeDefinition target) =>
    [
        .. values
            .Where(value => value is not SearchValue.Reference { Type: { } type } || type == target)
            .Select(value => value switch
            {
                SearchValue.Reference reference => reference with { Type = target },
                SearchValue.Lineage lineage => lineage with { Places = [.. lineage.Places.Where(place => place.Type == target)] },
                _ => value,
            }),
    ];

    /// <summary>The name of each resource type at the place of its number; empty where there is none.</summary>
    public static string[] TypeNames(Release release) => NamesByNumber.GetOrAdd(release, static release =>
    {
        var names = new string[release.ResourceTypes.Max(type => type.Number) + 1];
        Array.Fill(names, "");
        foreach (var type in release.ResourceTypes) names[type.Number] = type.Name;
        return names;
    });
}

using System.Collections.Immutable;
using System.Text.Json;

using EventFhir.Model.Definitions;

namespace EventFhir.Core.Search.Indexing;

/// <summary>Where in the JSON of a resource the texts of a parameter stand, as SQL/JSON paths: for orders that the index, which has hashes of
/// them, cannot tell.</summary>
internal static class JsonPaths
{
    private readonly record struct Place(TypeDefinition Type, string Path)
    {
        public Place Child(string name, TypeDefinition type) => new(type, $"{Path}.{JsonPaths.Quote(name)}[*]");
    }

    /// <returns>Empty if the expression has a form that such paths cannot say, or leads to nothing that has a text.</returns>
    public static ImmutableArray<string> Of(TypeDefinition type, TypeDefinition extension, SearchExpression expression)
    {
        var found = ImmutableArray.CreateBuilder<string>();
        foreach (var path in expression.Paths)
        {
            List<Place> places = [new(type, "$")];
            foreach (var step in path.Steps)
            {
                var next = new List<Place>();
                foreach (var place in places)
                    if (!TryStep(place, step, extension, next)) return [];
                places = next;
            }
            foreach (var place in places) AddTexts(place, found);
        }
        return [.. found.Distinct(StringComparer.Ordinal)];
    }

    private static bool TryStep(Place place, PathStep step, TypeDefinition extension, List<Place> into)
    {
        switch (step)
        {
            case PathStep.Child { Index: null } child:
                AddChildren(place, child.Name, into);
                return true;
            case PathStep.As cast when cast.Takes(place.Type):
                into.Add(place);
                return true;
            case PathStep.As cast:
                // A narrower type than the element's own would have to be looked up in each value.
                return cast.Type.IsPrimitive || !cast.Type.Is(place.Type);
            case PathStep.WhereChildIs condition when place.Type.FindElement(condition.Name) is { IsRepeating: false, IsChoice: false }:
                into.Add(place with { Path = $"{place.Path} ? (@.{Quote(condition.Name)} == {Quote(condition.Text)})" });
                return true;
            case PathStep.Extension condition when !place.Type.IsPrimitive:
                into.Add(new(extension, $"{place.Path}.\"extension\"[*] ? (@.\"url\" == {Quote(condition.Url)})"));
                return true;
            default:
                return false;
        }
    }

    private static void AddChildren(Place place, string name, List<Place> into)
    {
        if (place.Type.FindElement(name) is not { } element) return;
        foreach (var (type, _) in element.Types)
            into.Add(place.Child(element.IsChoice ? name + char.ToUpperInvariant(type.Name[0]) + type.Name[1..] : name, type));
    }

    private static void AddTexts(Place place, ImmutableArray<string>.Builder into)
    {
        if (place.Type.IsPrimitive)
        {
            if (LiteralText.IsText(place.Type)) into.Add(place.Path);
            return;
        }
        var values = new List<Place>();
        switch (place.Type.Name)
        {
            case "Identifier" or "ContactPoint":
                AddChildren(place, "value", values);
                break;
            case "Coding" or "Quantity":
                AddChildren(place, "code", values);
                break;
            case "CodeableConcept":
                AddChildren(place, "coding", values);
                break;
            case "Extension":
                AddChildren(place, "value", values);
                break;
        }
        foreach (var value in values) AddTexts(value, into);
    }

    private static string Quote(string text) => $"\"{JsonEncodedText.Encode(text)}\"";
}

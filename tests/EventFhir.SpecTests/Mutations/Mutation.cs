using EventFhir.Model.Elements;

namespace EventFhir.SpecTests.Mutations;

/// <summary>One edit of a JSON text.</summary>
/// <param name="Expression">Where the damage is, as a FHIRPath location.</param>
internal sealed record Mutation(int Start, int End, string Text, string Expression)
{
    public byte[] ApplyTo(ReadOnlyMemory<byte> json) =>
        [.. json.Span[..Start], .. System.Text.Encoding.UTF8.GetBytes(Text), .. json.Span[End..]];
}

/// <summary>A named kind of damage.</summary>
/// <param name="Fits">The elements that can be damaged in this way.</param>
internal sealed record Damage(string Name, Func<Element, bool> Fits, Func<Element, Mutation> Mutate)
{
    /// <summary>Puts another value in the place of the element's value.</summary>
    public static Damage Replace(string name, Func<Element, bool> fits, string json, string below = "") => new(name, fits, element =>
    {
        var place = new JsonPlace(element);
        return new Mutation(place.Start, place.End, json, element.Path + below);
    });

    /// <summary>Puts a member at the start of an object.</summary>
    public static Damage Insert(string name, Func<Element, bool> fits, string member, string below) => new(name, fits, element =>
    {
        var start = new JsonPlace(element).Start + 1;
        return new Mutation(start, start, member + ",", element.Path + below);
    });
}

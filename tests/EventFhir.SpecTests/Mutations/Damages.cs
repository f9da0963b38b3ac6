using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;

namespace EventFhir.SpecTests.Mutations;

/// <summary>Every kind of damage, each with the elements it fits and the place an issue must name.</summary>
internal static class Damages
{
    private const string Contained = "{\"resourceType\":\"Basic\",\"id\":\"contained-1\",\"code\":{\"text\":\"x\"}";
    private static readonly TypeDefinition DomainResource = Release.R4.FindType("DomainResource")!;

    public static readonly IReadOnlyList<Damage> All =
    [
        Damage.Insert("unknown element", IsObject, "\"notAnElement\":1", ".notAnElement"),
        Damage.Insert("unknown companion", IsObject, "\"_notAnElement\":{\"id\":\"a\"}", "._notAnElement"),
        new("name in wrong case", element => IsMember(element) && IsAlone(element), RenameInWrongCase),
        Damage.Replace("text instead of an object", IsComplex, "\"text\""),
        Damage.Replace("object instead of a primitive", IsPrimitive, "{\"a\":1}"),
        Damage.Replace("number instead of text", IsText, "12"),
        Damage.Replace("text instead of a boolean", element => IsOf(element, PrimitiveKind.Boolean), "\"true\""),
        Damage.Replace("text instead of a number", IsNumber, "\"12\""),
        new("too many: array for what does not repeat", element => IsMember(element) && !element.Definition!.IsRepeating, Wrap),
        new("no array for what repeats", element => IsMember(element) && element.Definition!.IsRepeating && IsAlone(element), Unwrap),
        Damage.Replace("day that does not exist", element => IsOf(element, PrimitiveKind.Date, PrimitiveKind.DateTime), "\"2024-02-30\""),
        Damage.Replace("date in another syntax", element => IsOf(element, PrimitiveKind.Date, PrimitiveKind.DateTime), "\"21.11.2026\""),
        Damage.Replace("date-time without zone", element => IsOf(element, PrimitiveKind.DateTime, PrimitiveKind.Instant), "\"2024-02-20T10:00:00\""),
        Damage.Replace("time that does not exist", element => IsOf(element, PrimitiveKind.Time), "\"24:00:00\""),
        Damage.Replace("positiveInt of zero", element => IsOf(element, PrimitiveKind.PositiveInt), "0"),
        Damage.Replace("unsignedInt below zero", element => IsOf(element, PrimitiveKind.UnsignedInt), "-1"),
        Damage.Replace("integer with a fraction", element => IsOf(element, PrimitiveKind.Integer), "1.5"),
        Damage.Replace("decimal out of reach", element => IsOf(element, PrimitiveKind.Decimal), "1e100000"),
        Damage.Replace("white space in a URI", element => IsOf(element, PrimitiveKind.Uri, PrimitiveKind.Url, PrimitiveKind.Canonical),
            "\"http://example.org/a b\""),
        Damage.Replace("white space around a code", element => IsOf(element, PrimitiveKind.Code), "\" final\""),
        Damage.Replace("id with a forbidden character", element => IsOf(element, PrimitiveKind.Id), "\"under_score\""),
        Damage.Replace("base64 without its padding", element => IsOf(element, PrimitiveKind.Base64Binary), "\"YQ=\""),
        Damage.Replace("empty text", IsText, "\"\""),
        Damage.Replace("control character", element => IsOf(element, PrimitiveKind.String, PrimitiveKind.Markdown) && !IsReference(element),
            "\"a\\u0007\""),
        Damage.Replace("code outside a required value set", element => IsPrimitive(element) && HasCodes(element), "\"no-such-code\""),
        Damage.Replace("concept outside a required value set", element => element.Type.Name == "CodeableConcept" && HasCodes(element),
            "{\"coding\":[{\"system\":\"http://example.org\",\"code\":\"x\"}]}"),
        new("required element missing", element => IsMember(element) && element.Definition!.Min > 0, Remove),
        new("member twice", element => IsMember(element) && !element.Definition!.IsRepeating, Repeat),
        new("two types of a choice",
            element => IsMember(element) && element.Definition!.IsChoice && element.Definition.Properties.Length > 1, ChooseAgain),
        Damage.Replace("null instead of a value", element => IsMember(element) && !element.Definition!.IsRepeating, "null"),
        new("null in an array", element => IsComplex(element) && element.Definition!.IsRepeating, InsertNull),
        new("empty array", element => IsMember(element) && element.Definition!.IsRepeating, EmptyArray),
        Damage.Replace("empty object", IsComplex, "{}"),
        Damage.Replace("object with an id alone", IsComplex, "{\"id\":\"a\"}"),
        new("companions of another number", element => IsPrimitive(element) && element.Definition!.IsRepeating, MiscountCompanions),
        Damage.Replace("reference in no known form", IsReference, "\"not/a/reference\""),
        Damage.Replace("criteria for a reference", IsReference, "\"Patient?identifier=x\""),
        Damage.Replace("reference to an unknown type", IsReference, "\"Unicorn/1\""),
        new("reference to a type that is not a target", element => IsReference(element) && NoTarget(element) is not null, Misdirect),
        new("reference to nothing contained (ref-1)", IsReference, DangleInside),
        new("script in the narrative", IsNarrative, element => InNarrative(element, "</div>", "<script>alert(1)</script></div>")),
        new("event handler in the narrative", IsNarrative, element => InNarrative(element, "</div>", "<p onclick=\\\"x()\\\">x</p></div>")),
        new("active link in the narrative", IsNarrative, element => InNarrative(element, "</div>", "<a href=\\\"javascript:x()\\\">x</a></div>")),
        new("narrative that is no XML", IsNarrative, element => InNarrative(element, "</div>", "")),
        Damage.Insert("contained in contained (dom-2)", IsUncontained,
            $"\"contained\":[{Contained},\"contained\":[{Contained}}}]}}]", ".contained[0].contained[0]"),
        Damage.Insert("contained without id", IsUncontained,
            "\"contained\":[{\"resourceType\":\"Basic\",\"code\":{\"text\":\"x\"}}]", ".contained[0].id"),
        Damage.Insert("contained with a version (dom-4)", IsUncontained,
            $"\"contained\":[{Contained},\"meta\":{{\"versionId\":\"1\"}}}}]", ".contained[0].meta.versionId"),
        Damage.Insert("contained that nothing refers to (dom-3)", IsUncontained, $"\"contained\":[{Contained}}}]", ""),
        Damage.Insert("contained of no type", IsUncontained, "\"contained\":[{\"id\":\"a\"}]", ".contained[0]"),
        Damage.Replace("extension without url", IsExtension, "{\"valueCode\":\"a\"}", ".url"),
        Damage.Replace("extension without content (ext-1)", IsExtension, "{\"url\":\"http://example.org/x\"}"),
        Damage.Replace("extension with value and extensions (ext-1)", IsExtension,
            "{\"url\":\"http://example.org/x\",\"valueCode\":\"a\",\"extension\":[{\"url\":\"y\",\"valueCode\":\"b\"}]}"),
        Damage.Replace("period that ends before it starts (per-1)", element => IsOf(element, "Period"),
            "{\"start\":\"2024-02-02\",\"end\":\"2024-01-01\"}"),
        Damage.Replace("range upside down (rng-2)", element => IsOf(element, "Range"),
            "{\"low\":{\"value\":2,\"unit\":\"a\"},\"high\":{\"value\":1,\"unit\":\"a\"}}"),
        Damage.Replace("unit code without system (qty-3)", element => IsOf(element, "Quantity"), "{\"value\":1,\"code\":\"mg\"}"),
        Damage.Replace("contact point without system (cpt-2)", element => IsOf(element, "ContactPoint"), "{\"value\":\"1\"}"),
        Damage.Replace("attachment without content type (att-1)", element => IsOf(element, "Attachment"), "{\"data\":\"YQ==\"}"),
    ];

    private static bool IsMember(Element element) => !element.IsRoot && (element.HasValue || !element.Type.IsPrimitive);
    private static bool IsObject(Element element) => !element.Type.IsPrimitive;
    private static bool IsComplex(Element element) => !element.IsRoot && !element.Type.IsPrimitive && !element.Type.IsResource;
    private static bool IsPrimitive(Element element) => element.Type.IsPrimitive && element.HasValue && !element.HasChildren;
    private static bool IsText(Element element) => IsPrimitive(element) && (element.Resource.Nodes[element.Index].Flags & NodeFlags.IsString) != 0;
    private static bool IsOf(Element element, params ReadOnlySpan<PrimitiveKind> kinds) =>
        IsPrimitive(element) && kinds.Contains(element.Type.Primitive);
    private static bool IsNumber(Element element) =>
        IsOf(element, PrimitiveKind.Decimal, PrimitiveKind.Integer, PrimitiveKind.PositiveInt, PrimitiveKind.UnsignedInt);

    private static bool IsOf(Element element, string type) => IsComplex(element) && element.Type.Name == type;
    private static bool IsExtension(Element element) => IsOf(element, "Extension");
    private static bool IsNarrative(Element element) => IsOf(element, PrimitiveKind.Xhtml);
    private static bool HasCodes(Element element) => element.Definition?.Binding is { Strength: BindingStrength.Required, Codes: not null };
    private static bool IsReference(Element element) =>
        IsPrimitive(element) && element.Definition!.Path == "Reference.reference" && IsStandalone(element);

    /// <summary>A resource in a Bundle may use criteria as references.</summary>
    private static bool IsStandalone(Element element) => element.Resource.Root.Type.Is(DomainResource);

    private static bool IsUncontained(Element element) =>
        element.IsRoot && element.Type.Is(DomainResource) && element.FirstChild("contained") is null;

    /// <summary>The only one of its name, without companion: what happens to it happens to its member.</summary>
    private static bool IsAlone(Element element)
    {
        var count = 0;
        foreach (var _ in element.Parent.ChildrenNamed(element.Name)) count++;
        return count == 1 && (!element.Type.IsPrimitive || !element.HasChildren);
    }

    private static string PathWithoutIndex(Element element) => $"{element.Parent.Path}.{element.Name}";

    private static Mutation RenameInWrongCase(Element element)
    {
        var place = new JsonPlace(element);
        var name = char.ToUpperInvariant(place.Name[0]) + place.Name[1..];
        return new Mutation(place.NameStart + 1, place.NameStart + 2, name[..1], $"{element.Parent.Path}.{name}");
    }

    private static Mutation Wrap(Element element)
    {
        var place = new JsonPlace(element);
        return new Mutation(place.Start, place.End, $"[{place.Text},{place.Text}]", element.Path);
    }

    private static Mutation Unwrap(Element element)
    {
        var place = new JsonPlace(element);
        return new Mutation(place.Whole.Start, place.Whole.End, place.Text, PathWithoutIndex(element));
    }

    private static Mutation Remove(Element element)
    {
        var (start, end) = new JsonPlace(element).Member;
        return new Mutation(start, end, "", PathWithoutIndex(element));
    }

    private static Mutation Repeat(Element element)
    {
        var place = new JsonPlace(element);
        return new Mutation(place.NameStart, place.NameStart, $"\"{place.Name}\":{place.Text},", element.Path);
    }

    private static Mutation ChooseAgain(Element element)
    {
        var place = new JsonPlace(element);
        var other = element.Definition!.Properties.First(property => property.Name != place.Name);
        return new Mutation(place.NameStart, place.NameStart, $"\"{other.Name}\":\"x\",", element.Path);
    }

    private static Mutation InsertNull(Element element)
    {
        var start = new JsonPlace(element).Whole.Start + 1;
        return new Mutation(start, start, "null,", PathWithoutIndex(element) + "[0]");
    }

    private static Mutation EmptyArray(Element element)
    {
        var (start, end) = new JsonPlace(element).Whole;
        return new Mutation(start, end, "[]", PathWithoutIndex(element));
    }

    private static Mutation MiscountCompanions(Element element)
    {
        var place = new JsonPlace(element);
        var count = 0;
        foreach (var _ in element.Parent.ChildrenNamed(element.Name)) count++;
        var companions = string.Join(",", Enumerable.Repeat("{\"id\":\"a\"}", count + 1));
        return new Mutation(place.NameStart, place.NameStart, $"\"_{place.Name}\":[{companions}],", PathWithoutIndex(element));
    }

    /// <summary>A resource type that the reference must not point to.</summary>
    private static TypeDefinition? NoTarget(Element reference)
    {
        var holder = reference.Parent;
        foreach (var type in holder.Definition!.Types)
            if (type.Type == holder.Type && !type.Targets.IsEmpty)
                return Release.R4.ResourceTypes.FirstOrDefault(resource => !type.Targets.Any(resource.Is));
        return null;
    }

    private static Mutation Misdirect(Element element)
    {
        var place = new JsonPlace(element);
        return new Mutation(place.Start, place.End, $"\"{NoTarget(element)!.Name}/1\"", element.Path);
    }

    private static Mutation DangleInside(Element element)
    {
        var place = new JsonPlace(element);
        return new Mutation(place.Start, place.End, "\"#nothing-of-this-name\"", element.Parent.Path);
    }

    private static Mutation InNarrative(Element element, string old, string replacement)
    {
        var place = new JsonPlace(element);
        var at = place.Text.LastIndexOf(old, StringComparison.Ordinal);
        return new Mutation(place.Start, place.End, place.Text[..at] + replacement + place.Text[(at + old.Length)..], element.Path);
    }
}

using System.Text.Json.Nodes;

using EventFhir.Model.Definitions;

namespace EventFhir.PostgresTests.Coverage;

/// <summary>A small valid value for any element.</summary>
internal sealed class SampleValues(Release release)
{
    private const string Text = "Generated";
    private const string Ucum = "http://unitsofmeasure.org";

    /// <summary>True if a parameter of the type finds something in values of the other type (R4 search.html#ptypes).</summary>
    public static bool Suits(SearchParameterType parameter, TypeDefinition value) => parameter switch
    {
        SearchParameterType.Token => value.Name is "code" or "Coding" or "CodeableConcept" or "Identifier" or "ContactPoint" or "boolean" or "id" or "string" or "uri",
        SearchParameterType.Date => value.Name is "date" or "dateTime" or "instant" or "Period" or "Timing",
        SearchParameterType.Number => value.Name is "decimal" or "integer" or "positiveInt" or "unsignedInt" or "Range",
        SearchParameterType.Quantity => value.Name is "Quantity" or "Age" or "Duration" or "Money" or "Range",
        SearchParameterType.Reference => value.Name is "Reference" or "canonical" or "uri",
        SearchParameterType.Uri => value.Primitive is PrimitiveKind.Uri or PrimitiveKind.Url or PrimitiveKind.Canonical or PrimitiveKind.Oid,
        SearchParameterType.String => value.Name is "string" or "markdown" or "HumanName" or "Address",
        _ => true,
    };

    /// <param name="target">What a reference has to point to; null for any that the parameter and the element allow.</param>
    public JsonNode Of(ElementDefinition element, ElementType type, SearchParameterDefinition? parameter, TypeDefinition? target)
    {
        var codes = element.Binding?.Codes?.Codes ?? [];
        var (system, code) = codes.IsEmpty ? ("http://example.org/codes", "generated") : codes[0];
        if (type.Type.IsPrimitive) return Primitive(type.Type.Primitive, code);
        if (type.Type.IsResource) return new JsonObject { ["resourceType"] = "Basic", ["code"] = new JsonObject { ["text"] = Text }, ["id"] = "generated" };
        return type.Type.Name switch
        {
            "Coding" => Coding(system, code),
            "CodeableConcept" => new JsonObject { ["coding"] = new JsonArray(Coding(system, code)) },
            "Identifier" => new JsonObject { ["system"] = "http://example.org/ids", ["value"] = "generated-1" },
            "ContactPoint" => new JsonObject { ["system"] = "phone", ["value"] = "555 0100" },
            "HumanName" => new JsonObject { ["family"] = Text },
            "Address" => new JsonObject { ["city"] = Text, ["line"] = new JsonArray(Text), ["state"] = Text, ["country"] = Text, ["postalCode"] = "0815", ["use"] = "home" },
            "Annotation" => new JsonObject { ["text"] = Text },
            "Period" => new JsonObject { ["start"] = "2020-03-04", ["end"] = "2020-04-05" },
            "Timing" => new JsonObject { ["event"] = new JsonArray("2020-03-04") },
            "Money" => new JsonObject { ["value"] = 12.5m, ["currency"] = "EUR" },
            "Age" or "Duration" => Quantity("a"),
            "Range" => new JsonObject { ["low"] = Quantity("mg"), ["high"] = Quantity("mg") },
            "Quantity" or "SimpleQuantity" or "Count" or "Distance" => Quantity(type.Type.Name is "Distance" ? "m" : type.Type.Name is "Count" ? "1" : "mg"),
            "Ratio" => new JsonObject { ["numerator"] = Quantity("mg"), ["denominator"] = Quantity("mL") },
            "Reference" => new JsonObject { ["reference"] = $"{Target(type, parameter, target)}/generated" },
            "Attachment" => new JsonObject { ["url"] = "http://example.org/generated", ["contentType"] = "text/plain" },
            "Narrative" => new JsonObject { ["status"] = "generated", ["div"] = "<div xmlns=\"http://www.w3.org/1999/xhtml\">Generated</div>" },
            "TriggerDefinition" => new JsonObject { ["type"] = "named-event", ["name"] = Text },
            _ => new JsonObject(),
        };
    }

    private string Target(ElementType type, SearchParameterDefinition? parameter, TypeDefinition? target)
    {
        if (target is not null) return target.Name;
        var both = type.Targets.Where(each => parameter is null || parameter.Targets.IsEmpty || parameter.Targets.Contains(each));
        return (both.FirstOrDefault() ?? type.Targets.FirstOrDefault() ?? parameter?.Targets.FirstOrDefault() ?? release.ResourceTypes[0]) is { IsAbstract: false } own
            ? own.Name
            : "Patient";
    }

    private static JsonNode Primitive(PrimitiveKind kind, string code) => kind switch
    {
        PrimitiveKind.Boolean => true,
        PrimitiveKind.Integer or PrimitiveKind.Integer64 or PrimitiveKind.PositiveInt or PrimitiveKind.UnsignedInt => 3,
        PrimitiveKind.Decimal => 1.5m,
        PrimitiveKind.Date or PrimitiveKind.DateTime => "2020-03-04",
        PrimitiveKind.Instant => "2020-03-04T05:06:07Z",
        PrimitiveKind.Time => "05:06:07",
        PrimitiveKind.Code => code,
        PrimitiveKind.Id => "generated",
        PrimitiveKind.Oid => "urn:oid:1.2.3",
        PrimitiveKind.Uuid => "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
        PrimitiveKind.Uri or PrimitiveKind.Url or PrimitiveKind.Canonical => "http://example.org/generated",
        PrimitiveKind.Base64Binary => "AAAA",
        _ => Text,
    };

    private static JsonObject Coding(string system, string code) => new() { ["system"] = system, ["code"] = code };

    private static JsonObject Quantity(string unit) => new() { ["value"] = 1.5m, ["unit"] = unit, ["system"] = Ucum, ["code"] = unit };
}

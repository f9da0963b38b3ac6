namespace EventFhir.Model.Definitions;

/// <summary>The primitive types of R4 and R5 (datatypes.html#primitive), one member each; None for a type that is not primitive.</summary>
public enum PrimitiveKind
{
    None,
    Base64Binary,
    Boolean,
    Canonical,
    Code,
    Date,
    DateTime,
    Decimal,
    Id,
    Instant,
    Integer,
    Integer64,
    Markdown,
    Oid,
    PositiveInt,
    String,
    Time,
    UnsignedInt,
    Uri,
    Url,
    Uuid,
    Xhtml,
}

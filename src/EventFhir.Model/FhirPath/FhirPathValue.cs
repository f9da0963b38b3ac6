using System.Globalization;
using System.Text;

using EventFhir.Model.Elements;

namespace EventFhir.Model.FhirPath;

public enum FhirPathKind : byte { None, Element, Boolean, String, Integer, Long, Decimal, Date, DateTime, Time, Quantity, Type }

/// <summary>What <c>type()</c> answers: FHIR.Patient or System.String.</summary>
public sealed record FhirPathType(string Namespace, string Name)
{
    public override string ToString() => $"{Namespace}.{Name}";
}

/// <summary>
/// One item of a FHIRPath collection: an element of a resource or a System value. The default is no item. A cheap value; copy it freely.
/// </summary>
public readonly struct FhirPathValue
{
    private readonly object? reference;
    private readonly long bits;
    private readonly int extra;

    private FhirPathValue(FhirPathKind kind, object? reference, long bits, int extra) =>
        (Kind, this.reference, this.bits, this.extra) = (kind, reference, bits, extra);

    public FhirPathKind Kind { get; }
    public bool IsNone => Kind is FhirPathKind.None;

    public static FhirPathValue Of(Element element) => new(FhirPathKind.Element, element.Resource, element.Index, 0);
    public static FhirPathValue Of(bool value) => new(FhirPathKind.Boolean, null, value ? 1 : 0, 0);
    public static FhirPathValue Of(string value) => new(FhirPathKind.String, value, 0, 0);
    public static FhirPathValue Of(int value) => new(FhirPathKind.Integer, null, value, 0);
    public static FhirPathValue Of(long value) => new(FhirPathKind.Long, null, value, 0);
    public static FhirPathValue Of(decimal value) => new(FhirPathKind.Decimal, value, 0, 0);
    public static FhirPathValue Of(FhirPathQuantity value) => new(FhirPathKind.Quantity, value, 0, 0);
    public static FhirPathValue Of(FhirPathType value) => new(FhirPathKind.Type, value, 0, 0);

    public static FhirPathValue Of(Temporal value)
    {
        var kind = value.Kind switch
        {
            TemporalKind.Date => FhirPathKind.Date,
            TemporalKind.DateTime => FhirPathKind.DateTime,
            _ => FhirPathKind.Time,
        };
        var offset = value.OffsetMinutes is { } minutes ? minutes + 2048 : 0;
        return new(kind, null, value.Ticks, (offset << 8) | (value.FractionDigits << 4) | (int)value.Precision);
    }

    // Each of these may be asked only of its own kind.
    public Element Element => new((Resource)reference!, (int)bits);
    public bool Boolean => bits != 0;
    public string Text => (string)reference!;
    public int Integer => (int)bits;
    public long Long => bits;
    public decimal Decimal => (decimal)reference!;
    public FhirPathQuantity Quantity => (FhirPathQuantity)reference!;
    public FhirPathType Type => (FhirPathType)reference!;

    public Temporal Temporal => new(
        Kind switch { FhirPathKind.Date => TemporalKind.Date, FhirPathKind.DateTime => TemporalKind.DateTime, _ => TemporalKind.Time },
        (TemporalPrecision)(extra & 15),
        bits,
        extra >> 8 is var offset and not 0 ? (short)(offset - 2048) : null,
        (byte)((extra >> 4) & 15));

    public bool IsElement => Kind is FhirPathKind.Element;
    public bool IsTemporal => Kind is FhirPathKind.Date or FhirPathKind.DateTime or FhirPathKind.Time;
    public bool IsNumber => Kind is FhirPathKind.Integer or FhirPathKind.Long or FhirPathKind.Decimal;

    /// <summary>The number, for Integer, Long and Decimal.</summary>
    public decimal Number => Kind is FhirPathKind.Decimal ? Decimal : bits;

    /// <summary>True for the same element of the same resource; no values are compared.</summary>
    internal bool IsSameElement(FhirPathValue other) =>
        IsElement && other.IsElement && ReferenceEquals(reference, other.reference) && bits == other.bits;

    /// <summary>The type the value shows to <c>type()</c>: the FHIR type of an element, otherwise the System type.</summary>
    public FhirPathType TypeInfo => Kind switch
    {
        FhirPathKind.Element => new FhirPathType("FHIR", Element.Type.Name),
        FhirPathKind.Type => new FhirPathType("System", "TypeInfo"),
        _ => new FhirPathType("System", Kind.ToString()),
    };

    /// <summary>The text as <c>toString()</c> gives it; for a complex element its location.</summary>
    public override string ToString() => Kind switch
    {
        FhirPathKind.None => "",
        FhirPathKind.Element => Element.HasValue ? Element.Text : Element.Path,
        FhirPathKind.Boolean => Boolean ? "true" : "false",
        FhirPathKind.String => Text,
        FhirPathKind.Integer or FhirPathKind.Long => bits.ToString(CultureInfo.InvariantCulture),
        FhirPathKind.Decimal => Decimal.ToString(CultureInfo.InvariantCulture),
        FhirPathKind.Quantity => Quantity.ToString(),
        FhirPathKind.Type => Type.ToString(),
        _ => Temporal.ToString(),
    };
}

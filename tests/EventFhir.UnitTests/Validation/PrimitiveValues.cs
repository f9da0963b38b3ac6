using System.Text;

using EventFhir.Model;
using EventFhir.Model.Definitions;
using EventFhir.Model.Validation;

using Xunit;

namespace EventFhir.UnitTests.Validation;

/// <summary>R4 datatypes.html#primitive, type by type: what is a value, and what is not.</summary>
public sealed class PrimitiveValues
{
    [Theory]
    [InlineData("2026", true)]
    [InlineData("2026-11", true)]
    [InlineData("2026-11-21", true)]
    [InlineData("2024-02-29", true)]
    [InlineData("0001-01-01", true)]
    [InlineData("2023-02-29", false)]
    [InlineData("1900-02-29", false)]
    [InlineData("2026-02-30", false)]
    [InlineData("2026-13", false)]
    [InlineData("2026-00", false)]
    [InlineData("2026-01-00", false)]
    [InlineData("0000", false)]
    [InlineData("26", false)]
    [InlineData("2026-1-1", false)]
    [InlineData("2026-11-21T00:00:00Z", false)]
    [InlineData("2026-", false)]
    [InlineData("2026-11-", false)]
    [InlineData(" 2026", false)]
    [InlineData("", false)]
    public void Dates(string text, bool isDate) => Check(PrimitiveKind.Date, text, isDate);

    [Theory]
    [InlineData("2026", true)]
    [InlineData("2026-11-21", true)]
    [InlineData("2026-11-21T10:20:30Z", true)]
    [InlineData("2026-11-21T10:20:30.123456789+14:00", true)]
    [InlineData("2026-11-21T23:59:60-13:59", true)]
    [InlineData("2026-11T10:20:30Z", false)]
    [InlineData("2026-11-21T10:20Z", false)]
    [InlineData("2026-11-21T10:20:30", false)]
    [InlineData("2026-11-21T24:00:00Z", false)]
    [InlineData("2026-11-21T10:60:00Z", false)]
    [InlineData("2026-11-21T10:20:61Z", false)]
    [InlineData("2026-11-21T10:20:30.Z", false)]
    [InlineData("2026-11-21T10:20:30+14:01", false)]
    [InlineData("2026-11-21T10:20:30+1:00", false)]
    [InlineData("2026-11-21 10:20:30Z", false)]
    [InlineData("2026-11-21T", false)]
    [InlineData("2026-02-30T10:20:30Z", false)]
    public void Date_times(string text, bool isDateTime) => Check(PrimitiveKind.DateTime, text, isDateTime);

    [Theory]
    [InlineData("2026-11-21T10:20:30Z", true)]
    [InlineData("2026-11-21T10:20:30.5+01:00", true)]
    [InlineData("2026-11-21", false)]
    [InlineData("2026-11-21T10:20:30", false)]
    [InlineData("2026", false)]
    public void Instants(string text, bool isInstant) => Check(PrimitiveKind.Instant, text, isInstant);

    [Theory]
    [InlineData("00:00:00", true)]
    [InlineData("23:59:60.1", true)]
    [InlineData("24:00:00", false)]
    [InlineData("10:20", false)]
    [InlineData("10:20:30Z", false)]
    [InlineData("10:20:30.", false)]
    [InlineData("1:20:30", false)]
    public void Times(string text, bool isTime) => Check(PrimitiveKind.Time, text, isTime);

    [Theory]
    [InlineData(PrimitiveKind.Integer, "0", true)]
    [InlineData(PrimitiveKind.Integer, "-2147483648", true)]
    [InlineData(PrimitiveKind.Integer, "2147483647", true)]
    [InlineData(PrimitiveKind.Integer, "2147483648", false)]
    [InlineData(PrimitiveKind.Integer, "1.0", false)]
    [InlineData(PrimitiveKind.Integer, "1e2", false)]
    [InlineData(PrimitiveKind.Integer, "-0", false)]
    [InlineData(PrimitiveKind.UnsignedInt, "0", true)]
    [InlineData(PrimitiveKind.UnsignedInt, "-1", false)]
    [InlineData(PrimitiveKind.PositiveInt, "1", true)]
    [InlineData(PrimitiveKind.PositiveInt, "0", false)]
    [InlineData(PrimitiveKind.Integer64, "9223372036854775807", true)]
    [InlineData(PrimitiveKind.Integer64, "9223372036854775808", false)]
    [InlineData(PrimitiveKind.Decimal, "1.10", true)]
    [InlineData(PrimitiveKind.Decimal, "-0.000000000000000001", true)]
    [InlineData(PrimitiveKind.Decimal, "1E-22", true)]
    [InlineData(PrimitiveKind.Decimal, "1e999", true)]
    [InlineData(PrimitiveKind.Decimal, "1e1000", false)]
    [InlineData(PrimitiveKind.Decimal, "1e99999999999", false)]
    public void Numbers(PrimitiveKind kind, string text, bool isNumber) => Check(kind, text, isNumber);

    [Theory]
    [InlineData(PrimitiveKind.Code, "final", true)]
    [InlineData(PrimitiveKind.Code, "two words", true)]
    [InlineData(PrimitiveKind.Code, "two  spaces", false)]
    [InlineData(PrimitiveKind.Code, " leading", false)]
    [InlineData(PrimitiveKind.Code, "trailing ", false)]
    [InlineData(PrimitiveKind.Code, "tab\tinside", false)]
    [InlineData(PrimitiveKind.Code, "no-break\u00A0space", false)]
    [InlineData(PrimitiveKind.Code, "größer", true)]
    [InlineData(PrimitiveKind.Code, "", false)]
    [InlineData(PrimitiveKind.Id, "A-b.9", true)]
    [InlineData(PrimitiveKind.Id, "under_score", false)]
    [InlineData(PrimitiveKind.Id, "", false)]
    [InlineData(PrimitiveKind.Id, "1234567890123456789012345678901234567890123456789012345678901234", true)]
    [InlineData(PrimitiveKind.Id, "12345678901234567890123456789012345678901234567890123456789012345", false)]
    [InlineData(PrimitiveKind.Oid, "urn:oid:1.2.3", true)]
    [InlineData(PrimitiveKind.Oid, "urn:oid:2.16.840.1.113883.0", true)]
    [InlineData(PrimitiveKind.Oid, "urn:oid:3.2", false)]
    [InlineData(PrimitiveKind.Oid, "urn:oid:1.02", false)]
    [InlineData(PrimitiveKind.Oid, "urn:oid:1.", false)]
    [InlineData(PrimitiveKind.Oid, "urn:oid:1", false)]
    [InlineData(PrimitiveKind.Oid, "1.2.3", false)]
    [InlineData(PrimitiveKind.Uuid, "urn:uuid:c757873d-ec9a-4326-a141-556f43239520", true)]
    [InlineData(PrimitiveKind.Uuid, "urn:uuid:C757873D-EC9A-4326-A141-556F43239520", false)]
    [InlineData(PrimitiveKind.Uuid, "urn:uuid:c757873dec9a4326a141556f43239520", false)]
    [InlineData(PrimitiveKind.Uuid, "c757873d-ec9a-4326-a141-556f43239520", false)]
    [InlineData(PrimitiveKind.Uri, "http://example.org/a?b#c", true)]
    [InlineData(PrimitiveKind.Uri, "a b", false)]
    [InlineData(PrimitiveKind.Uri, "a\u2003b", false)]
    [InlineData(PrimitiveKind.Uri, "", false)]
    [InlineData(PrimitiveKind.Canonical, "http://example.org/a|1.0", true)]
    [InlineData(PrimitiveKind.Url, "x\n", false)]
    [InlineData(PrimitiveKind.Base64Binary, "YQ==", true)]
    [InlineData(PrimitiveKind.Base64Binary, "YWJj\nYWJj", true)]
    [InlineData(PrimitiveKind.Base64Binary, "YQ=", false)]
    [InlineData(PrimitiveKind.Base64Binary, "Y$==", false)]
    [InlineData(PrimitiveKind.Base64Binary, "", false)]
    [InlineData(PrimitiveKind.String, "anything\r\n\tgoes", true)]
    [InlineData(PrimitiveKind.String, "\u0007", false)]
    [InlineData(PrimitiveKind.String, "\0", false)]
    [InlineData(PrimitiveKind.String, "", false)]
    [InlineData(PrimitiveKind.Markdown, "# Title", true)]
    [InlineData(PrimitiveKind.Markdown, "", false)]
    public void Texts(PrimitiveKind kind, string text, bool isValue) => Check(kind, text, isValue);

    [Fact]
    public void Strings_have_at_most_1048576_characters_however_many_bytes()
    {
        Check(PrimitiveKind.String, new string('ß', Limits.StringCharactersMax), isValue: true);
        Check(PrimitiveKind.String, new string('a', Limits.StringCharactersMax + 1), isValue: false);
    }

    [Fact]
    public void Decimals_have_at_most_256_digits()
    {
        Check(PrimitiveKind.Decimal, new string('9', Limits.DecimalDigitsMax), isValue: true);
        Check(PrimitiveKind.Decimal, new string('9', Limits.DecimalDigitsMax + 1), isValue: false);
    }

    private static void Check(PrimitiveKind kind, string text, bool isValue) =>
        Assert.Equal(isValue, PrimitiveSyntax.Fault(kind, Encoding.UTF8.GetBytes(text)) is null);
}

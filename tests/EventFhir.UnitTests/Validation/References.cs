using System.Text;

using EventFhir.Model.Definitions;
using EventFhir.Model.Validation;

using Xunit;

namespace EventFhir.UnitTests.Validation;

/// <summary>R4 references.html#literal.</summary>
public sealed class References
{
    [Theory]
    [InlineData("Patient/1", "Relative", "Patient")]
    [InlineData("Patient/1/_history/2", "Relative", "Patient")]
    [InlineData("http://example.org/fhir/Patient/1", "AbsoluteRestful", "Patient")]
    [InlineData("https://example.org/fhir/Patient/1/_history/3", "AbsoluteRestful", "Patient")]
    [InlineData("http://example.org/x", "Absolute", null)]
    [InlineData("urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "Absolute", null)]
    [InlineData("urn:oid:1.2.3", "Absolute", null)]
    [InlineData("ftp://example.org/Patient/1", "Absolute", null)]
    [InlineData("#p1", "Contained", null)]
    [InlineData("#", "Contained", null)]
    [InlineData("Patient?identifier=x|y", "Conditional", "Patient")]
    [InlineData("patient/1", "Invalid", null)]
    [InlineData("Patient", "Invalid", null)]
    [InlineData("Patient/", "Invalid", null)]
    [InlineData("/Patient/1", "Invalid", null)]
    [InlineData("Patient/a b", "Invalid", null)]
    [InlineData("Patient/a_b", "Invalid", null)]
    [InlineData("Patient/1/2", "Invalid", null)]
    [InlineData("Unknown/1", "Invalid", null)]
    [InlineData("DomainResource/1", "Invalid", null)]
    [InlineData("fhir/Patient/1", "Invalid", null)]
    [InlineData("Patient/1/_history/", "Invalid", null)]
    [InlineData("urn:uuid:1", "Invalid", null)]
    [InlineData("urn:oid:x", "Invalid", null)]
    [InlineData("Patient?", "Invalid", null)]
    [InlineData("", "Invalid", null)]
    public void Forms(string text, string form, string? target)
    {
        Assert.Equal(form, ReferenceSyntax.Parse(Encoding.UTF8.GetBytes(text), Release.R4, out var type).ToString());
        Assert.Equal(target, form == "Invalid" ? null : type?.Name);
    }
}

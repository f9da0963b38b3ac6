namespace EventFhir.Server.Formats;

/// <summary>One entry of an Accept or Content-Type header (RFC 9110, 8.3.1 and 12.5.1). Text is lower case.</summary>
/// <param name="Quality">In thousandths: 1000 if there is no q parameter.</param>
public readonly record struct MediaType(string Name, string? FhirVersion, string? Charset, int Quality)
{
    /// <summary>Reads "application/fhir+json; fhirVersion=4.0; q=0.9". Unknown parameters are left aside; false if there is no name.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out MediaType mediaType)
    {
        var (fhirVersion, charset, quality) = ((string?)null, (string?)null, 1000);
        var end = text.IndexOf(';');
        var name = (end < 0 ? text : text[..end]).Trim();
        while (end >= 0)
        {
            text = text[(end + 1)..];
            end = text.IndexOf(';');
            var parameter = end < 0 ? text : text[..end];
            var equals = parameter.IndexOf('=');
            if (equals < 0) continue;
            var key = parameter[..equals].Trim();
            var value = parameter[(equals + 1)..].Trim().Trim('"');
            if (key.Equals("fhirVersion", StringComparison.OrdinalIgnoreCase)) fhirVersion = value.ToString();
            else if (key.Equals("charset", StringComparison.OrdinalIgnoreCase)) charset = value.ToString().ToLowerInvariant();
            else if (key.Equals("q", StringComparison.OrdinalIgnoreCase)) quality = QualityOf(value);
        }
        // A "+" in a query string arrives as a space: _format=application/fhir+json.
        mediaType = new MediaType(name.ToString().ToLowerInvariant().Replace(' ', '+'), fhirVersion, charset, quality);
        return name.Length > 0;
    }

    private static int QualityOf(ReadOnlySpan<char> text) =>
        double.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var value) ? (int)(Math.Clamp(value, 0, 1) * 1000) : 1000;
}

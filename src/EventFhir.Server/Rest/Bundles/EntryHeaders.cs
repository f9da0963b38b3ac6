using System.Globalization;

using EventFhir.Core.Bundles;
using EventFhir.Server.Formats;

namespace EventFhir.Server.Rest.Bundles;

/// <summary>The conditions of an entry as the headers that they stand for (R4 bundle.html, Bundle.entry.request).</summary>
public static class EntryHeaders
{
    public static void Add(IHeaderDictionary headers, BundleEntry entry)
    {
        if (entry.IfMatch is { } ifMatch) headers.IfMatch = ifMatch;
        if (entry.IfNoneMatch is { } ifNoneMatch) headers.IfNoneMatch = ifNoneMatch;
        if (entry.IfNoneExist is { } ifNoneExist) headers["If-None-Exist"] = ifNoneExist;
        // An instant, where the header has a date of HTTP.
        if (entry.IfModifiedSince is { } since && FhirInstant.TryParsePeriod(since, out var instant, out _))
            headers.IfModifiedSince = instant.ToString("R", CultureInfo.InvariantCulture);
    }

    public static IHeaderDictionary Of(BundleEntry entry)
    {
        var headers = new HeaderDictionary();
        Add(headers, entry);
        return headers;
    }
}

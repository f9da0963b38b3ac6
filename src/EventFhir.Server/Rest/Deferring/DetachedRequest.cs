using EventFhir.Core.Events;
using EventFhir.Model;
using EventFhir.Server.Formats;

using Microsoft.AspNetCore.Http.Features;

namespace EventFhir.Server.Rest.Deferring;

/// <summary>A request with everything that an interaction may ask it for, which outlives its connection.</summary>
internal static class DetachedRequest
{
    /// <summary>Reads the body to its end; it is there without its compression.</summary>
    public static async Task<DefaultHttpContext> OfAsync(HttpContext http)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = Limits.BundleBytesMax;
        using var body = await RequestBody.ReadAsItIsAsync(http.Request, http.RequestAborted);
        var detached = new DefaultHttpContext();
        var (from, to) = (http.Request, detached.Request);
        foreach (var (name, value) in from.Headers) to.Headers[name] = value;
        if (ContentCoding.Find(from.Headers.ContentEncoding.ToString()) is not null) to.Headers.Remove("Content-Encoding");
        to.Headers[RequestId.Header] = RequestId.Of(http);
        (to.Method, to.Scheme, to.Host, to.PathBase, to.Path, to.QueryString) =
            (from.Method, from.Scheme, from.Host, from.PathBase, from.Path, from.QueryString);
        to.RouteValues = new RouteValueDictionary(from.RouteValues);
        to.Body = new MemoryStream(body.Json.ToArray(), writable: false);
        to.ContentLength = body.Json.Length;
        detached.Connection.RemoteIpAddress = http.Connection.RemoteIpAddress;
        detached.Connection.LocalIpAddress = http.Connection.LocalIpAddress;
        if (http.Features.Get<Provenance>() is { } provenance) detached.Features.Set(provenance);
        if (http.Features.Get<SearchForm>() is { } form) detached.Features.Set(form);
        return detached;
    }
}

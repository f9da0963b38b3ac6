using EventFhir.Core.Events;

namespace EventFhir.Server.Rest;

/// <summary>The base URL as clients see it: the configured one, or that of the request. No slash at the end.</summary>
public sealed class BaseUrl(string? configured)
{
    /// <summary>True if the configuration says it, as it does where a proxy stands before the server.</summary>
    public bool IsConfigured => configured is not null;

    public string Of(HttpRequest request) => configured ?? $"{request.Scheme}://{request.Host.Value}{FhirRoutes.Base}";

    public string OfVersion(HttpRequest request, ResourceKey key, long version) => $"{Of(request)}/{key.Type.Name}/{key.Id.Value}/_history/{version}";
}

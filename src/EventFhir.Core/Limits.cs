namespace EventFhir.Core;

/// <summary>Every limit of the server, in one place (docs/configuration.md). Each is tested and answered with a clear error.</summary>
public static class Limits
{
    public const int BodyBytesMax = 32 * 1024 * 1024;
    public const int PageSizeDefault = 20;
    public const int PageSizeMax = 1_000;
}

namespace EventFhir.Core;

/// <summary>Every limit of the server, in one place (docs/configuration.md). Each is tested and answered with a clear error.</summary>
public static class Limits
{
    /// <summary>The body of a request; a longer one is 413.</summary>
    public const int BodyBytesMax = 32 * 1024 * 1024;

    public const int PageSizeDefault = 20;
    public const int PageSizeMax = 1_000;

    /// <summary>The request line, URL included; a longer one is 414.</summary>
    public const int RequestLineBytesMax = 16 * 1024;

    /// <summary>All headers of a request together; more is 431.</summary>
    public const int HeaderBytesMax = 32 * 1024;

    public const int HeaderCountMax = 100;

    /// <summary>An Idempotency-Key; a longer one is 400.</summary>
    public const int IdempotencyKeyLengthMax = 200;

    /// <summary>How long a client may take to send its headers.</summary>
    public static readonly TimeSpan HeaderTimeMax = TimeSpan.FromSeconds(15);

    public static readonly TimeSpan IdleConnectionTimeMax = TimeSpan.FromSeconds(130);

    /// <summary>How long a server that stops waits for the requests under way.</summary>
    public static readonly TimeSpan DrainTimeMax = TimeSpan.FromSeconds(30);
}

using System.Collections.Immutable;

namespace EventFhir.Server.Rest;

/// <summary>Where load balancers and orchestrators ask: /health while the process serves, /ready when requests would be answered.</summary>
/// <param name="troubles">What works, but not as it should: told by /health, which stays 200, since a restart would not help.</param>
public sealed class HealthEndpoints(
    Func<CancellationToken, Task<bool>> isDatabaseReady, Func<ImmutableArray<string>> troubles, IHostApplicationLifetime lifetime)
{
    private static readonly TimeSpan PatienceMax = TimeSpan.FromSeconds(2);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/health", ["GET", "HEAD"], http =>
            AnswerAsync(http, 200, troubles() is { IsEmpty: false } found ? "degraded\n" + string.Join('\n', found) : "healthy"));
        routes.MapMethods("/ready", ["GET", "HEAD"], async http =>
        {
            var ready = !lifetime.ApplicationStopping.IsCancellationRequested && await IsReadyAsync(http.RequestAborted);
            await AnswerAsync(http, ready ? 200 : 503, ready ? "ready" : "not ready");
        });
    }

    private async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(PatienceMax);
        try
        {
            return await isDatabaseReady(patience.Token);
        }
        catch (Exception exception)
            when (exception is System.Data.Common.DbException or OperationCanceledException or IOException or TimeoutException)
        {
            return false;
        }
    }

    private static Task AnswerAsync(HttpContext http, int status, string text)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/plain; charset=utf-8";
        http.Response.Headers.CacheControl = "no-store";
        return http.Response.WriteAsync(text + "\n", http.RequestAborted);
    }
}

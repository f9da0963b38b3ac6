using System.Diagnostics;

using EventFhir.Postgres.Embedded;

using Xunit;

namespace EventFhir.PostgresTests;

internal static class Outage
{
    private static readonly TimeSpan PatienceMax = TimeSpan.FromMinutes(5);

    /// <summary>
    /// kill -9, and the wait for the next server: writes may be acknowledged before its process id is known, so they do not tell that it can be
    /// killed in its turn.
    /// </summary>
    public static async Task KillAsync(EmbeddedPostgres postgres)
    {
        var killed = postgres.ProcessId;
        using (var server = Process.GetProcessById(killed))
        {
            server.Kill();
            await server.WaitForExitAsync();
        }
        for (var patience = Stopwatch.StartNew(); postgres.ProcessId == killed; await Task.Delay(20))
            Assert.True(patience.Elapsed < PatienceMax, "PostgreSQL was not started again.");
    }
}

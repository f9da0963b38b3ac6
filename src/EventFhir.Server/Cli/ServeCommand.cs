using System.Net;

namespace EventFhir.Server.Cli;

/// <summary>eventfhir serve: the start line goes to stdout when requests are answered; returns when told to stop.</summary>
internal static class ServeCommand
{
    public static async Task<int> RunAsync(EventFhirOptions options, CancellationToken cancellationToken)
    {
        await using var database = await Database.OpenAsync(options, Cluster.OfThisProcess, cancellationToken);
        await using var server = await ServerHost.StartAsync(options, database, cancellationToken);
        if (!IPAddress.IsLoopback(options.Listen))
            await Console.Error.WriteLineAsync(
                $"WARNING: listening on {options.Listen} without authentication: whoever reaches this address can read and change everything.");
        await Console.Out.WriteLineAsync($"EventFhir serves FHIR {options.Release.Name} on {server.Url}");
        await Console.Out.FlushAsync(cancellationToken);
        await server.WaitForShutdownAsync(cancellationToken);
        return ExitCodes.Success;
    }
}

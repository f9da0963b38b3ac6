using System.Text.Json;

using EventFhir.Postgres.Following;
using EventFhir.Server.Daemon;
using EventFhir.Server.Rest.Feed;

namespace EventFhir.Server.Rest;

/// <summary>/admin/projections: what is derived from the log, and how operators steer it (docs/operations.md).</summary>
public sealed class ProjectionEndpoints(Projections projections, ProjectionRebuilds rebuilds, BaseUrl baseUrl)
{
    private const string Path = "/admin/projections";

    private static readonly FeedProblem NoSuchProjection = new(404, "not-found", "There is no projection of this name.");
    private static readonly FeedProblem Inline =
        new(400, "not-supported", "This projection is kept by each write, in its transaction: it is never behind, and cannot be paused.");

    private static readonly FeedProblem UnderWay = new(409, "conflict", "A rebuild of this projection is under way.");
    private static readonly FeedProblem FromElsewhere =
        new(403, "forbidden", "Projections are steered by clients on the server's own machine, without a proxy or another site's page between.");

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path, ListAsync).WithDisplayName(Path);
        Map("$pause", projections.PauseAsync);
        Map("$resume", projections.ResumeAsync);
        routes.MapPost(Path + "/{name}/$rebuild", RebuildAsync).WithDisplayName(Path + "/{name}/$rebuild");

        void Map(string operation, Func<string, CancellationToken, Task> steer) =>
            routes.MapPost(Path + "/{name}/" + operation, http => SteerAsync(http, steer)).WithDisplayName(Path + "/{name}/" + operation);
    }

    private async Task ListAsync(HttpContext http)
    {
        var all = await projections.StatusAsync(http.RequestAborted);
        await FeedEndpoints.AnswerAsync(http, json =>
        {
            json.WriteStartArray("projections"u8);
            foreach (var status in all)
            {
                json.WriteStartObject();
                Write(json, status);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        });
    }

    private async Task SteerAsync(HttpContext http, Func<string, CancellationToken, Task> steer)
    {
        if (await FindAsync(http) is not { } found) return;
        if (found.Kind is ProjectionKind.Inline)
        {
            await Inline.WriteAsync(http);
            return;
        }
        await steer(found.Name, http.RequestAborted);
        await AnswerAsync(http, found.Name);
    }

    private async Task RebuildAsync(HttpContext http)
    {
        if (await FindAsync(http) is not { } found) return;
        if (found.Rebuild is { IsRunning: true } || !rebuilds.Start(found.Name))
        {
            await UnderWay.WriteAsync(http);
            return;
        }
        http.Response.StatusCode = 202;
        await AnswerAsync(http, found.Name);
    }

    private async Task AnswerAsync(HttpContext http, string name)
    {
        var all = await projections.StatusAsync(http.RequestAborted);
        await FeedEndpoints.AnswerAsync(http, json => Write(json, all.First(status => status.Name == name)));
    }

    /// <summary>Null if the request is answered: there is none, or the client may not steer.</summary>
    private async Task<ProjectionStatus?> FindAsync(HttpContext http)
    {
        // A page of another site can have a browser on this machine send a POST, but not without saying where it comes from.
        if (!LocalClient.IsLocal(http) || baseUrl.IsConfigured || http.Request.Headers.Origin.Count > 0)
        {
            await FromElsewhere.WriteAsync(http);
            return null;
        }
        var all = await projections.StatusAsync(http.RequestAborted);
        var found = all.FirstOrDefault(status => status.Name == (string)http.Request.RouteValues["name"]!);
        if (found is null) await NoSuchProjection.WriteAsync(http);
        return found;
    }

    private static void Write(Utf8JsonWriter json, ProjectionStatus status)
    {
        json.WriteString("name"u8, status.Name);
        json.WriteString("kind"u8, status.Kind is ProjectionKind.Inline ? "inline"u8 : "follower"u8);
        json.WriteString("state"u8, status.StateName);
        if (status.Since is { } since) json.WriteString("since"u8, since);
        if (status.Reason is { } reason) json.WriteString("error"u8, reason);
        if (status.FailedAfter is { } failed) json.WriteString("failedAfter"u8, (status.Position with { Position = failed }).ToString());
        json.WriteString("position"u8, status.Position.ToString());
        json.WriteNumber("lagEvents"u8, status.LagEvents);
        json.WriteNumber("lagSeconds"u8, Math.Round(status.LagSeconds, 3));
        if (status.Holder is { } holder) json.WriteString("holder"u8, holder);
        if (status.Rebuild is not { } rebuild) return;
        json.WriteStartObject("rebuild"u8);
        json.WriteString("state"u8, rebuild.StateName);
        json.WriteString("startedAt"u8, rebuild.StartedAt);
        if (rebuild.EndedAt is { } ended) json.WriteString("endedAt"u8, ended);
        json.WriteNumber("done"u8, rebuild.Done);
        if (rebuild.Reason is { } problem) json.WriteString("error"u8, problem);
        json.WriteEndObject();
    }
}

using System.Text.Json;

using EventFhir.Core.Events;
using EventFhir.Core.Feed;
using EventFhir.Model;
using EventFhir.Postgres.Feed;
using EventFhir.Server.Formats;

namespace EventFhir.Server.Rest.Feed;

/// <summary>/feed/groups: consumers that share the feed and leave their checkpoints with the server (docs/feed.md).</summary>
public sealed class GroupEndpoints(ConsumerGroups groups, FeedReader reader)
{
    private const string Path = "/feed/groups";
    private const int SecondsByDefault = 30;

    private static readonly FeedProblem NoSuchGroup = new(404, "not-found", "There is no group of this name.");
    private static readonly FeedProblem NotUnderstood =
        new(400, "value", "The body is a JSON object with the members that docs/feed.md names, and numbers within their bounds.");

    private static readonly FeedProblem LeaseLost = new(
        409, "lease-lost", "The shard has been taken by another consumer or given back, or the checkpoint lies before the one that is kept.");

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path, ListAsync).WithDisplayName(Path);
        routes.MapGet(Path + "/{name}", ReadAsync).WithDisplayName(Path + "/{name}");
        routes.MapPut(Path + "/{name}", CreateAsync).WithDisplayName(Path + "/{name}");
        routes.MapDelete(Path + "/{name}", DeleteAsync).WithDisplayName(Path + "/{name}");
        routes.MapPost(Path + "/{name}/lease", LeaseAsync).WithDisplayName(Path + "/{name}/lease");
        routes.MapPost(Path + "/{name}/checkpoint", CheckpointAsync).WithDisplayName(Path + "/{name}/checkpoint");
    }

    private async Task ListAsync(HttpContext http)
    {
        var shards = await groups.StatusAsync(name: null, http.RequestAborted);
        await FeedEndpoints.AnswerAsync(http, json =>
        {
            json.WriteStartArray("groups"u8);
            foreach (var group in shards.GroupBy(static shard => shard.Group))
            {
                json.WriteStartObject();
                Write(json, group);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        });
    }

    private async Task ReadAsync(HttpContext http)
    {
        var shards = await groups.StatusAsync(NameOf(http), http.RequestAborted);
        if (shards.Count == 0) await NoSuchGroup.WriteAsync(http);
        else await FeedEndpoints.AnswerAsync(http, json => Write(json, shards));
    }

    private async Task CreateAsync(HttpContext http)
    {
        using var body = await ReadBodyAsync(http);
        if (!ResourceId.TryParse(NameOf(http), out _))
        {
            await new FeedProblem(400, "value", "A name is 1 to 64 letters, digits, '-' and '.'.").WriteAsync(http);
            return;
        }
        if (body is null || Number(body, "shards", 1) is not { } shards || shards is < 1 or > Limits.FeedShardsMax
            || !TryReadCursor(body, "after", out var given))
        {
            await NotUnderstood.WriteAsync(http);
            return;
        }
        var state = await reader.StateAsync(given?.Epoch ?? 0, http.RequestAborted);
        if (given is { } asked && FeedProblem.OfCursor(asked, state) is { } problem)
        {
            await problem.WriteAsync(http);
            return;
        }
        await groups.CreateAsync(NameOf(http), (int)shards, given ?? state.Head with { Position = state.Earliest }, http.RequestAborted);
        var made = await groups.StatusAsync(NameOf(http), http.RequestAborted);
        if (made.Count != shards)
            await new FeedProblem(409, "conflict", "There is a group of this name with another number of shards.").WriteAsync(http);
        else await FeedEndpoints.AnswerAsync(http, json => Write(json, made));
    }

    private async Task DeleteAsync(HttpContext http)
    {
        if (await groups.DeleteAsync(NameOf(http), http.RequestAborted)) http.Response.StatusCode = 204;
        else await NoSuchGroup.WriteAsync(http);
    }

    private async Task LeaseAsync(HttpContext http)
    {
        using var body = await ReadBodyAsync(http);
        if (body is null || Seconds(body) is not { Ticks: > 0 } time
            || body.RootElement.TextOf("consumer") is not { Length: > 0 and <= Limits.FeedConsumerCharactersMax } consumer)
        {
            await NotUnderstood.WriteAsync(http);
            return;
        }
        var lease = await groups.LeaseAsync(NameOf(http), consumer, time, http.RequestAborted);
        if (lease is not null) await AnswerAsync(http, lease);
        else if ((await groups.StatusAsync(NameOf(http), http.RequestAborted)).Count == 0) await NoSuchGroup.WriteAsync(http);
        else http.Response.StatusCode = 204;
    }

    private async Task CheckpointAsync(HttpContext http)
    {
        using var body = await ReadBodyAsync(http);
        if (body is null || Number(body, "shard", absent: null) is not { } shard || Number(body, "fence", absent: null) is not { } fence
            || !TryReadCursor(body, "cursor", out var cursor) || Seconds(body) is not { } time)
        {
            await NotUnderstood.WriteAsync(http);
            return;
        }
        if (cursor is { } reached)
        {
            var state = await reader.StateAsync(reached.Epoch, http.RequestAborted);
            if (FeedProblem.OfCursor(reached, state) is { } problem)
            {
                await problem.WriteAsync(http);
                return;
            }
            // Up to the common position both epochs mean the same.
            cursor = reached with { Epoch = state.Head.Epoch };
        }
        var lease = await groups.CheckpointAsync(
            NameOf(http), (int)Math.Clamp(shard, 0, int.MaxValue), fence, cursor, time, http.RequestAborted);
        if (lease is null) await LeaseLost.WriteAsync(http);
        else await AnswerAsync(http, lease);
    }

    private async Task AnswerAsync(HttpContext http, ShardLease lease)
    {
        var count = (await groups.StatusAsync(NameOf(http), http.RequestAborted)).Count;
        await FeedEndpoints.AnswerAsync(http, json => Write(json, lease, count));
    }

    private static void Write(Utf8JsonWriter json, IEnumerable<ShardStatus> shards)
    {
        var isFirst = true;
        foreach (var status in shards)
        {
            if (isFirst)
            {
                json.WriteString("name"u8, status.Group);
                json.WriteStartArray("shards"u8);
            }
            isFirst = false;
            json.WriteStartObject();
            Write(json, status.Lease, status.Shards);
            if (status.IsHeld) json.WriteString("consumer"u8, status.Owner);
            json.WriteNumber("lagEvents"u8, status.LagEvents);
            json.WriteNumber("lagSeconds"u8, Math.Round(status.LagSeconds, 3));
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, ShardLease lease, int shards)
    {
        json.WriteNumber("shard"u8, lease.Shard);
        json.WriteString("filter"u8, $"{lease.Shard}/{shards}");
        json.WriteNumber("fence"u8, lease.Fence);
        json.WriteString("cursor"u8, lease.Checkpoint.ToString());
        if (lease.Until is { } until) json.WriteString("leaseUntil"u8, until);
    }

    private static string NameOf(HttpContext http) => (string)http.Request.RouteValues["name"]!;

    /// <summary>Null if it is no JSON object; an empty body is an empty object.</summary>
    private static async Task<JsonDocument?> ReadBodyAsync(HttpContext http)
    {
        if (http.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } bound)
            bound.MaxRequestBodySize = Limits.FeedGroupBodyBytesMax;
        using var text = new MemoryStream();
        await http.Request.Body.CopyToAsync(text, http.RequestAborted);
        if (text.Length == 0) return JsonDocument.Parse("{}");
        try
        {
            var body = JsonDocument.Parse(text.ToArray());
            if (body.RootElement.ValueKind is JsonValueKind.Object) return body;
            body.Dispose();
        }
        catch (JsonException)
        {
            // Told as what is not understood.
        }
        return null;
    }

    /// <summary>Null if it is no whole number.</summary>
    private static long? Number(JsonDocument body, string name, long? absent) => !body.RootElement.TryGetProperty(name, out var member) ? absent
        : member.ValueKind is JsonValueKind.Number && member.TryGetInt64(out var number) ? number : null;

    /// <summary>How long the lease is wanted; zero to give it back.</summary>
    private static TimeSpan? Seconds(JsonDocument body) =>
        Number(body, "seconds", SecondsByDefault) is { } seconds and >= 0 && seconds <= Limits.FeedLeaseMax.TotalSeconds
            ? TimeSpan.FromSeconds(seconds)
            : null;

    private static bool TryReadCursor(JsonDocument body, string name, out FeedCursor? cursor)
    {
        cursor = null;
        if (!body.RootElement.TryGetProperty(name, out _)) return true;
        if (body.RootElement.TextOf(name) is not { } text || !FeedCursor.TryParse(text, out var read)) return false;
        cursor = read;
        return true;
    }
}

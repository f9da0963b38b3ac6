using System.Globalization;
using System.Text;
using System.Text.Json;

using EventFhir.Core.Events;
using EventFhir.Core.Proof;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Proof;

namespace EventFhir.Server.Proof;

/// <summary>
/// The tree over HTTP, beside the FHIR API (docs/proof.md): checkpoint and tiles as C2SP tlog-tiles has them, and proofs for those who do not want to
/// make them from tiles. Nothing here has the content of a resource.
/// </summary>
public sealed class ProofEndpoints(ProofReader reader, Release release)
{
    private const string Text = "text/plain; charset=utf-8";
    private const string Bytes = "application/octet-stream";

    // What is full never changes. A part of a tile never changes either, but is of no use once the tile is full.
    private const string Immutable = "public, max-age=31536000, immutable";
    private const string Mutable = "no-cache";

    public void Map(IEndpointRouteBuilder routes)
    {
        Get("/proof/checkpoint", CheckpointAsync);
        Get("/proof/keys", KeysAsync);
        Get("/proof/tile/entries/{**path}", EntriesAsync);
        Get("/proof/tile/{level}/{**path}", TileAsync);
        Get("/proof/inclusion", InclusionAsync);
        Get("/proof/consistency", ConsistencyAsync);

        void Get(string path, RequestDelegate answer) => routes.MapMethods(path, ["GET", "HEAD"], answer);
    }

    private async Task CheckpointAsync(HttpContext http)
    {
        if (await reader.CheckpointAsync(http.RequestAborted) is { } note) await WriteAsync(http, Encoding.UTF8.GetBytes(note), Text, Mutable);
        else await RefuseAsync(http, 404, "The log has no checkpoint yet.");
    }

    private async Task KeysAsync(HttpContext http)
    {
        var keys = await reader.KeysAsync(http.RequestAborted);
        await WriteAsync(http, Encoding.UTF8.GetBytes(string.Concat(keys.Select(key => $"{key}\n"))), Text, Mutable);
    }

    private async Task TileAsync(HttpContext http)
    {
        if (!TileAddress.TryParse((string)http.Request.RouteValues["level"]!, PathOf(http), out var address, out var width))
            await RefuseAsync(http, 400, "This is not the path of a tile.");
        else if (await reader.TileAsync(address, width, http.RequestAborted) is { } tile) await WriteAsync(http, tile, Bytes, Immutable);
        else await RefuseAsync(http, 404, "The tree does not have this tile, or not that many hashes of it.");
    }

    private async Task EntriesAsync(HttpContext http)
    {
        if (!TileAddress.TryParseNumber(PathOf(http), out var number, out var width))
            await RefuseAsync(http, 400, "This is not the path of a bundle.");
        else if (await reader.EntriesAsync(number, width, http.RequestAborted) is { } bundle)
            await WriteAsync(http, bundle, Bytes, Immutable);
        else
            await RefuseAsync(http, 404, "The tree does not have these leaves.");
    }

    /// <summary>C2SP tlog-proof; the record of the leaf is the extra data.</summary>
    private async Task InclusionAsync(HttpContext http)
    {
        var query = http.Request.Query;
        var position = ReadNumber(query["position"]);
        if (position is null && ReadVersion(query) is var (key, version))
            position = await reader.PositionAsync(key, version, http.RequestAborted) ?? 0;
        if (position is not { } at)
        {
            await RefuseAsync(http, 400, "Ask by position=17, or by resource=[type]/[id] and version=2.");
            return;
        }
        if (await reader.InclusionAsync(at, http.RequestAborted) is not { } proof)
        {
            await RefuseAsync(http, 404, "The newest checkpoint does not have this event; one that was just written is in the next.");
            return;
        }
        await WriteAsync(http, Encoding.UTF8.GetBytes(proof.WithLeaf()), Text, Mutable);
    }

    private async Task ConsistencyAsync(HttpContext http)
    {
        if (ReadNumber(http.Request.Query["from"]) is not { } from || ReadNumber(http.Request.Query["to"]) is not { } to || from > to)
        {
            await RefuseAsync(http, 400, "Ask by two sizes, the smaller one first: from=1000&to=2000.");
            return;
        }
        if (await reader.ConsistencyAsync(from, to, http.RequestAborted) is not { } path)
        {
            await RefuseAsync(http, 404, "The tree is not that large yet.");
            return;
        }
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writer.WriteNumber("from", from);
            writer.WriteNumber("to", to);
            writer.WriteStartArray("hashes");
            foreach (var hash in path) writer.WriteBase64StringValue(hash.ToArray());
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
        await WriteAsync(http, json.ToArray(), "application/json", Immutable);
    }

    private (ResourceKey Key, long Version)? ReadVersion(IQueryCollection query) =>
        ResourceKey.Find(release, query["resource"].ToString()) is { } key && ReadNumber(query["version"]) is { } version ? (key, version) : null;

    /// <summary>1 or more; null if it is no such number.</summary>
    private static long? ReadNumber(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : null;

    private static string PathOf(HttpContext http) => http.Request.RouteValues["path"] as string ?? "";

    private static Task RefuseAsync(HttpContext http, int status, string why)
    {
        http.Response.StatusCode = status;
        return WriteAsync(http, Encoding.UTF8.GetBytes(why + "\n"), Text, "no-store");
    }

    private static async Task WriteAsync(HttpContext http, byte[] content, string contentType, string caching)
    {
        http.Response.ContentType = contentType;
        http.Response.ContentLength = content.Length;
        http.Response.Headers.CacheControl = caching;
        http.Response.Headers.XContentTypeOptions = "nosniff";
        if (!HttpMethods.IsHead(http.Request.Method)) await http.Response.BodyWriter.WriteAsync(content, http.RequestAborted);
    }
}

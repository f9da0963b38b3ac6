using System.Collections.Immutable;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

using EventFhir.Core.Search;
using EventFhir.Server;
using EventFhir.Server.Rest;

using Xunit;

namespace EventFhir.ServerTests.Running;

/// <summary>The real application on a real port, with an empty database of its own; one per test class.</summary>
public sealed class RunningServer(PostgresCluster postgres) : IAsyncLifetime
{
    private Database? database;
    private ServerHost? host;

    public HttpClient Http { get; } =
        new(new SocketsHttpHandler { MaxConnectionsPerServer = 64, RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8 });

    public string Connection { get; private set; } = "";

    /// <summary>The database of another server, to be a second node on it; null for one of its own.</summary>
    public string? Shared { get; init; }

    /// <summary>Of the release that is served.</summary>
    public SearchDefinitions Definitions { get; init; } = SearchDefinitions.R4;
    public ImmutableArray<string> CorsOrigins { get; init; } = [];

    public ConditionalDelete ConditionalDelete { get; init; } = ConditionalDelete.Single;

    public async ValueTask InitializeAsync()
    {
        Connection = Shared ?? await postgres.NewDatabaseAsync();
        var options = new EventFhirOptions
        {
            Data = new DirectoryInfo(postgres.Folder), Connection = Connection, Port = 0, Definitions = Definitions, ConditionalDelete = ConditionalDelete,
            CorsOrigins = CorsOrigins,
        };
        database = await Database.OpenAsync(options, Cluster.OfThisProcess, TestContext.Current.CancellationToken);
        host = await ServerHost.StartAsync(options, database, TestContext.Current.CancellationToken);
        Http.BaseAddress = new Uri(host.Url + "/");
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (host is not null) await host.DisposeAsync();
        if (database is not null) await database.DisposeAsync();
    }

    /// <summary>Sends a request; headers are "Name: value", the body is JSON as it is.</summary>
    public async Task<HttpAnswer> SendAsync(string method, string url, string? body = null, params string[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), url);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/fhir+json");
        }
        foreach (var header in headers)
        {
            var colon = header.IndexOf(':', StringComparison.Ordinal);
            var (name, value) = (header[..colon], header[(colon + 1)..].Trim());
            if (!name.StartsWith("Content-", StringComparison.Ordinal)) request.Headers.TryAddWithoutValidation(name, value);
            else if (request.Content is { } content && content.Headers.Remove(name) | true) content.Headers.TryAddWithoutValidation(name, value);
        }
        using var response = await Http.SendAsync(request);
        return await HttpAnswer.ReadAsync(response);
    }

    public Task<HttpAnswer> GetAsync(string url, params string[] headers) => SendAsync("GET", url, body: null, headers);
    public Task<HttpAnswer> PutAsync(string url, string body, params string[] headers) => SendAsync("PUT", url, body, headers);
    public Task<HttpAnswer> PostAsync(string url, string body, params string[] headers) => SendAsync("POST", url, body, headers);
    public Task<HttpAnswer> DeleteAsync(string url, params string[] headers) => SendAsync("DELETE", url, body: null, headers);
}

/// <summary>What came back.</summary>
public sealed record HttpAnswer(int Status, string Text, IReadOnlyDictionary<string, string> Headers)
{
    public static async Task<HttpAnswer> ReadAsync(HttpResponseMessage response)
    {
        var headers = response.Headers.Concat(response.Content.Headers)
            .ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase);
        return new HttpAnswer((int)response.StatusCode, await response.Content.ReadAsStringAsync(), headers);
    }

    public JsonNode Json => JsonNode.Parse(Text)!;
    public string? ETag => Headers.GetValueOrDefault("ETag");
    public string Id => (string)Json["id"]!;
    public string IssueCode => (string)Json["issue"]![0]!["code"]!;

    /// <summary>Asserts that the answer is an OperationOutcome with this status, and that it carries the id of the request.</summary>
    public HttpAnswer IsRefused(int status)
    {
        Assert.Equal(status, Status);
        Assert.Equal("OperationOutcome", (string?)Json["resourceType"]);
        Assert.Equal(Headers["X-Request-Id"], Id);
        Assert.StartsWith("application/fhir+json", Headers["Content-Type"], StringComparison.Ordinal);
        return this;
    }
}

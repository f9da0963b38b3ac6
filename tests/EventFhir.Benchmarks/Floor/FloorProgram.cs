using System.Text;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace EventFhir.Benchmarks.Floor;

/// <summary>
/// The least that any server with our promises has to do on Kestrel and Npgsql: a POST parses the JSON once, appends event,
/// head and one search row under group commit; a GET fetches the body by id. No validation, no real extraction, no side
/// tables. It also answers the two endpoints of baseline B0, which touch no database.
/// </summary>
public static class FloorProgram
{
    public static async Task<int> RunAsync(string connectionString, int constantBodyBytes)
    {
        await using var database = new NpgsqlDataSourceBuilder(connectionString).Build();
        await using (var schema = database.CreateCommand(SqlFile.Read("floor-schema"))) await schema.ExecuteNonQueryAsync();

        await using var log = new FloorLog(database);
        var constantBody = Encoding.UTF8.GetBytes(new string('x', constantBodyBytes));
        await FloorHost.ServeAsync(http => http.Request.Path.Value switch
        {
            "/b0/constant" => AnswerAsync(http, StatusCodes.Status200OK, constantBody),
            "/b0/discard" => DiscardAsync(http),
            _ when HttpMethods.IsPost(http.Request.Method) => CreateAsync(http, log),
            _ => ReadAsync(http, database),
        });
        return 0;
    }

    private static async Task CreateAsync(HttpContext http, FloorLog log)
    {
        var id = Guid.CreateVersion7().ToString();
        var sent = await ReadBodyAsync(http);
        var create = FloorCreate.Parse(id, sent);
        await log.AppendAsync(create);
        http.Response.Headers.Location = $"/fhir/Observation/{id}/_history/1";
        http.Response.Headers.ETag = "W/\"1\"";
        await AnswerAsync(http, StatusCodes.Status201Created, create.Body);
    }

    private static async Task ReadAsync(HttpContext http, NpgsqlDataSource database)
    {
        var path = http.Request.Path.Value!;
        await using var command = database.CreateCommand(SqlFile.Read("floor-read"));
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = path[(path.LastIndexOf('/') + 1)..] });
        await using var reader = await command.ExecuteReaderAsync();
        if (!await reader.ReadAsync())
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        http.Response.Headers.ETag = "W/\"1\"";
        await AnswerAsync(http, StatusCodes.Status200OK, reader.GetFieldValue<byte[]>(0));
    }

    private static async Task DiscardAsync(HttpContext http)
    {
        await ReadBodyAsync(http);
        http.Response.StatusCode = StatusCodes.Status201Created;
        http.Response.ContentLength = 0;
    }

    private static Task AnswerAsync(HttpContext http, int status, byte[] body)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/fhir+json";
        http.Response.ContentLength = body.Length;
        return http.Response.Body.WriteAsync(body, 0, body.Length);
    }

    private static async Task<byte[]> ReadBodyAsync(HttpContext http)
    {
        var body = new byte[http.Request.ContentLength ?? throw new BadHttpRequestException("Content-Length is missing.")];
        await http.Request.Body.ReadExactlyAsync(body);
        return body;
    }
}

using EventFhir.Server.Rest;
using EventFhir.Server.Rest.Deferring;
using EventFhir.ServerTests.Running;

using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

using Xunit;

namespace EventFhir.ServerTests;

/// <summary>Prefer: respond-async (R5 async-bundle.html).</summary>
public sealed class AnsweringLater(RunningServer server) : IClassFixture<RunningServer>
{
    private const string Later = "Prefer: respond-async";

    [Fact]
    public async Task A_create_is_accepted_and_its_answer_fetched()
    {
        var id = Sample.Id();
        var entry = await FetchAsync(await server.PutAsync($"Patient/{id}", Sample.Patient(id), Later, "X-Provenance-Reason: later"));
        Assert.Equal("201 Created", (string?)entry["response"]!["status"]);
        Assert.EndsWith($"Patient/{id}/_history/1", (string?)entry["response"]!["location"], StringComparison.Ordinal);
        Assert.Equal(id, (string?)entry["resource"]!["id"]);
        Assert.Equal(200, (await server.GetAsync($"Patient/{id}")).Status);
    }

    [Fact]
    public async Task A_transaction_and_both_forms_of_a_search_too()
    {
        var (id, family) = (Sample.Id(), "Later" + Sample.Id()[..8]);
        var bundle = $$$"""
            {"resourceType":"Bundle","type":"transaction","entry":[{"resource":{{{Sample.Patient(id, family)}}},"request":{"method":"PUT","url":"Patient/{{{id}}}"}}]}
            """;
        var written = await FetchAsync(await server.PostAsync("", bundle, $"{Later}; wait=1, return=minimal"));
        Assert.Equal("transaction-response", (string?)written["resource"]!["type"]);
        var found = await FetchAsync(await server.GetAsync($"Patient?family={family}", Later));
        Assert.Equal(1, (int)found["resource"]!["total"]!);
        found = await FetchAsync(await server.PostAsync("Patient/_search", $"family={family}", Later, "Content-Type: application/x-www-form-urlencoded"));
        Assert.Equal(1, (int)found["resource"]!["total"]!);
    }

    [Fact]
    public async Task What_is_wrong_with_the_URL_is_told_at_once_and_what_is_wrong_with_the_body_later()
    {
        (await server.GetAsync("Patient/1?colour=red", Later)).IsRefused(400);
        (await server.GetAsync("Patient/1", Later, "Accept: image/png")).IsRefused(406);
        var entry = await FetchAsync(await server.PostAsync("Patient", """{"resourceType":"Patient","gender":"none"}""", Later));
        Assert.Equal("422 Unprocessable Entity", (string?)entry["response"]!["status"]);
        Assert.Equal("Patient.gender", (string?)entry["response"]!["outcome"]!["issue"]![0]!["expression"]![0]);
        Assert.Equal(200, (await server.GetAsync("metadata", Later)).Status);
    }

    [Fact]
    public async Task An_answer_may_be_thrown_away()
    {
        var accepted = await server.GetAsync("Patient?_count=1", Later);
        var url = accepted.Headers["Content-Location"];
        Assert.Equal(202, (await server.DeleteAsync(url)).Status);
        (await server.GetAsync(url)).IsRefused(404);
        (await server.DeleteAsync(url)).IsRefused(404);
    }

    [Fact]
    public async Task What_is_under_way_says_so_and_can_be_stopped_and_no_more_are_taken_than_can_be_kept()
    {
        await using var requests = new DeferredRequests(new Failures(NullLogger<Failures>.Instance), TimeProvider.System);
        var (begun, stopped) = (new TaskCompletionSource(), new TaskCompletionSource());
        async ValueTask<Answer> Wait(HttpContext http)
        {
            begun.TrySetResult();
            try
            {
                await Task.Delay(Timeout.Infinite, http.RequestAborted);
            }
            finally
            {
                stopped.TrySetResult();
            }
            return Answer.Empty(204);
        }

        var first = requests.Start(new DefaultHttpContext(), Wait).Value;
        await begun.Task;
        for (var i = 1; i < Model.Limits.DeferredRequestsMax; i++) _ = requests.Start(new DefaultHttpContext(), Wait).Value;
        Assert.True(requests.Start(new DefaultHttpContext(), Wait).IsRefused(out var refusal));
        Assert.Equal(429, RefusalTable.StatusOf(refusal.Kind));
        Assert.True(requests.Cancel(first));
        await stopped.Task;
        Assert.False(requests.Cancel(first));
        Assert.False(requests.Start(new DefaultHttpContext(), Wait).IsRefused(out _));
    }

    [Fact]
    public async Task An_answer_is_kept_for_an_hour_and_a_failure_is_one_too()
    {
        var time = new SettableTime();
        await using var requests = new DeferredRequests(new Failures(NullLogger<Failures>.Instance), time);
        var id = requests.Start(new DefaultHttpContext(), _ => throw new InvalidOperationException("a bug")).Value;
        var endpoints = new DeferredEndpoints(requests, new BaseUrl("http://a.example/fhir"));
        async Task<Answer> AskAsync()
        {
            var http = new DefaultHttpContext();
            http.Request.RouteValues["request"] = id;
            return await endpoints.ReadAsync(new FhirRequest(http, default, default));
        }

        Answer answer;
        do answer = await AskAsync();
        while (answer.Status == 202);
        Assert.Equal(200, answer.Status);
        Assert.Contains("500 Internal Server Error", string.Concat(answer.Body.Select(part => System.Text.Encoding.UTF8.GetString(part.Span))), StringComparison.Ordinal);
        time.Now += Model.Limits.DeferredAnswerTimeMax;
        Assert.Equal(200, (await AskAsync()).Status);
        time.Now += TimeSpan.FromSeconds(1);
        Assert.Equal(404, (await AskAsync()).Status);
    }

    /// <summary>The one entry of the Bundle in which the answer comes.</summary>
    private async Task<System.Text.Json.Nodes.JsonNode> FetchAsync(HttpAnswer accepted)
    {
        Assert.True(accepted.Status == 202, accepted.Text);
        while (true)
        {
            var answer = await server.GetAsync(accepted.Headers["Content-Location"]);
            if (answer.Status == 202)
            {
                Assert.Equal("1", answer.Headers["Retry-After"]);
                Assert.NotEmpty(answer.Headers["X-Progress"]);
                await Task.Delay(20);
                continue;
            }
            Assert.Equal((200, "batch-response"), (answer.Status, (string?)answer.Json["type"]));
            Assert.Empty(Validated.Errors(Model.Definitions.Release.R4, System.Text.Encoding.UTF8.GetBytes(answer.Text)));
            return Assert.Single(answer.Json["entry"]!.AsArray())!;
        }
    }

    private sealed class SettableTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 11, 21, 8, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}

using EventFhir.Core;
using EventFhir.Server.Formats;

namespace EventFhir.Server.Rest.Deferring;

/// <summary>Where the answer to a request with Prefer: respond-async is asked for (R5 async-bundle.html).</summary>
public sealed class DeferredEndpoints(DeferredRequests requests, BaseUrl baseUrl)
{
    /// <summary>Below the base, with the id of the request.</summary>
    public const string Path = "/_async/{request}";

    private static readonly Refusal Unknown = Refusal.Of(
        RefusalKind.NotFound, "not-found",
        "There is no such request on this node: it was cancelled, its answer was kept long enough, or the node was restarted.");

    /// <summary>What the first request is answered: where to ask.</summary>
    public Answer Accepted(HttpRequest request, string id) => Answer.Empty(StatusCodes.Status202Accepted) with
    {
        ContentLocation = $"{baseUrl.Of(request)}/_async/{id}",
    };

    /// <summary>202 while the request is carried out; then 200 with a Bundle that holds the answer as the entry of a batch has it.</summary>
    public ValueTask<Answer> ReadAsync(FhirRequest request)
    {
        if (requests.Find(IdOf(request)) is not { } found) return new(Answer.Of(Unknown));
        if (found.Answer is not { } answer)
            return new(Answer.Empty(StatusCodes.Status202Accepted) with { Progress = found.IsBegun ? "in progress" : "waiting for others" });
        // What is no resource does not fit into a Bundle.
        return new(answer.ContentType is null ? new Answer(200, BundleResponseWriter.Write("batch-response", [answer])) : answer);
    }

    public ValueTask<Answer> CancelAsync(FhirRequest request) =>
        new(requests.Cancel(IdOf(request)) ? Answer.Empty(StatusCodes.Status202Accepted) : Answer.Of(Unknown));

    private static string IdOf(FhirRequest request) => (string)request.Http.Request.RouteValues["request"]!;
}

using System.Collections.Immutable;
using System.Globalization;

using EventFhir.Core;
using EventFhir.Core.Bundles;
using EventFhir.Core.Events;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Feed;
using EventFhir.Server.Formats;

using Microsoft.AspNetCore.Http.Features;

namespace EventFhir.Server.Rest.Bundles;

/// <summary>
/// Carries out one entry of a Bundle as the request that it stands for, by the table of interactions that the router uses too, so that an entry
/// can do what a request can.
/// </summary>
public sealed class EntryDispatch(ImmutableArray<Interaction> interactions, Release release, BaseUrl baseUrl, Failures failures)
{
    private readonly ImmutableArray<(Interaction Interaction, string[] Segments)> paths =
    [
        .. interactions.Select(interaction => (interaction, interaction.Path.Split('/', StringSplitOptions.RemoveEmptyEntries)))
            .OrderByDescending(path => path.Item2.Count(segment => !IsParameter(segment))),
    ];

    /// <param name="prefer">What the request of the Bundle prefers.</param>
    public async ValueTask<Answer> AnswerAsync(HttpContext bundle, BundleEntry entry, Prefer prefer)
    {
        if (entry.Fault is { } fault) return Answer.Of(fault);
        var url = EntryUrl.Of(entry.Url, baseUrl.Of(bundle.Request));
        var method = entry.Method is "HEAD" ? "GET" : entry.Method;
        if (Find(method, url.Segments) is not var (interaction, values))
            return Answer.Of(Refusal.Of(RefusalKind.NotFound, "not-found", "No interaction has this method and URL.", $"{entry.Path}.request"));
        var http = ContextOf(bundle, entry, method, url);
        http.Request.RouteValues = values;
        try
        {
            if (interaction.Path.EndsWith("/_search", StringComparison.Ordinal)) await SearchForm.ReadAsync(http);
            var unknown = FhirRoutes.CheckParameters(interaction, http.Request.Query, prefer);
            var answer = unknown is null ? await interaction.Handle(new FhirRequest(http, Negotiation.Default, prefer)) : Answer.Of(unknown);
            return entry.Method is "HEAD" ? answer with { Body = [] } : answer;
        }
        catch (Exception exception) when (!bundle.RequestAborted.IsCancellationRequested)
        {
            return Answer.Of(failures.RefusalOf(exception, bundle));
        }
    }

    /// <summary>Whether there is an interaction for the entry that changes nothing.</summary>
    /// <param name="base">Of this server, without a slash at the end.</param>
    public bool Reads(BundleEntry entry, string @base) =>
        Find(entry.Method is "HEAD" ? "GET" : entry.Method, EntryUrl.Of(entry.Url, @base).Segments) is { Interaction.IsReading: true };

    private (Interaction Interaction, RouteValueDictionary Values)? Find(string method, ImmutableArray<string> segments)
    {
        foreach (var (interaction, path) in paths)
        {
            if (interaction.Method != method || path.Length != segments.Length) continue;
            var values = new RouteValueDictionary();
            var matches = true;
            for (var place = 0; place < path.Length && matches; place++)
            {
                var name = path[place].Trim('{', '}');
                if (!IsParameter(path[place])) matches = path[place] == segments[place];
                else if (name is "type" && release.FindResourceType(segments[place]) is null) matches = false;
                else values[name] = segments[place];
            }
            if (matches) return (interaction, values);
        }
        return null;
    }

    private static bool IsParameter(string segment) => segment.StartsWith('{');

    private static DefaultHttpContext ContextOf(HttpContext bundle, BundleEntry entry, string method, EntryUrl url)
    {
        var http = new DefaultHttpContext { RequestAborted = bundle.RequestAborted };
        var request = http.Request;
        (request.Method, request.Scheme, request.Host, request.PathBase) = (method, bundle.Request.Scheme, bundle.Request.Host, FhirRoutes.Base);
        request.Path = "/" + string.Join('/', url.Segments);
        if (url.Query.Length > 0) request.QueryString = new QueryString("?" + url.Query);
        EntryHeaders.Add(request.Headers, entry);
        request.Headers.Accept = Negotiation.FhirJson;
        request.Headers[RequestId.Header] = RequestId.Of(bundle);
        http.Features.Set(bundle.Features.Get<Provenance>());
        http.Features.Set(bundle.Features.Get<Moment>());
        if (bundle.Request.Headers["Idempotency-Key"].ToString() is { Length: > 0 } key)
            request.Headers["Idempotency-Key"] = string.Create(CultureInfo.InvariantCulture, $"{key}/{entry.Number}");
        if (entry.Resource.IsEmpty) return http;
        // A patch that is no resource stands in a Binary, and so does the form of a search.
        var isForeign = entry.Method is "PATCH" || url.Segments is [.., "_search"];
        var (contentType, content) = isForeign && EntryResource.BinaryOf(entry.Resource.Span) is { } binary
            ? binary
            : (Negotiation.FhirJson, entry.Resource.ToArray());
        request.Body = new MemoryStream(content, writable: false);
        request.ContentLength = content.Length;
        request.ContentType = contentType;
        return http;
    }
}

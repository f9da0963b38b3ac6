using System.Collections.Immutable;

using EventFhir.Core;
using EventFhir.Model.Definitions;
using EventFhir.Server.Formats;
using EventFhir.Server.Formats.Html;
using EventFhir.Server.Rest.Deferring;

using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.AspNetCore.WebUtilities;

namespace EventFhir.Server.Rest;

/// <summary>Binds the table of interactions to the router. What holds for every interaction happens here, so that none can forget it.</summary>
public sealed class FhirRoutes(
    ImmutableArray<Interaction> interactions, Release release, Negotiation negotiation, BaseUrl baseUrl, RequestProvenance provenances,
    DeferredRequests deferred, DeferredEndpoints deferrals)
{
    public const string Base = "/fhir";

    private readonly BinaryContent binaries = new(release);

    public void Map(IEndpointRouteBuilder routes)
    {
        var constraints = new RouteValueDictionary { ["type"] = new ResourceTypeConstraint(release) };
        foreach (var place in interactions.GroupBy(interaction => interaction.Path))
        {
            // A constraint on a parameter that the path lacks would never let it match.
            var path = place.First().Level is InteractionLevel.System
                ? RoutePatternFactory.Parse(Base + place.Key)
                : RoutePatternFactory.Parse(Base + place.Key, defaults: null, constraints);
            var (known, allow) = (place.ToImmutableArray(), AllowOf(place));
            routes.Map(path, http => DispatchAsync(known, allow, http)).WithDisplayName(Base + place.Key);
        }
    }

    // The router itself would look for another path that knows the method, and take POST /metadata for a create.
    private Task DispatchAsync(ImmutableArray<Interaction> known, string allow, HttpContext http)
    {
        var method = HttpMethods.IsHead(http.Request.Method) ? HttpMethods.Get : http.Request.Method;
        foreach (var interaction in known)
            if (interaction.Method == method) return AnswerAsync(interaction, http);
        http.Response.Headers.Allow = allow;
        var refusal = Refusal.Of(RefusalKind.MethodNotAllowed, "not-supported", $"This URL knows {allow} only.");
        return AnswerWriter.WriteAsync(http, Answer.Of(refusal), ChooseFormat(http).Format);
    }

    private static string AllowOf(IEnumerable<Interaction> interactions) =>
        string.Join(", ", interactions.SelectMany(interaction => interaction.Method is "GET" ? ["GET", "HEAD"] : new[] { interaction.Method }));

    private async Task AnswerAsync(Interaction interaction, HttpContext http)
    {
        var prefer = Prefer.Parse(http.Request.Headers["Prefer"]);
        if (interaction.Path.EndsWith("/_search", StringComparison.Ordinal)) await SearchForm.ReadAsync(http);
        var (format, refusal) = ChooseFormat(http);
        var isContent = BinaryContent.IsAskedFor(interaction, http);
        if (isContent) refusal = null;
        refusal ??= CheckParameters(interaction, http.Request.Query, prefer);
        refusal ??= TakeProvenance(interaction, http);
        var isDeferred = prefer.IsDeferred && interaction.CanBeDeferred && !isContent;
        var answer = refusal is not null ? Answer.Of(refusal)
            : isDeferred ? await DeferAsync(interaction, http, format, prefer)
            : await HandleAsync(interaction, http, format, prefer);
        if (isContent) answer = BinaryContent.GiveOut(answer);
        await AnswerWriter.WriteAsync(http, answer, format);
    }

    private async ValueTask<Answer> HandleAsync(Interaction interaction, HttpContext http, AnswerFormat format, Prefer prefer)
    {
        await binaries.TakeInAsync(interaction, http);
        return await interaction.Handle(new FhirRequest(http, format, prefer));
    }

    /// <summary>What stands in headers and URL is judged at once, all else where the answer will be.</summary>
    private async ValueTask<Answer> DeferAsync(Interaction interaction, HttpContext http, AnswerFormat format, Prefer prefer)
    {
        var started = deferred.Start(await DetachedRequest.OfAsync(http), detached => HandleAsync(interaction, detached, format, prefer));
        return started.IsRefused(out var refusal) ? Answer.Of(refusal) : deferrals.Accepted(http.Request, started.Value);
    }

    /// <summary>Whatever an interaction writes has the provenance of its request.</summary>
    private Refusal? TakeProvenance(Interaction interaction, HttpContext http)
    {
        if (interaction.Method is "GET") return null;
        var provenance = provenances.Read(http);
        if (!provenance.IsRefused(out var refusal)) http.Features.Set(provenance.Value);
        return refusal;
    }

    /// <summary>The format of the answer, for interactions and errors alike.</summary>
    public (AnswerFormat Format, Refusal? Refusal) ChooseFormat(HttpContext http)
    {
        var request = http.Request;
        var layout = SearchForm.Value(http, "_pretty") is "true" ? Layout.Pretty : Layout.Compact;
        var (format, refusal) = negotiation.Choose(Negotiation.AcceptOf(request), SearchForm.Value(http, "_format"), layout);
        return (format.IsPage ? format with { Place = PlaceOf(request) } : format, refusal);
    }

    private HtmlPlace PlaceOf(HttpRequest request)
    {
        request.Path.StartsWithSegments(Base, StringComparison.OrdinalIgnoreCase, out var path);
        var pairs = new List<string>();
        foreach (var pair in new QueryStringEnumerable(request.QueryString.Value))
            if (!pair.DecodeName().Span.SequenceEqual("_format")) pairs.Add($"{pair.EncodedName}={pair.EncodedValue}");
        return new HtmlPlace(baseUrl.Of(request), path.ToUriComponent(), pairs.Count > 0 ? "?" + string.Join('&', pairs) : "");
    }

    // R4 search.html#errors leaves the choice; unknown parameters are refused unless the client prefers lenient handling.
    internal static Refusal? CheckParameters(Interaction interaction, IQueryCollection query, Prefer prefer)
    {
        if (query.Count == 0 || interaction.Parameters.IsDefault || prefer.Handling is Handling.Lenient) return null;
        foreach (var (name, _) in query)
            if (name is not ("_format" or "_pretty") && !interaction.Parameters.Contains(name))
                return Refusal.Of(
                    RefusalKind.BadRequest,
                    "not-supported",
                    $"A query parameter is not known to {interaction.Code}; it knows: "
                    + $"{string.Join(", ", ["_format", "_pretty", .. interaction.Parameters])}.");
        return null;
    }
}

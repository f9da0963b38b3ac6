using EventFhir.Core;
using EventFhir.Postgres.Search;

using Microsoft.AspNetCore.WebUtilities;

namespace EventFhir.Server.Rest;

/// <summary>
/// _explain: whether a search is to be explained instead of answered. Statements and plans tell of the database what no client needs, and
/// measuring costs time, so until callers can be told apart only those on the server's own machine may ask.
/// </summary>
/// <param name="Mode">Null if it is to be answered.</param>
public sealed record ExplainWish(ExplainMode? Mode)
{
    public const string Parameter = "_explain";

    public static Outcome<ExplainWish> Of(HttpContext http, BaseUrl baseUrl)
    {
        if (!MayBeAsked(http)) return new ExplainWish(Mode: null);
        string[] wishes =
        [
            .. SearchForm.Decode(http.Request.QueryString.Value ?? "").Concat(http.Features.Get<SearchForm>()?.Parameters ?? [])
                .Where(parameter => parameter.Name == Parameter && parameter.Value.Length > 0).Select(parameter => parameter.Value).Distinct(),
        ];
        if (wishes.Length == 0) return new ExplainWish(Mode: null);
        if (!LocalClient.IsLocal(http) || baseUrl.IsConfigured)
            return Refusal.Of(RefusalKind.Forbidden, "forbidden", "_explain is for clients on the server's own machine, without a proxy between.");
        return wishes switch
        {
            ["true"] => new ExplainWish(ExplainMode.Plan),
            ["analyze"] => new ExplainWish(ExplainMode.Analyze),
            _ => Refusal.Of(RefusalKind.BadRequest, "value", "_explain is 'true' or 'analyze'."),
        };
    }

    /// <summary>False, at little cost, for nearly all searches. A name may be written in other ways than as it is.</summary>
    private static bool MayBeAsked(HttpContext http)
    {
        if (http.Features.Get<SearchForm>() is not null) return true;
        foreach (var pair in new QueryStringEnumerable(http.Request.QueryString.Value))
            if (pair.EncodedName.Span is Parameter || pair.EncodedName.Span.ContainsAny('%', '+')) return true;
        return false;
    }
}

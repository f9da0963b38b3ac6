using System.Collections.Immutable;
using System.Text;

using EventFhir.Core.Search;
using EventFhir.Server.Formats;

using Microsoft.AspNetCore.WebUtilities;

namespace EventFhir.Server.Rest;

/// <summary>The parameters of a posted search (R4 http.html#search): read before the answer's format is chosen, which they may name.</summary>
public sealed class SearchForm
{
    public const string ContentType = "application/x-www-form-urlencoded";

    private SearchForm(ImmutableArray<QueryParameter> parameters) => Parameters = parameters;

    /// <summary>In the order given, which the self link keeps.</summary>
    public ImmutableArray<QueryParameter> Parameters { get; }

    /// <summary>Reads the body if it is a form; the request has it as a feature from then on.</summary>
    public static async ValueTask ReadAsync(HttpContext http)
    {
        if (!IsForm(http.Request) || Negotiation.CheckEncoding(http.Request.Headers.ContentEncoding) is not null) return;
        using var body = await RequestBody.ReadAsItIsAsync(http.Request, http.RequestAborted);
        http.Features.Set(new SearchForm(Decode(Encoding.UTF8.GetString(body.Json.Span))));
    }

    public static bool IsForm(HttpRequest request) =>
        request.ContentType?.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase) is true;

    /// <summary>The value of a parameter that stands in the URL or in the form; empty if it is in neither.</summary>
    public static string Value(HttpContext http, string name)
    {
        if (!http.Request.QueryString.HasValue && http.Features.Get<SearchForm>() is null) return "";
        if (http.Request.Query[name].ToString() is { Length: > 0 } given) return given;
        if (http.Features.Get<SearchForm>() is not { } form) return "";
        foreach (var parameter in form.Parameters)
            if (parameter.Name == name) return parameter.Value;
        return "";
    }

    public static ImmutableArray<QueryParameter> Decode(string query)
    {
        var parameters = ImmutableArray.CreateBuilder<QueryParameter>();
        foreach (var pair in new QueryStringEnumerable(query))
            parameters.Add(new QueryParameter(pair.DecodeName().ToString(), pair.DecodeValue().ToString()));
        return parameters.ToImmutable();
    }
}

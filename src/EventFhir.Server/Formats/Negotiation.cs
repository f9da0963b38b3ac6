using EventFhir.Core;
using EventFhir.Model.Definitions;
using EventFhir.Server.Formats.Html;

namespace EventFhir.Server.Formats;

/// <summary>Whether the answer is indented, for human readers.</summary>
public enum Layout { Compact, Pretty }

/// <summary>How an answer is to be written.</summary>
/// <param name="XmlOf">The release whose definitions make XML of the answer; null for JSON.</param>
public readonly record struct AnswerFormat(string ContentType, Layout Layout, Release? XmlOf)
{
    /// <summary>True for a page to be looked at with a browser.</summary>
    public bool IsPage => ContentType == HtmlPage.ContentType;

    /// <summary>Of a page; null for all else.</summary>
    public HtmlPlace? Place { get; init; }
}

/// <summary>
/// Chooses the format of an answer and checks that of a body (R4 http.html#mime-type): _format wins over Accept, and the parameter
/// fhirVersion must name the release that is served. JSON is what a client gets that does not say what it wants.
/// </summary>
public sealed class Negotiation(Release release)
{
    public const string FhirJson = "application/fhir+json";
    public const string FhirXml = "application/fhir+xml";
    private const string ContentTypeDefault = FhirJson + "; charset=utf-8";
    private readonly string version = release.FhirVersion[..release.FhirVersion.LastIndexOf('.')];

    /// <summary>The format in which everything can be answered, also to a client that accepts nothing of ours.</summary>
    public static readonly AnswerFormat Default = new(ContentTypeDefault, Layout.Compact, XmlOf: null);

    /// <param name="accept">The Accept header, or null.</param>
    /// <param name="format">The query parameter _format, or null.</param>
    public (AnswerFormat Format, Refusal? Refusal) Choose(string? accept, string? format, Layout layout)
    {
        if (!string.IsNullOrEmpty(format)) return ChooseNamed(format, layout);
        if (accept is null or "" or "*/*" or FhirJson) return (Default with { Layout = layout }, null);

        var best = default(MediaType);
        foreach (var range in accept.AsSpan().Split(','))
            if (MediaType.TryParse(accept.AsSpan()[range], out var candidate) && Accepts(candidate) && candidate.Quality > best.Quality)
                best = candidate;
        return best.Quality > 0 ? (FormatOf(best, layout), null) : (Default, NotAcceptable());
    }

    /// <summary>What the request is to be answered as if it only says that anything will do: a body of XML is answered in XML.</summary>
    public static string? AcceptOf(HttpRequest request)
    {
        var accept = request.Headers.Accept;
        return accept is [] or [null or "" or "*/*"] && IsXml(request.ContentType) ? FhirXml : accept;
    }

    /// <summary>True for the names of the formats of FHIR, the general ones of JSON and XML included.</summary>
    public static bool IsFhir(string name) => IsJson(name) || IsXmlName(name);

    /// <summary>True if a body of this type is read as XML.</summary>
    public static bool IsXml(string? contentType) =>
        contentType is not null && MediaType.TryParse(contentType, out var named) && IsXmlName(named.Name);

    /// <summary>Null if a request body of this type can be read.</summary>
    public Refusal? Check(string? contentType, string? contentEncoding)
    {
        if (CheckEncoding(contentEncoding) is { } encoded) return encoded;
        if (contentType is FhirJson or ContentTypeDefault or "application/json") return null;
        if (!MediaType.TryParse(contentType, out var mediaType) || !(IsJson(mediaType.Name) || IsXmlName(mediaType.Name)))
            return Unsupported($"The Content-Type of a resource must be {FhirJson} or {FhirXml}.");
        if (mediaType.Charset is not (null or "utf-8")) return Unsupported("The charset of a resource must be UTF-8.");
        return ServesVersion(mediaType.FhirVersion) ? null : Unsupported($"This endpoint serves FHIR {version}.");
    }

    /// <summary>Null if a body with this Content-Encoding can be read: none, "identity", gzip or br.</summary>
    public static Refusal? CheckEncoding(string? contentEncoding) =>
        string.IsNullOrEmpty(contentEncoding) || contentEncoding.Equals("identity", StringComparison.OrdinalIgnoreCase)
            || ContentCoding.Find(contentEncoding) is not null
            ? null
            : Unsupported("A body is sent as it is, or with the Content-Encoding gzip or br.");

    private (AnswerFormat Format, Refusal? Refusal) ChooseNamed(string format, Layout layout) =>
        MediaType.TryParse(format, out var named) && (named.Name is "json" or "xml" or "html" || Accepts(named))
            ? ServesVersion(named.FhirVersion) ? (FormatOf(named, layout), null) : (Default, NotAcceptable())
            : (Default, NotAcceptable());

    private bool Accepts(MediaType mediaType) =>
        (IsFhir(mediaType.Name) || IsHtml(mediaType.Name) || mediaType.Name is "*/*" or "application/*") && ServesVersion(mediaType.FhirVersion);

    private bool ServesVersion(string? asked) => asked is null || asked == version || asked == release.FhirVersion;

    private static bool IsJson(string name) => name is FhirJson or "application/json" or "text/json" or "application/json+fhir";

    private static bool IsHtml(string name) => name is "html" or "text/html";

    private static bool IsXmlName(string name) => name is FhirXml or "application/xml" or "text/xml" or "application/xml+fhir";

    private AnswerFormat FormatOf(MediaType asked, Layout layout)
    {
        if (IsHtml(asked.Name)) return new AnswerFormat(HtmlPage.ContentType, layout, XmlOf: null);
        var isXml = asked.Name is "xml" || IsXmlName(asked.Name);
        var stated = asked.FhirVersion is null ? "" : $" fhirVersion={version};";
        return new AnswerFormat($"{(isXml ? FhirXml : FhirJson)};{stated} charset=utf-8", layout, isXml ? release : null);
    }

    private Refusal NotAcceptable() =>
        Refusal.Of(RefusalKind.NotAcceptable, "not-supported", $"Answers are given as {FhirJson} or {FhirXml} in FHIR {version}.");

    private static Refusal Unsupported(string diagnostics) => Refusal.Of(RefusalKind.UnsupportedMediaType, "not-supported", diagnostics);
}

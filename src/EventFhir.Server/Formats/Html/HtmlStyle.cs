using System.Security.Cryptography;
using System.Text;

namespace EventFhir.Server.Formats.Html;

/// <summary>How pages look, and the policy that lets a browser apply this style sheet and nothing else: no script, no frame, no foreign
/// picture.</summary>
public static class HtmlStyle
{
    public const string Sheet =
        """
        :root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:0 auto;padding:1rem 1.5rem 4rem}
        nav{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;border-bottom:1px solid #8886;padding-bottom:.5rem}
        h1{font-size:1.5rem;margin:1rem 0 .25rem}
        a{color:#0b62b8}table{border-collapse:collapse;margin:.5rem 0}th,td{text-align:left;padding:.2rem .9rem .2rem 0;vertical-align:top}
        th{color:#777;font-weight:normal;font-size:.85rem}
        .meta{color:#777;margin:0}.narrative{border:1px solid #8886;border-radius:.4rem;padding:.25rem 1rem;margin:1rem 0;overflow:auto}
        pre{font:13px/1.45 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere}
        .k{color:#7a3e9d}.s{color:#2d7d46}.n{color:#b35900}.l{color:#0b62b8}.error,.fatal{color:#b3261e}.warning{color:#b35900}
        @media (prefers-color-scheme:dark){a,.l{color:#7db8f0}.k{color:#cfa1ea}.s{color:#86cf9d}
        .n,.warning{color:#f0b06a}.error,.fatal{color:#f28b82}}
        """;

    /// <summary>The value of Content-Security-Policy.</summary>
    public static readonly string Policy =
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Sheet)))}'; img-src data:; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}

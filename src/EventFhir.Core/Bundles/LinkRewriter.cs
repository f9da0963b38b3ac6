using System.Collections.Immutable;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

using EventFhir.Core.Events;
using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.Validation;

namespace EventFhir.Core.Bundles;

/// <summary>
/// Turns the links of a transaction's resource into links to this server: references, values of type uri and url, and href and src in narratives.
/// Canonical URLs stay as they are (R4 http.html#trules); so do values of type oid and uuid, which could not hold the URL of a resource.
/// </summary>
/// <param name="fullUrl">That of the entry; null if it has none.</param>
public sealed class LinkRewriter(BundleLinks links, string? fullUrl)
{
    private const string UuidPrefix = "urn:uuid:";
    private readonly string? relativeTo = BundleLinks.BaseOf(fullUrl);
    private readonly List<Replacement> replacements = [];

    /// <summary>The resource with its links rewritten; or what is wrong with the first that cannot be.</summary>
    public Outcome<Resource> Rewrite(Resource resource)
    {
        replacements.Clear();
        foreach (var element in resource.Elements)
        {
            if (!element.HasValue) continue;
            var refusal = element.Type.Primitive switch
            {
                PrimitiveKind.String when element.Name == "reference" && element.Parent.Type.Name == "Reference" => RewriteReference(element),
                PrimitiveKind.Uri or PrimitiveKind.Url => RewriteUri(element),
                PrimitiveKind.Xhtml => RewriteNarrative(element),
                _ => null,
            };
            if (refusal is not null) return refusal;
        }
        return resource.With(replacements);
    }

    private Refusal? RewriteReference(Element reference)
    {
        var raw = reference.RawValue;
        // Nearly all of the others lead elsewhere on this server.
        if (relativeTo is null && !reference.IsEscaped && raw.IndexOf((byte)'?') < 0 && raw.IndexOf((byte)':') < 0) return null;
        var text = reference.Text;
        if (TargetOf(text) is { } key)
        {
            if (!MayReferTo(reference.Parent, key.Type))
                return Refusal.Of(RefusalKind.Unprocessable, "structure", $"This element may not refer to {key.Type.Name}.", reference.Path);
            Replace(reference, key.ToString());
            return null;
        }
        if (links.TryFindCriteria(text, out var meaning))
        {
            if (meaning.IsRefused(out var refusal))
                return refusal with { Issues = [.. refusal.Issues.Select(issue => issue with { Expression = reference.Path })] };
            Replace(reference, meaning.Value);
            return null;
        }
        return text.StartsWith(UuidPrefix, StringComparison.Ordinal)
            ? Refusal.Of(RefusalKind.BadRequest, "not-found", "No entry of the transaction has this UUID as its fullUrl.", reference.Path)
            : null;
    }

    private Refusal? RewriteUri(Element uri)
    {
        var raw = uri.RawValue;
        if (!uri.IsEscaped && !links.MayHave(raw.Length) && raw.IndexOf((byte)'#') < 0) return null;
        var (text, fragment) = Split(uri.Text);
        if (links.TryFind(text, out var key)) Replace(uri, key + fragment);
        return null;
    }

    /// <summary>Every href and src, whose values the narrative's own escapes and those of JSON leave alone but for slashes.</summary>
    private Refusal? RewriteNarrative(Element narrative)
    {
        var raw = narrative.RawValue;
        if (raw.IndexOf("href"u8) < 0 && raw.IndexOf("src"u8) < 0) return null;
        var text = Encoding.UTF8.GetString(raw);
        var rewritten = NarrativeLinks.Replace(text, link =>
        {
            var (target, fragment) = Split(link.Replace("\\/", "/", StringComparison.Ordinal));
            return TargetOf(target) is { } key ? key + fragment : null;
        });
        if (rewritten is not null) replacements.Add(new Replacement(narrative, Encoding.UTF8.GetBytes(rewritten)));
        return null;
    }

    /// <summary>The identity of the entry that a link names by its fullUrl, itself or relative to this entry's.</summary>
    private ResourceKey? TargetOf(string link)
    {
        if (links.TryFind(link, out var key)) return key;
        return relativeTo is not null && !link.Contains(':', StringComparison.Ordinal) && links.TryFind(relativeTo + link, out key) ? key : null;
    }

    private static (string Link, string Fragment) Split(string link) =>
        link.IndexOf('#', StringComparison.Ordinal) is > 0 and var hash ? (link[..hash], link[hash..]) : (link, "");

    private static bool MayReferTo(Element reference, TypeDefinition target)
    {
        foreach (var type in reference.Definition?.Types ?? [])
        {
            if (type.Type != reference.Type || type.Targets.IsEmpty) continue;
            foreach (var allowed in type.Targets)
                if (target.Is(allowed)) return true;
            return false;
        }
        return true;
    }

    private void Replace(Element element, string value) =>
        replacements.Add(new Replacement(
            element, JsonEncodedText.Encode(value, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes.ToArray()));
}

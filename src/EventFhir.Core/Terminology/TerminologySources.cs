using EventFhir.Model;
using EventFhir.Model.Elements;

namespace EventFhir.Core.Terminology;

public enum SourceKind { CodeSystem, ValueSet }

/// <summary>A stored resource that terminology needs: by canonical URL, or a value set by its id.</summary>
public abstract record SourceKey(SourceKind Kind)
{
    public sealed record ByUrl(SourceKind Kind, Canonical Canonical) : SourceKey(Kind);

    public sealed record ById(SourceKind Kind, string Id) : SourceKey(Kind);
}

/// <summary>
/// The resources at hand. Terminology is pure: what it misses it notes as wanted and goes on without; the caller gives what is wanted, and
/// asks again until nothing is.
/// </summary>
public sealed class TerminologySources
{
    private readonly Dictionary<SourceKey, Resource?> given = [];
    private readonly Dictionary<Resource, CodeSystemContent> read = [];
    private readonly HashSet<SourceKey> wanted = [];

    /// <summary>What the last attempt missed. Its answer counts only if this is empty.</summary>
    public IReadOnlyCollection<SourceKey> Wanted => wanted;

    /// <summary>Everything asked for so far.</summary>
    public IReadOnlyCollection<SourceKey> Used => given.Keys;

    /// <summary>False once one answer would need more resources than <see cref="Limits.TerminologySourcesMax"/>.</summary>
    public bool IsWithinLimit => given.Count <= Limits.TerminologySourcesMax;

    /// <param name="resource">Null if there is none.</param>
    public void Give(SourceKey key, Resource? resource)
    {
        given[key] = resource;
        wanted.Remove(key);
    }

    /// <summary>Null if there is none, or it has yet to be given.</summary>
    internal Resource? Find(SourceKey key)
    {
        if (given.TryGetValue(key, out var resource)) return resource;
        wanted.Add(key);
        return null;
    }

    internal bool IsWanted(SourceKey key) => wanted.Contains(key);

    internal CodeSystemContent ContentOf(Resource codeSystem)
    {
        if (!read.TryGetValue(codeSystem, out var content)) read.Add(codeSystem, content = CodeSystemContent.Read(codeSystem));
        return content;
    }
}

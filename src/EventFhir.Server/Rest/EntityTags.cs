using System.Collections.Immutable;
using System.Globalization;

namespace EventFhir.Server.Rest;

/// <summary>A list of entity tags as in If-Match and If-None-Match (RFC 9110, 8.8.3): weak and strong ones name the same version.</summary>
/// <param name="IsAny">The list is "*".</param>
/// <param name="Versions">Tags that are not the number of a version stand as <see cref="NoVersion"/>: they match nothing.</param>
public readonly record struct EntityTags(bool IsAny, ImmutableArray<long> Versions)
{
    public const long NoVersion = -1;

    public static string Of(long version) => string.Create(CultureInfo.InvariantCulture, $"W/\"{version}\"");

    /// <summary>304 for a client that has what this tag is of; else what makes it.</summary>
    public static Answer Answered(FhirRequest request, string tag, Func<ImmutableArray<ReadOnlyMemory<byte>>> write)
    {
        var isCurrentAtClient = request.Http.Request.Headers.IfNoneMatch.ToString().Contains(tag, StringComparison.Ordinal);
        return (isCurrentAtClient ? Answer.Empty(StatusCodes.Status304NotModified) : new Answer(200, write())) with { Tag = tag };
    }

    public bool Contains(long version) => IsAny || Versions.Contains(version);

    /// <summary>False if the text is not "*" or a comma-separated list of quoted tags.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out EntityTags tags)
    {
        tags = new EntityTags(true, []);
        text = text.Trim();
        if (text is "*") return true;
        var versions = ImmutableArray.CreateBuilder<long>(1);
        while (true)
        {
            if (!TryTakeTag(ref text, out var tag)) return false;
            versions.Add(VersionOf(tag) ?? NoVersion);
            text = text.TrimStart();
            if (text.IsEmpty) break;
            if (text[0] is not ',') return false;
            text = text[1..].TrimStart();
        }
        tags = new EntityTags(false, versions.DrainToImmutable());
        return true;
    }

    /// <summary>The number of a version as we write it: "01" is none of ours. Null if it cannot be one.</summary>
    public static long? VersionOf(ReadOnlySpan<char> text) =>
        !text.StartsWith('0') && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : null;

    private static bool TryTakeTag(ref ReadOnlySpan<char> text, out ReadOnlySpan<char> tag)
    {
        tag = default;
        if (text.StartsWith("W/", StringComparison.Ordinal)) text = text[2..];
        if (text.IsEmpty || text[0] is not '"') return false;
        var end = text[1..].IndexOf('"');
        if (end < 0) return false;
        tag = text.Slice(1, end);
        text = text[(end + 2)..];
        return true;
    }
}

using System.Collections.Concurrent;

namespace EventFhir.Benchmarks;

/// <summary>The embedded .sql files of the floor and the baselines.</summary>
public static class SqlFile
{
    private static readonly ConcurrentDictionary<string, string> Texts = new(StringComparer.Ordinal);

    public static string Read(string name) => Texts.GetOrAdd(name, static key =>
    {
        using var reader = new StreamReader(typeof(SqlFile).Assembly.GetManifestResourceStream(key)
            ?? throw new FileNotFoundException($"{key}.sql is not embedded."));
        return reader.ReadToEnd();
    });
}

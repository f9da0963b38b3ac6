using System.Collections.Immutable;

namespace EventFhir.Postgres.Sql;

/// <summary>The fixed SQL of this project, embedded as files.</summary>
internal static class SqlFile
{
    /// <param name="path">Below src/EventFhir.Postgres/Sql, for example "Migrations/0001_event_log.sql".</param>
    public static string Read(string path)
    {
        using var stream = typeof(SqlFile).Assembly.GetManifestResourceStream(path.Replace('/', Path.DirectorySeparatorChar))
            ?? typeof(SqlFile).Assembly.GetManifestResourceStream(path)
            ?? throw new InvalidOperationException($"There is no embedded SQL file {path}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>The paths below a folder, in order of their names.</summary>
    public static ImmutableArray<string> Under(string folder) =>
    [
        .. typeof(SqlFile).Assembly.GetManifestResourceNames()
            .Select(name => name.Replace('\\', '/'))
            .Where(name => name.StartsWith(folder + "/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal),
    ];
}

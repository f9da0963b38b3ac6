using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

using EventFhir.Postgres.Sql;

namespace EventFhir.Postgres.Migrations;

/// <summary>One forward step of the database schema: Sql/Migrations/NNNN_name.sql.</summary>
/// <param name="Checksum">SHA-256 of the text, lower-case hexadecimal: a step that has been applied anywhere is never edited.</param>
public sealed record Migration(int Number, string Name, string Text, string Checksum)
{
    /// <summary>All steps that this build knows, in order.</summary>
    public static ImmutableArray<Migration> All { get; } = [.. SqlFile.Under("Migrations").Select(Read)];

    private static Migration Read(string path)
    {
        var name = Path.GetFileNameWithoutExtension(path);
        var text = SqlFile.Read(path).ReplaceLineEndings("\n");
        var number = int.Parse(name.AsSpan(0, name.IndexOf('_', StringComparison.Ordinal)), CultureInfo.InvariantCulture);
        return new Migration(number, name, text, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))));
    }
}

public enum MigrationState
{
    Applied,
    Pending,

    /// <summary>Applied from a text that differs from the one in this build.</summary>
    Changed,

    /// <summary>Applied by a newer build.</summary>
    Unknown,
}

/// <param name="AppliedAt">Null if pending.</param>
public sealed record MigrationStatus(int Number, string Name, MigrationState State, DateTimeOffset? AppliedAt);

/// <summary>The schema of the database and this build do not fit together; the message says what to do.</summary>
public sealed class MigrationException(string message) : Exception(message);

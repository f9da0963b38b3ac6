using EventFhir.Model.Definitions;
using EventFhir.Postgres.Sql;

using Npgsql;

namespace EventFhir.Postgres.Migrations;

/// <summary>A database holds the resources of one release of FHIR: that with which it was first opened.</summary>
public sealed class ReleaseClaim(EventDatabase database)
{
    private static readonly string Claim = SqlFile.Read("claim-release.sql");

    /// <summary>Makes the release that of the database, if it has none yet.</summary>
    /// <exception cref="OtherReleaseException">It has another one.</exception>
    public async Task MakeAsync(Release release, CancellationToken cancellationToken)
    {
        await using var command = database.Maintenance.CreateCommand(Claim);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = release.Name });
        var held = (string)(await command.ExecuteScalarAsync(cancellationToken))!;
        if (held != release.Name) throw new OtherReleaseException(held, release.Name);
    }
}

/// <summary>The database holds the resources of another release; the message says what to do.</summary>
public sealed class OtherReleaseException(string held, string asked) : Exception(
    $"The database holds FHIR {held}, so it cannot be opened for {asked}. Open it with --fhir {held}, or give {asked} a database of its own.");

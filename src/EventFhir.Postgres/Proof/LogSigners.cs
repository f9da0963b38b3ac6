using System.Collections.Immutable;

using EventFhir.Core.Proof;

using Npgsql;

namespace EventFhir.Postgres.Proof;

/// <summary>The private keys with which this process signs in the name of the log. Disposing it forgets them.</summary>
public sealed class LogSigners : IDisposable
{
    private LogSigners(string name, ImmutableArray<NoteSigner> all) => (LogName, All) = (name, all);

    /// <summary>What the log is called in keys and checkpoints; it does not change.</summary>
    public string LogName { get; }

    public ImmutableArray<NoteSigner> All { get; }

    /// <param name="keys">PEM of one or more private keys; every one signs, so that a key can be replaced while the old one still counts.</param>
    /// <exception cref="FormatException">One of them is no private key of P-256.</exception>
    public static async Task<LogSigners> OpenAsync(EventDatabase database, ImmutableArray<string> keys, CancellationToken cancellationToken)
    {
        await using var command = database.Maintenance.CreateCommand("select name from es.tree");
        var name = (string)(await command.ExecuteScalarAsync(cancellationToken))!;
        return new LogSigners(name, [.. keys.Select(pem => NoteSigner.OfPem(name, pem))]);
    }

    /// <summary>Notes the public keys, so that whoever checks a signature later finds them.</summary>
    internal async Task RegisterAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("insert into es.proof_key select unnest($1) on conflict do nothing", connection);
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. All.Select(signer => signer.Key.ToString())] });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public void Dispose()
    {
        foreach (var signer in All) signer.Dispose();
    }
}

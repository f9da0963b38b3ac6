using EventFhir.Core.Events;

using Npgsql;

namespace EventFhir.Postgres.Sql;

/// <summary>The parameters of statements that begin with the key of a resource.</summary>
internal static class KeyParameters
{
    /// <summary>Tenant, number of the type, and id: $1, $2 and $3 of a command that has none yet.</summary>
    public static void AddKey(this NpgsqlCommand command, ResourceKey key)
    {
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = Tenant.Only });
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = (short)key.Type.Number });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key.Id.Value });
    }
}

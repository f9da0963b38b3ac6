using EventFhir.Core.Events;

using Npgsql;

using NpgsqlTypes;

namespace EventFhir.Postgres.Writing;

/// <summary>The provenance of a batch's groups, column by column, as es.append takes it: null for a column that no group has.</summary>
internal sealed class OriginColumns
{
    private readonly Column actors = new();
    private readonly Column principals = new();
    private readonly Column clients = new();
    private readonly Column reasons = new();
    private readonly Column purposes = new();
    private readonly Column requests = new();
    private readonly Column addresses = new();
    private readonly Column traces = new();

    public void Add(Provenance provenance)
    {
        actors.Add(provenance.Actor);
        principals.Add(provenance.OnBehalfOf);
        clients.Add(provenance.Client);
        reasons.Add(provenance.Reason);
        purposes.Add(provenance.Purpose);
        requests.Add(provenance.CorrelationId);
        addresses.Add(provenance.SourceAddress);
        traces.Add(provenance.Trace);
    }

    public void AddTo(NpgsqlParameterCollection parameters)
    {
        actors.AddTo(parameters);
        principals.AddTo(parameters);
        clients.AddTo(parameters);
        reasons.AddTo(parameters);
        purposes.AddTo(parameters);
        requests.AddTo(parameters);
        addresses.AddTo(parameters);
        traces.AddTo(parameters);
    }

    public void Clear()
    {
        actors.Clear();
        principals.Clear();
        clients.Clear();
        reasons.Clear();
        purposes.Clear();
        requests.Clear();
        addresses.Clear();
        traces.Clear();
    }

    private sealed class Column
    {
        private const NpgsqlDbType Type = NpgsqlDbType.Array | NpgsqlDbType.Text;

        private readonly List<string?> values = [];
        private bool isNull = true;

        public void Add(string? value)
        {
            values.Add(value);
            isNull &= value is null;
        }

        public void AddTo(NpgsqlParameterCollection parameters) => parameters.Add(isNull
            ? new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = Type }
            : new NpgsqlParameter<List<string?>> { TypedValue = values, NpgsqlDbType = Type });

        public void Clear()
        {
            values.Clear();
            isNull = true;
        }
    }
}

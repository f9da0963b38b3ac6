using EventFhir.Core.Events;

using Npgsql;

using NpgsqlTypes;

namespace EventFhir.Postgres.Bulk;

/// <summary>Keys that have no row of es.stream, as far as we know, column by column.</summary>
internal sealed class NewStreams
{
    private readonly List<short> types = [];
    private readonly List<string> ids = [];

    /// <summary>Where each is in the batch's own list.</summary>
    public List<int> Indexes { get; } = [];

    public bool IsEmpty => ids.Count == 0;

    public void Add(int index, ResourceKey key)
    {
        Indexes.Add(index);
        types.Add((short)key.Type.Number);
        ids.Add(key.Id.Value);
    }

    public NpgsqlParameter Types() => Array(types, NpgsqlDbType.Smallint);
    public NpgsqlParameter Ids() => Array(ids, NpgsqlDbType.Text);

    public void Clear()
    {
        Indexes.Clear();
        types.Clear();
        ids.Clear();
    }

    private static NpgsqlParameter Array<T>(List<T> values, NpgsqlDbType element) =>
        new NpgsqlParameter<List<T>> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | element };
}

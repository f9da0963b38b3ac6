using System.Collections.Immutable;
using System.Data;
using System.Diagnostics;
using System.Globalization;

using EventFhir.Core.Events;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Projections;

using Npgsql;

using NpgsqlTypes;

namespace EventFhir.Postgres.Writing;

/// <summary>
/// Many groups as one round trip and one transaction: es.append, then one statement per search table. Its arrays are kept and refilled;
/// hot path, measured by create-observation.
/// </summary>
internal sealed class AppendBatch(Release release)
{
    private const string Append =
        "select * from es.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, "
        + "$22, $23, $24, $25)";
    private readonly List<(int Group, int Place, WriteCommand Command)> commands = [];
    private readonly List<Guid> transactions = [];
    private readonly List<string?> keys = [];
    private readonly OriginColumns origins = new();
    private readonly List<int> groupNumbers = [];
    private readonly List<int> places = [];
    private readonly List<short> types = [];
    private readonly List<string> ids = [];
    private readonly List<short> kinds = [];
    private readonly List<short> conditions = [];
    private readonly List<string?> matches = [];
    private readonly List<Guid> events = [];
    private readonly List<Guid?> digests = [];
    private readonly List<ReadOnlyMemory<byte>> heads = [];
    private readonly List<ReadOnlyMemory<byte>> tails = [];
    private readonly References references = new();
    private readonly Dictionary<TypeDefinition, IndexRows> indexRows = [];
    private bool hasKeys;
    private IndexTarget? target;

    /// <summary>The commands in key order, each with the 0-based place in its group.</summary>
    public IReadOnlyList<(int Group, int Place, WriteCommand Command)> Commands => commands;

    /// <summary>The same, column by column.</summary>
    public List<short> TypeNumbers => types;

    public List<string> Ids => ids;
    public List<Guid> Events => events;
    public References References => references;
    public IEnumerable<IndexRows> IndexRows => indexRows.Values.Where(rows => !rows.IsEmpty);

    /// <summary>The resource types of the groups filled in; their tables must exist before the batch is sent.</summary>
    public IEnumerable<TypeDefinition> Types => indexRows.Where(rows => !rows.Value.IsEmpty).Select(rows => rows.Key);

    public IndexTarget Target => target ?? throw new InvalidOperationException("The batch has not been filled.");

    public void Fill(IReadOnlyList<PendingGroup> groups, IndexTarget current)
    {
        if (!ReferenceEquals(target, current)) indexRows.Clear();
        target = current;
        Clear();
        for (var index = 0; index < groups.Count; index++) AddGroup(groups[index], index + 1);
        // Key order, ids by their bytes as in collation "C": everybody locks streams in the same order, so nobody waits in a circle.
        commands.Sort(static (a, b) => a.Command.Key.Type.Number - b.Command.Key.Type.Number is var byType and not 0
            ? byType
            : string.CompareOrdinal(a.Command.Key.Id.Value, b.Command.Key.Id.Value));
        foreach (var (group, place, command) in commands) AddCommand(group, place, command);
    }

    /// <summary>Sends the batch and waits for its commit. The outcomes are per group, in the order of the groups.</summary>
    public async Task<ImmutableArray<WriteOutcome>[]> ExecuteAsync(
        NpgsqlConnection connection, IReadOnlyList<PendingGroup> groups, CancellationToken cancellationToken)
    {
        await using var batch = connection.CreateBatch();
        batch.BatchCommands.Add(AppendCommand());
        batch.BatchCommands.Add(Target.Require());
        foreach (var rows in indexRows.Values)
            if (!rows.IsEmpty) rows.AddTo(batch);
        var outcomes = new WriteOutcome[groups.Count][];
        for (var index = 0; index < outcomes.Length; index++) outcomes[index] = new WriteOutcome[groups[index].Group.Commands.Length];
        // Reading to the end of the last result waits for the commit.
        await using (var reader = await batch.ExecuteReaderAsync(CommandBehavior.SequentialAccess, cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken)) ReadOutcome(reader, groups, outcomes);
            while (await reader.NextResultAsync(cancellationToken)) { }
        }
        return Array.ConvertAll(outcomes, ImmutableArray.Create);
    }

    private void AddGroup(PendingGroup pending, int number)
    {
        var group = pending.Group;
        transactions.Add(pending.TransactionId);
        keys.Add(group.IdempotencyKey);
        hasKeys |= group.IdempotencyKey is not null;
        origins.Add(group.Provenance);
        for (var place = 0; place < group.Commands.Length; place++) commands.Add((number, place, Target.Renew(group.Commands[place])));
    }

    private void AddCommand(int group, int place, WriteCommand command)
    {
        groupNumbers.Add(group);
        places.Add(place);
        types.Add((short)command.Key.Type.Number);
        ids.Add(command.Key.Id.Value);
        kinds.Add((short)(command.Kind + 1));
        // Condition 1 without a list asks for a current version and leaves open which.
        conditions.Add(command.Precondition switch
        {
            Precondition.AnyOf or Precondition.Present or Precondition.StillAt => 1,
            Precondition.Absent => 2,
            _ => 0,
        });
        matches.Add(command.Precondition switch
        {
            Precondition.AnyOf anyOf => $"{{{string.Join(',', anyOf.Versions)}}}",
            Precondition.StillAt at => string.Create(CultureInfo.InvariantCulture, $"{{{at.Version}}}"),
            _ => null,
        });
        events.Add(Guid.CreateVersion7());
        digests.Add(command.Content?.Body.Digest);
        heads.Add(command.Content?.Body.Head ?? ReadOnlyMemory<byte>.Empty);
        tails.Add(command.Content?.Body.Tail ?? ReadOnlyMemory<byte>.Empty);

        if (!indexRows.TryGetValue(command.Key.Type, out var rows))
            indexRows.Add(command.Key.Type, rows = new IndexRows(Target.Projections.TablesOf(command.Key.Type)));
        var position = groupNumbers.Count;
        if (command.Content is not { } content) rows.AddRemoval(position);
        else if (command.Kind is WriteKind.Create) rows.AddNew(position, content.Index, references);
        else rows.AddReplacement(position, content.Index, references);
    }

    private NpgsqlBatchCommand AppendCommand()
    {
        var command = new NpgsqlBatchCommand(Append);
        var parameters = command.Parameters;
        parameters.Add(new NpgsqlParameter<short> { TypedValue = Tenant.Only });
        parameters.Add(new NpgsqlParameter<string> { TypedValue = release.FhirVersion });
        AddArray(transactions, NpgsqlDbType.Uuid);
        if (hasKeys) AddArray(keys, NpgsqlDbType.Text);
        else parameters.Add(new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        origins.AddTo(parameters);
        AddArray(groupNumbers, NpgsqlDbType.Integer);
        AddArray(places, NpgsqlDbType.Integer);
        AddArray(types, NpgsqlDbType.Smallint);
        AddArray(ids, NpgsqlDbType.Text);
        AddArray(kinds, NpgsqlDbType.Smallint);
        AddArray(conditions, NpgsqlDbType.Smallint);
        AddArray(matches, NpgsqlDbType.Text);
        AddArray(events, NpgsqlDbType.Uuid);
        AddArray(digests, NpgsqlDbType.Uuid);
        AddArray(heads, NpgsqlDbType.Bytea);
        AddArray(tails, NpgsqlDbType.Bytea);
        AddArray(references.Types, NpgsqlDbType.Smallint);
        AddArray(references.Ids, NpgsqlDbType.Text);
        return command;
        void AddArray<T>(List<T> values, NpgsqlDbType type) =>
            parameters.Add(new NpgsqlParameter<List<T>> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | type });
    }

    /// <summary>The row is (group, place, outcome, version, updated, type, id); the codes are explained at es.append.</summary>
    private void ReadOutcome(NpgsqlDataReader row, IReadOnlyList<PendingGroup> groups, WriteOutcome[][] outcomes)
    {
        var group = row.GetInt32(0) - 1;
        var place = row.GetInt32(1);
        var code = row.GetInt32(2);
        var version = row.GetInt32(3);
        var updated = row.IsDBNull(4) ? default : row.GetFieldValue<DateTimeOffset>(4);
        var isReplay = (code & 8) != 0;
        var command = isReplay ? null : groups[group].Group.Commands[place];
        var key = command?.Key ?? KeyOf(row.GetInt16(5), row.GetString(6));
        // The stored outcome counts its places from 1, and the earlier group may have had another number of commands.
        if (isReplay && place > outcomes[group].Length) Array.Resize(ref outcomes[group], place);
        var isDeleted = (code & 32) != 0;
        outcomes[group][isReplay ? place - 1 : place] = (code & 7) switch
        {
            0 => new WriteOutcome.Appended(key, version, updated, IsNew: (code & 16) != 0)
            {
                Transaction = isReplay ? null : groups[group].TransactionId,
            },
            1 => new WriteOutcome.Unchanged(key, version, updated, isDeleted),
            2 => new WriteOutcome.Refused(key, WriteRefusals.AlreadyExists(key)),
            3 => new WriteOutcome.Refused(key, WriteRefusals.PreconditionFailed(key, command!.Precondition, HeadOf(version, isDeleted, updated))),
            4 => new WriteOutcome.Refused(key, WriteRefusals.GroupRefused(key)),
            _ => throw new UnreachableException(string.Create(CultureInfo.InvariantCulture, $"es.append has no outcome {code}.")),
        };
    }

    private ResourceKey KeyOf(short type, string id) =>
        ResourceId.TryParse(id, out var parsed)
            ? new ResourceKey(release.TypeOfNumber(type), parsed)
            : throw new UnreachableException("A stored id is malformed.");

    private static ResourceHead? HeadOf(long version, bool isDeleted, DateTimeOffset updated) =>
        version == 0 ? null : new ResourceHead(version, isDeleted, updated, Digest: default);

    private void Clear()
    {
        commands.Clear();
        transactions.Clear();
        keys.Clear();
        origins.Clear();
        groupNumbers.Clear();
        places.Clear();
        types.Clear();
        ids.Clear();
        kinds.Clear();
        conditions.Clear();
        matches.Clear();
        events.Clear();
        digests.Clear();
        heads.Clear();
        tails.Clear();
        references.Clear();
        foreach (var rows in indexRows.Values) rows.Clear();
        hasKeys = false;
    }
}

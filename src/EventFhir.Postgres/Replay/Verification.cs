using System.Collections.Immutable;
using System.Data;
using System.Globalization;

using EventFhir.Model.Definitions;
using EventFhir.Postgres.Projections;
using EventFhir.Postgres.Sql;

using Npgsql;

namespace EventFhir.Postgres.Replay;

/// <summary>A place where the database is not what the log says.</summary>
/// <param name="What">A sentence without patient data.</param>
/// <param name="Subject">"Observation/123", with "/_history/2" where a version is meant; empty if it concerns no single resource.</param>
public sealed record Difference(string What, string Subject);

/// <param name="Differences">The first few of each kind; empty: everything agrees.</param>
public sealed record VerificationReport(long Events, long Resources, ImmutableArray<Difference> Differences)
{
    public bool IsClean => Differences.IsEmpty;
}

/// <summary>
/// Proves that the projections are what the log says. All in one snapshot, so writes go on meanwhile: the log is checked in itself, heads and
/// totals are compared with it, and the search rows of every live resource and of every past version are made anew in temporary tables and
/// compared row for row.
/// </summary>
public sealed class Verification(EventDatabase database, ReplayRules rules)
{
    private const int PageRids = 1_000;
    private const int PageEvents = 1_000;
    private const int ShownMax = 10;

    /// <param name="progress">The number of resources done so far.</param>
    public async Task<VerificationReport> RunAsync(IProgress<long>? progress, CancellationToken cancellationToken)
    {
        await using var connection = await database.Maintenance.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        var differences = new List<Difference>();
        var events = await connection.ReadAsync<long>("select count(*) from es.event", cancellationToken);
        await CheckLogAsync(connection, differences, cancellationToken);
        await new TreeVerification(connection, rules.Release, differences, ShownMax).RunAsync(cancellationToken);

        var customs = await UnfinishedParameters.ReadAsync(connection, rules, TypeTables.Temporary, cancellationToken);
        var replay = new IndexReplay(customs.Rules, TypeTables.Temporary, IndexReplay.LeaveMissingOut);
        var past = new IndexReplay(customs.PastRules, TypeTables.Temporary, IndexReplay.LeaveMissingOut);
        var stored = await StoredLayoutsAsync(connection, cancellationToken);
        var types = (await connection.ReadAllAsync<short>("select distinct type from es.stream where version > 0", cancellationToken))
            .ConvertAll(number => rules.Release.TypeOfNumber(number)).Union(stored.Keys).ToList();
        foreach (var type in types)
            await connection.RunAsync(replay.TablesOf(type).CreateTables.Text + customs.CreateTablesOf(type).Text, cancellationToken);
        var resources = await MakeExpectedAsync(connection, replay, past, customs, progress, cancellationToken);
        foreach (var damaged in replay.Unreadable.Concat(past.Unreadable).Take(ShownMax))
        {
            var id = await IdOfAsync(connection, damaged.Rid, cancellationToken);
            differences.Add(new Difference("the body cannot be read", $"{damaged.Type.Name}/{id}"));
        }
        foreach (var type in types)
            await CompareAsync(connection, type, replay.TablesOf(type), customs, stored.GetValueOrDefault(type), differences, cancellationToken);
        // Nothing is kept: the temporary tables go with the transaction.
        await transaction.RollbackAsync(cancellationToken);
        return new VerificationReport(events, resources, [.. differences]);
    }

    private async Task CheckLogAsync(NpgsqlConnection connection, List<Difference> differences, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(SqlFile.Read("verify-log.sql"), connection)
        {
            Parameters = { new NpgsqlParameter<int> { TypedValue = ShownMax } },
        };
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            var type = row.IsDBNull(1) ? "" : rules.Release.FindTypeOfNumber(row.GetInt16(1))?.Name ?? "";
            var id = row.IsDBNull(2) ? "" : "/" + row.GetString(2);
            var version = row.IsDBNull(3) ? "" : string.Create(CultureInfo.InvariantCulture, $"/_history/{row.GetInt32(3)}");
            differences.Add(new Difference(row.GetString(0), type + id + version));
        }
    }

    private static async Task<long> MakeExpectedAsync(
        NpgsqlConnection connection, IndexReplay replay, IndexReplay past, UnfinishedParameters customs, IProgress<long>? progress,
        CancellationToken cancellationToken)
    {
        var last = await connection.ReadAsync<long>("select coalesce(max(rid), 0) from es.stream", cancellationToken);
        var done = 0L;
        for (var from = 0L; from < last; from += PageRids)
        {
            await using var page = new NpgsqlCommand(SqlFile.Read("replay-page.sql"), connection)
            {
                Parameters = { new NpgsqlParameter<long> { TypedValue = from }, new NpgsqlParameter<long> { TypedValue = from + PageRids } },
            };
            var resources = await replay.ReadAsync(page, cancellationToken);
            await replay.WriteAsync(connection, resources, cancellationToken);
            await customs.WriteAsync(connection, resources, cancellationToken);
            done += resources.Count;
            progress?.Report(done);
        }
        var events = await connection.ReadAsync<long>("select coalesce(max(seq), 0) from es.event", cancellationToken);
        for (var from = 0L; from < events; from += PageEvents)
        {
            await using var page = new NpgsqlCommand(SqlFile.Read("replay-past.sql"), connection)
            {
                Parameters = { new NpgsqlParameter<long> { TypedValue = from }, new NpgsqlParameter<long> { TypedValue = from + PageEvents } },
            };
            await past.WritePastAsync(connection, await past.ReadAsync(page, cancellationToken), cancellationToken);
        }
        return done;
    }

    private static async Task CompareAsync(
        NpgsqlConnection connection, TypeDefinition type, TypeTables expected, UnfinishedParameters customs, string? fingerprint,
        List<Difference> differences, CancellationToken cancellationToken)
    {
        if (fingerprint != TypeTables.Fingerprint(expected.Layout))
        {
            var what = fingerprint is null ? "the search tables are missing" : "the search tables have another layout";
            differences.Add(new Difference(what, type.Name));
            return;
        }
        var actual = new TypeTables(expected.Layout);
        var main = expected.Main;
        await CompareAsync(
            connection, type, main.Table, actual.Main.Table, SqlWriter.Text($"{main.Columns}, since"), default, differences, cancellationToken);
        var columnsOfPast = SqlWriter.Text($"{main.Columns}, since, until, seq");
        await CompareAsync(connection, type, main.Past, actual.Main.Past, columnsOfPast, default, differences, cancellationToken);
        foreach (var (wanted, found) in expected.Side.Zip(actual.Side))
        {
            var allowed = customs.Except(type, found.Side.Flag, found.Columns);
            await CompareAsync(connection, type, wanted.Table, found.Table, found.Columns, allowed, differences, cancellationToken);
            // Custom parameters have rows there, and leave them behind when they are dropped: nothing that is there too much can be told from those.
            var columns = SqlWriter.Text($"{found.Columns}, since, until");
            var left = customs.EverDefined ? SqlWriter.Text($" except all select {columns} from {found.Past}") : default;
            await CompareAsync(connection, type, wanted.Past, found.Past, columns, left, differences, cancellationToken);
        }
        await CompareLexiconAsync(connection, type, expected.Lexicon.Table, actual.Lexicon.Table, differences, cancellationToken);
    }

    /// <summary>A text may outlive the resources that had it, so only what is missing counts.</summary>
    private static async Task CompareLexiconAsync(
        NpgsqlConnection connection, TypeDefinition type, SqlName expected, SqlName actual, List<Difference> differences,
        CancellationToken cancellationToken)
    {
        var columns = LexiconStatements.Columns;
        var missing = new SqlBuilder().Append($"""
            select count(*) from (select {columns} from {expected} except select {columns} from {actual}) d
            """).Statement();
        await using var batch = connection.CreateBatch();
        batch.BatchCommands.Add(missing);
        if (await batch.ExecuteScalarAsync(cancellationToken) is > 0L)
            differences.Add(new Difference($"a row of {actual.Text.Replace("\"", "", StringComparison.Ordinal)} is missing", type.Name));
    }

    private static async Task CompareAsync(
        NpgsqlConnection connection, TypeDefinition type, SqlName expected, SqlName actual, SqlText columns, SqlText allowed,
        List<Difference> differences, CancellationToken cancellationToken)
    {
        var table = actual.Text.Replace("\"", "", StringComparison.Ordinal);
        var statement = new SqlBuilder().Append($"""
            (select 'missing', s.id
             from (select rid from (select {columns} from {expected} except all select {columns} from {actual}) d limit {ShownMax}) d
             left join es.stream s on s.rid = d.rid)
            union all
            (select 'wrong', s.id
             from (select rid from (select {columns} from {actual} except all select {columns} from {expected}{allowed}) d limit {ShownMax}) d
             left join es.stream s on s.rid = d.rid)
            """).Statement();
        await using var batch = connection.CreateBatch();
        batch.BatchCommands.Add(statement);
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            var subject = row.IsDBNull(1) ? type.Name : $"{type.Name}/{row.GetString(1)}";
            differences.Add(new Difference($"a row of {table} is {row.GetString(0)}", subject));
        }
    }

    private static async Task<string> IdOfAsync(NpgsqlConnection connection, long rid, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("select id from es.stream where rid = $1", connection)
        {
            Parameters = { new NpgsqlParameter<long> { TypedValue = rid } },
        };
        return (string)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private async Task<Dictionary<TypeDefinition, string>> StoredLayoutsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("select type, fingerprint from fhir.layout", connection);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var layouts = new Dictionary<TypeDefinition, string>();
        while (await row.ReadAsync(cancellationToken)) layouts.Add(rules.Release.TypeOfNumber(row.GetInt16(0)), row.GetString(1));
        return layouts;
    }
}

using System.Collections.Immutable;
using System.Globalization;

using EventFhir.Core.Search.Indexing;
using EventFhir.Core.Search.Parameters;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Parameters;
using EventFhir.Postgres.Projections;
using EventFhir.Postgres.Sql;

using Npgsql;

namespace EventFhir.Postgres.Replay;

/// <summary>
/// Custom parameters that are being indexed or dropped while a verification looks: rows of theirs may be there, but none has to be. They are
/// made in temporary tables of their own.
/// </summary>
internal sealed class UnfinishedParameters
{
    private readonly ImmutableArray<ParameterRowsOfPage> parameters;

    private UnfinishedParameters(ReplayRules rules, ImmutableArray<ParameterRowsOfPage> parameters) =>
        (Rules, this.parameters) = (rules, parameters);

    /// <summary>True if there has been a custom parameter in this database.</summary>
    public bool EverDefined { get; private init; }

    /// <summary>What has to be there of past versions: those that were superseded before a custom parameter came have no rows for it.</summary>
    public ReplayRules PastRules => EverDefined && Rules.Extractor is { } extractor
        ? ReplayRules.Of(extractor.With(extractor.Definitions.With(Rules.Generation, [])))
        : Rules;

    /// <summary>What has to be there: the specification's parameters, and the usable ones of clients.</summary>
    public ReplayRules Rules { get; }

    /// <summary>As the snapshot of the connection has them.</summary>
    public static async Task<UnfinishedParameters> ReadAsync(
        NpgsqlConnection connection, ReplayRules rules, string schema, CancellationToken cancellationToken)
    {
        if (rules.Extractor is not { } extractor) return new(rules, []);
        var rows = await ParameterRows.ReadAsync(connection, rules.Release, cancellationToken);
        var usable = rows.Customs.Where(custom => custom.State is ParameterState.Usable).ToImmutableArray();
        var unfinished = rows.Customs.Where(custom => custom.State is ParameterState.Indexing or ParameterState.Dropping);
        return new(
            ReplayRules.Of(extractor.With(extractor.Definitions.With(rows.Generation, usable))),
            [
                .. unfinished.Select(custom => new ParameterRowsOfPage(
                    extractor, custom, schema, string.Create(CultureInfo.InvariantCulture, $"_{custom.Id}"))),
            ]) { EverDefined = rows.Revision > 0 };
    }

    public SqlText CreateTablesOf(TypeDefinition type) =>
        SqlWriter.Join("", TablesOf(type).SelectMany(tables => tables.Side).Select(side => side.Create));

    public async Task WriteAsync(NpgsqlConnection connection, List<LiveVersion> resources, CancellationToken cancellationToken)
    {
        foreach (var rows in parameters)
        {
            var page = resources.Where(resource => rows.TablesOf(resource.Type) is not null).ToList();
            var walked = page.ConvertAll(resource => new WalkedResource(resource.Rid, resource.Type, Seq: 0, Extract(rows, resource)));
            rows.Fill(walked);
            await using var batch = new NpgsqlBatch(connection);
            batch.BatchCommands.Add(ResourceWalk.Address(IndexReplay.LeaveMissingOut, walked.ConvertAll(resource => resource.Rid), rows.References));
            rows.InsertTo(batch);
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    /// <summary>" except all select … from …" for each that may have rows in this kind of side table.</summary>
    public SqlText Except(TypeDefinition type, SideTables kind, SqlText columns) => SqlWriter.Join("", TablesOf(type)
        .SelectMany(tables => tables.Side).Where(side => side.Side.Flag == kind)
        .Select(side => SqlWriter.Text($" except all select {columns} from {side.Table}")));

    private IEnumerable<TypeTables> TablesOf(TypeDefinition type) => parameters.Select(rows => rows.TablesOf(type)).OfType<TypeTables>();

    /// <summary>A body that cannot be read is reported for the other parameters.</summary>
    private static IndexEntries Extract(ParameterRowsOfPage rows, LiveVersion resource)
    {
        try
        {
            return rows.Extract(resource.Type, resource.Body);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            return new IndexEntries { Columns = [] };
        }
    }
}

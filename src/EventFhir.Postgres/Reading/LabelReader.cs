using System.Globalization;
using System.Text;

using EventFhir.Core;
using EventFhir.Model;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Sql;

using Npgsql;

namespace EventFhir.Postgres.Reading;

/// <summary>Finds the profiles, security labels and tags that live resources have.</summary>
public sealed class LabelReader(EventDatabase database)
{
    private const int SetsMax = 10_000;

    private static readonly string LabelsInUse = SqlFile.Read("labels-in-use.sql");

    private static readonly Refusal TooMany = Refusal.Of(
        RefusalKind.BadRequest, "too-costly",
        string.Create(
            CultureInfo.InvariantCulture,
            $"$meta looks at up to {Limits.MetaResourcesMax} resources with up to {SetsMax} different sets of labels; ask for one type."));

    private static readonly Refusal TooLong = Refusal.Of(RefusalKind.TimedOut, "timeout", "Looking at the labels took too long; ask for one type.");

    /// <summary>The different sets, each as the JSON of a Meta with nothing but labels.</summary>
    /// <param name="type">Null for all.</param>
    public async Task<Outcome<List<string>>> ReadAsync(TypeDefinition? type, CancellationToken cancellationToken)
    {
        var sets = new List<string>();
        await using var command = database.Searcher.CreateCommand(LabelsInUse);
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = Tenant.Only });
        command.Parameters.Add(type is null
            ? new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Smallint }
            : new NpgsqlParameter<short> { TypedValue = (short)type.Number });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = Limits.MetaResourcesMax });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = SetsMax });
        try
        {
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            while (await row.ReadAsync(cancellationToken))
            {
                if (sets.Count == SetsMax) return TooMany;
                var set = new StringBuilder();
                Append(set, "profile", row.IsDBNull(0) ? null : row.GetString(0));
                Append(set, "security", row.IsDBNull(1) ? null : row.GetString(1));
                Append(set, "tag", row.IsDBNull(2) ? null : row.GetString(2));
                if (set.Length == 0) return TooMany;
                sets.Add($"{{{set}}}");
            }
        }
        catch (PostgresException exception)
            when (exception.SqlState == PostgresErrorCodes.QueryCanceled && !cancellationToken.IsCancellationRequested)
        {
            return TooLong;
        }
        return sets;
    }

    private static void Append(StringBuilder set, string name, string? labels)
    {
        if (labels is null) return;
        if (set.Length > 0) set.Append(',');
        set.Append('"').Append(name).Append("\":").Append(labels);
    }
}

using System.Collections.Immutable;
using System.Data;

using EventFhir.Core;
using EventFhir.Core.Conditions;
using EventFhir.Core.Events;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Search;

using Npgsql;

namespace EventFhir.Postgres.Conditions;

/// <summary>What each of several criteria found, in their order.</summary>
public sealed record CriteriaMatches(ImmutableArray<ImmutableArray<CriteriaMatch>> OfEach)
{
    /// <summary>So many matches tell one from several.</summary>
    public const int OneOrSeveral = 2;
}

/// <summary>Asks criteria of the newest versions, many at a time.</summary>
public sealed class CriteriaSearch(EventDatabase database, Release release)
{
    private readonly SearchReader searches = new(database, release);

    /// <summary>The same criteria with all that is asked beside them.</summary>
    public async Task<Outcome<Criteria>> AnswerAsync(Criteria criteria, CancellationToken cancellationToken)
    {
        var answered = await searches.AnswerAsync(criteria.Query, snapshot: null, cancellationToken);
        return answered.IsRefused(out var refusal) ? refusal : criteria with { Query = answered.Value };
    }

    /// <summary>Up to so many matches of each; <see cref="SearchReader.Stale"/> if the criteria were read with parameters that are in force no
    /// more.</summary>
    public async Task<Outcome<CriteriaMatches>> FindAsync(
        ImmutableArray<Criteria> criteria, int matchesMax, CancellationToken cancellationToken)
    {
        try
        {
            var found = new List<CriteriaMatch>[criteria.Length];
            for (var place = 0; place < found.Length; place++) found[place] = [];
            var questions = criteria.Select((one, place) => new CriteriaQuestion(place, one, matchesMax));
            foreach (var kind in questions.GroupBy(question => KeyQueries.Is(question.Criteria.Query)))
            {
                await using var connection = await (kind.Key ? database.KeySearcher : database.Searcher).OpenConnectionAsync(cancellationToken);
                await AskAsync(connection, [.. kind], found, cancellationToken);
                if (await SearchReader.IsStaleAsync(connection, criteria[0].Query.Definitions, cancellationToken)) return SearchReader.Stale;
            }
            return new CriteriaMatches([.. found.Select(matches => matches.ToImmutableArray())]);
        }
        catch (PostgresException exception)
            when (exception.SqlState == PostgresErrorCodes.QueryCanceled && !cancellationToken.IsCancellationRequested)
        {
            return Refusal.Of(RefusalKind.TimedOut, "timeout", "Finding what meets the criteria took too long; narrow them.");
        }
    }

    private async Task AskAsync(
        NpgsqlConnection connection, ImmutableArray<CriteriaQuestion> questions, List<CriteriaMatch>[] found, CancellationToken cancellationToken)
    {
        await using var batch = connection.CreateBatch();
        await AddToAsync(batch, connection, questions, cancellationToken);
        if (batch.BatchCommands.Count == 0) return;
        await using var row = await batch.ExecuteReaderAsync(CommandBehavior.SequentialAccess, cancellationToken);
        await ReadAsync(row, questions, found, cancellationToken);
    }

    internal async Task AddToAsync(
        NpgsqlBatch batch, NpgsqlConnection connection, ImmutableArray<CriteriaQuestion> questions, CancellationToken cancellationToken)
    {
        // Asked once: a bundle may have thousands of criteria on a type that nothing is stored of yet.
        if (questions.FirstOrDefault(question => !QueriedTypes.Of(question.Criteria.Query).All(searches.HasTables)) is { Criteria: { } unknown })
            await searches.LearnTablesAsync(connection, unknown.Query, cancellationToken);
        CriteriaStatements.AddTo(batch, questions, searches.HasTables);
    }

    /// <summary>Reads all results from the present one on.</summary>
    /// <param name="found">Gets the matches, by place.</param>
    internal static async Task ReadAsync(
        NpgsqlDataReader row, ImmutableArray<CriteriaQuestion> questions, List<CriteriaMatch>[] found, CancellationToken cancellationToken)
    {
        var types = new Dictionary<int, TypeDefinition>(questions.Length);
        foreach (var question in questions) types[question.Place] = question.Criteria.Type;
        do
        {
            while (await row.ReadAsync(cancellationToken))
            {
                var place = row.GetInt32(0);
                if (!ResourceId.TryParse(row.GetString(1), out var id)) throw new InvalidDataException("A stored id is malformed.");
                found[place].Add(new CriteriaMatch(new ResourceKey(types[place], id), row.GetInt32(2)));
            }
        }
        while (await row.NextResultAsync(cancellationToken));
    }
}

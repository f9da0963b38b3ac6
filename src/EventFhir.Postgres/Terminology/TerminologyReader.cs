using System.Collections.Immutable;

using EventFhir.Core;
using EventFhir.Core.Search;
using EventFhir.Core.Terminology;
using EventFhir.Model;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.Json;

using Npgsql;

namespace EventFhir.Postgres.Terminology;

/// <summary>
/// Answers questions of terminology from the value sets and code systems that are stored. Answers are kept, and hold as long as the resources
/// that they were made from are the newest, or those that a snapshot saw: that is looked up at each use.
/// </summary>
public sealed class TerminologyReader(EventDatabase database, Release release)
{
    private readonly CodeSetCache cache = new();

    /// <summary>The same search with the codes of its value sets put in.</summary>
    /// <param name="snapshot">pg_snapshot that saw what counts; null for now.</param>
    public async Task<Outcome<SearchQuery>> AnswerAsync(SearchQuery query, string? snapshot, CancellationToken cancellationToken)
    {
        var questions = TerminologyClauses.QuestionsOf(query);
        if (questions.IsEmpty) return query;
        if (questions.Length > Limits.TerminologyQuestionsMax)
            return Refusal.Of(
                RefusalKind.BadRequest, "too-costly", $"A search may name at most {Limits.TerminologyQuestionsMax} value sets and codes.");
        await using var connection = await database.Searcher.OpenConnectionAsync(cancellationToken);
        var answers = new Dictionary<CodeSetQuestion, CodeSet>();
        foreach (var question in questions)
        {
            var answer = await AnswerAsync(connection, question, snapshot, cancellationToken);
            if (answer.IsRefused(out var refusal)) return refusal;
            answers.Add(question, answer.Value);
        }
        return TerminologyClauses.Answer(query, answers);
    }

    /// <summary>The codes that a question asks for.</summary>
    public async Task<Outcome<CodeSet>> AnswerAsync(CodeSetQuestion question, CancellationToken cancellationToken)
    {
        await using var connection = await database.Searcher.OpenConnectionAsync(cancellationToken);
        return await AnswerAsync(connection, question, snapshot: null, cancellationToken);
    }

    private async Task<Outcome<CodeSet>> AnswerAsync(
        NpgsqlConnection connection, CodeSetQuestion question, string? snapshot, CancellationToken cancellationToken)
    {
        var stored = new StoredSources(connection, release, snapshot);
        if (cache.Find(question) is { } known)
        {
            var now = await stored.StatesAsync(known.Sources, cancellationToken);
            if (known.States.SequenceEqual(now)) return known.Codes;
        }
        var sources = new TerminologySources();
        var states = new Dictionary<SourceKey, string>();
        while (true)
        {
            var answer = CodeSets.Answer(question, sources, release);
            if (sources.Wanted.Count == 0)
            {
                if (!answer.IsRefused(out _)) Keep(question, answer.Value, states);
                return answer;
            }
            foreach (var key in sources.Wanted.ToList())
            {
                var candidates = await stored.ReadAsync(key, cancellationToken);
                states[key] = StoredSources.StateOf(candidates);
                sources.Give(key, Choose(key, candidates));
            }
        }
    }

    private void Keep(CodeSetQuestion question, CodeSet codes, Dictionary<SourceKey, string> states)
    {
        ImmutableArray<SourceKey> keys = [.. states.Keys];
        cache.Keep(question, new CachedCodeSet(codes, keys, [.. keys.Select(key => states[key])]));
    }

    /// <summary>The version asked for, else the newest business version; of equal ones the resource stored first.</summary>
    private Resource? Choose(SourceKey key, ImmutableArray<StoredSource> candidates)
    {
        var resources = candidates.Select(candidate => ResourceJsonReader.Read(candidate.Body, release).Resource
            ?? throw new InvalidDataException($"A stored {key.Kind} cannot be read."));
        if (key is SourceKey.ByUrl { Canonical.Version: { } version }) return resources.FirstOrDefault(resource => VersionOf(resource) == version);
        return resources.MaxBy(VersionOf, BusinessVersionOrder.Instance);
    }

    private static string? VersionOf(Resource resource) => resource.Root.FirstChild("version") is { HasValue: true } version ? version.Text : null;
}

using System.Collections.Concurrent;
using System.Collections.Immutable;

using EventFhir.Core.Search;
using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Sql;

using Npgsql;

namespace EventFhir.Postgres.Search;

/// <summary>
/// Asks in the round trip of a search whether anything was ever contained that its chains could lead to. The lexicon of a type says which types its
/// resources contain, from the very transaction that stores the first such resource, and nothing is taken out of it: what it does not say after
/// the search was not so during the search, whatever time that one is about.
/// </summary>
internal sealed class ContainedProbe
{
    private readonly ImmutableArray<ContainedQuestion> questions;
    private readonly ContainedTypes known;

    private ContainedProbe(ImmutableArray<ContainedQuestion> questions, ContainedTypes known) => (this.questions, this.known) = (questions, known);

    /// <summary>True if there is something: what the search found does not count.</summary>
    public bool HasFound { get; private set; }

    /// <summary>Null if there is no question, or the answer to one is known to be yes.</summary>
    public static ContainedProbe? Of(ImmutableArray<ContainedQuestion> questions, ContainedTypes known)
    {
        foreach (var question in questions)
            foreach (var target in question.Chain.Targets)
                if (known.Has(question.Type, Hashing.Contains(target.Type.Name))) return null;
        return questions.IsEmpty ? null : new ContainedProbe(questions, known);
    }

    /// <summary>One row for each type that is contained: the place of the question, and the term. Null if no type asked about has tables.</summary>
    public NpgsqlBatchCommand? Statement(SearchDefinitions definitions, Func<TypeDefinition, bool> hasTables)
    {
        var sql = new SqlBuilder();
        var isFirst = true;
        for (var place = 0; place < questions.Length; place++)
        {
            var question = questions[place];
            if (!hasTables(question.Type)) continue;
            if (!isFirst) sql.Append($" union all ");
            isFirst = false;
            var terms = question.Chain.Targets.Select(target => Hashing.Contains(target.Type.Name)).Distinct().ToArray();
            sql.Append($"select {place}, t.hash from {new TableNames(definitions.LayoutOf(question.Type)).Lexicon} t where t.hash = any({terms})");
        }
        return isFirst ? null : sql.Statement();
    }

    /// <summary>Reads the result of <see cref="Statement"/>.</summary>
    public async Task ReadAsync(NpgsqlDataReader row, CancellationToken cancellationToken)
    {
        while (await row.ReadAsync(cancellationToken))
        {
            HasFound = true;
            known.Add(questions[row.GetInt32(0)].Type, row.GetInt64(1));
        }
    }
}

/// <summary>What is known to be contained in resources of a type. Only grows, as the lexicon does.</summary>
internal sealed class ContainedTypes
{
    private readonly ConcurrentDictionary<(TypeDefinition Type, long Term), bool> known = new();

    public bool Has(TypeDefinition type, long term) => known.ContainsKey((type, term));

    public void Add(TypeDefinition type, long term) => known[(type, term)] = true;
}

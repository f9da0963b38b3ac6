using System.Collections.Immutable;

using EventFhir.Core.Search;

namespace EventFhir.Postgres.Search;

/// <summary>Whether the statements are only planned, or carried out and measured as well.</summary>
public enum ExplainMode { Plan, Analyze }

/// <summary>How PostgreSQL carries out a search.</summary>
/// <param name="Clauses">What is searched as <see cref="QueryText"/> writes it, a line for each type.</param>
/// <param name="Statements">In the order in which they are tried.</param>
public sealed record SearchExplanation(ImmutableArray<string> Clauses, ImmutableArray<ExplainedStatement> Statements);

/// <param name="Use">When the search runs it.</param>
/// <param name="Sql">The text that is sent, with $1, $2 and so on for the parameters.</param>
/// <param name="Parameters">What $1, $2 and so on stand for; texts are quoted, arrays are in braces.</param>
/// <param name="Plan">The lines of EXPLAIN.</param>
public sealed record ExplainedStatement(string Use, string Sql, ImmutableArray<string> Parameters, ImmutableArray<string> Plan);

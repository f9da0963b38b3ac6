using System.Globalization;

using EventFhir.Postgres.Search;

namespace EventFhir.Server.Formats;

/// <summary>Writes how a search is carried out as a Parameters resource, which any FHIR client can show (docs/operations.md).</summary>
public static class ExplanationWriter
{
    public static ReadOnlyMemory<byte> Write(SearchExplanation explanation) => ParametersWriter.Write(
    [
        .. explanation.Clauses.Select(clauses => new ParametersEntry("clauses", clauses)),
        .. explanation.Statements.Select(EntryOf),
    ]);

    private static ParametersEntry EntryOf(ExplainedStatement statement) => new("statement",
    [
        new("use", statement.Use),
        new("sql", statement.Sql),
        .. statement.Parameters.Select((value, place) => new ParametersEntry(string.Create(CultureInfo.InvariantCulture, $"${place + 1}"), value)),
        .. statement.Plan.Select(line => new ParametersEntry("plan", line)),
    ]);
}

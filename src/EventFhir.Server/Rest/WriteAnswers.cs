using System.Collections.Immutable;

using EventFhir.Core;
using EventFhir.Core.Events;
using EventFhir.Core.Search.Parameters;
using EventFhir.Model.Definitions;
using EventFhir.Model.Validation;
using EventFhir.Postgres.Reading;
using EventFhir.Server.Daemon;
using EventFhir.Server.Formats;

namespace EventFhir.Server.Rest;

/// <summary>What becomes of the answer once a write has its outcome (R4 http.html#ops: Prefer).</summary>
public sealed class WriteAnswers(SearchDaemon daemon, ResourceReader reader, BaseUrl baseUrl)
{
    /// <param name="group">Of one command.</param>
    public async ValueTask<Answer> AnswerAsync(FhirRequest request, WriteGroup group, WriteOutcome outcome)
    {
        var command = group.Commands[0];
        await TakeUpAsync(request, command.Key.Type, [outcome]);
        var (key, version, lastUpdated, isNew) = outcome switch
        {
            WriteOutcome.Appended appended => (appended.Key, appended.Version, appended.LastUpdated, appended.IsNew),
            WriteOutcome.Unchanged unchanged => (unchanged.Key, unchanged.Version, unchanged.LastUpdated, false),
            _ => default,
        };
        if (outcome is WriteOutcome.Refused refused) return Answer.Of(refused.Refusal);
        if (!IsFor(command, key)) return Answer.Of(KeyOfAnother);
        var transaction = TransactionOf([outcome]);
        if (command.Content is not { } content) return AnswerDelete(request, version, lastUpdated) with { Transaction = transaction };

        var answer = new Answer(isNew ? 201 : 200, [])
        {
            Version = version,
            LastUpdated = lastUpdated,
            Transaction = transaction,
            Location = isNew ? baseUrl.OfVersion(request.Http.Request, key, version) : null,
        };
        return request.Prefer.Return switch
        {
            ReturnPreference.Minimal => answer,
            ReturnPreference.OperationOutcome =>
                answer with { Issues = Done($"The resource is {Word(outcome)}.") },
            // A repeated request gets the first answer, and that may be of another text under another id.
            _ when group.IdempotencyKey is not null && await reader.ReadVersionAsync(key, version, request.Aborted) is { } stored =>
                answer with { Body = [stored.Body] },
            _ => answer with { Body = VersionedBody.Of(content.Body, version, lastUpdated) },
        };
    }

    /// <summary>From here on no search may use what a SearchParameter defined before, nor miss what it defines now.</summary>
    /// <returns>The outcomes.</returns>
    public async ValueTask<ImmutableArray<WriteOutcome>> TakeUpAsync(
        FhirRequest request, TypeDefinition type, ImmutableArray<WriteOutcome> outcomes)
    {
        if (type.Name == CustomParameterReader.TypeName && outcomes.Any(static outcome => outcome is WriteOutcome.Appended))
            await daemon.TakeUpAsync(request.Aborted);
        return outcomes;
    }

    private static readonly Refusal KeyOfAnother = Refusal.Of(
        RefusalKind.Unprocessable, "business-rule", "This Idempotency-Key belongs to an earlier request for something else; nothing was done.");

    /// <summary>Null if nothing was written.</summary>
    public static Guid? TransactionOf(ImmutableArray<WriteOutcome> outcomes)
    {
        foreach (var outcome in outcomes)
            if (outcome is WriteOutcome.Appended { Transaction: { } transaction }) return transaction;
        return null;
    }

    public static string Word(WriteOutcome outcome) => outcome switch
    {
        WriteOutcome.Appended { IsNew: true } => "created",
        WriteOutcome.Appended => "updated",
        _ => "unchanged",
    };

    /// <summary>False if the outcome is that of an earlier request with the same Idempotency-Key, on another resource.</summary>
    private static bool IsFor(WriteCommand command, ResourceKey key) =>
        command.Kind is WriteKind.Create ? key.Type == command.Key.Type : key == command.Key;

    private static Answer AnswerDelete(FhirRequest request, long version, DateTimeOffset lastUpdated)
    {
        var answer = Answer.Empty(204);
        if (request.Prefer.Return is ReturnPreference.OperationOutcome)
            answer = answer with { Status = 200, Issues = Done($"The resource is {(version > 0 ? "deleted" : "not there, and was not")}.") };
        return version > 0 ? answer with { Version = version, LastUpdated = lastUpdated } : answer;
    }

    public static ImmutableArray<Issue> Done(string what) => [new Issue(IssueSeverity.Information, "informational", what, "")];
}

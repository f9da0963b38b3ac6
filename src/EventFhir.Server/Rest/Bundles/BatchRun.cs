using System.Collections.Immutable;

using EventFhir.Core;
using EventFhir.Core.Bundles;
using EventFhir.Model;
using EventFhir.Server.Formats;

namespace EventFhir.Server.Rest.Bundles;

/// <summary>Carries out the entries of a batch, each for itself, several at once.</summary>
public sealed class BatchRun(EntryDispatch dispatch)
{
    private static readonly Refusal TooLarge = Refusal.Of(
        RefusalKind.TooLarge, "too-costly", $"The answers to a Bundle may have {Limits.BundleAnswerBytesMax} bytes in all; ask for less at once.");

    /// <summary>Whether there is an interaction for the entry that changes nothing.</summary>
    public bool Reads(BundleEntry entry, string baseUrl) => dispatch.Reads(entry, baseUrl);

    public async ValueTask<Answer> AnswerAsync(FhirRequest request, BundleRequest bundle, Prefer prefer)
    {
        var answers = await AnswerAsync(request, bundle.Entries, prefer);
        return new Answer(200, BundleResponseWriter.Write("batch-response", answers));
    }

    /// <summary>One answer per entry, in their order.</summary>
    public async Task<Answer[]> AnswerAsync(FhirRequest request, ImmutableArray<BundleEntry> entries, Prefer prefer)
    {
        var answers = new Answer[entries.Length];
        var bytes = 0L;
        var options = new ParallelOptions { MaxDegreeOfParallelism = Limits.BatchEntriesAtOnceMax, CancellationToken = request.Aborted };
        await Parallel.ForAsync(0, entries.Length, options, async (place, _) =>
        {
            var answer = Interlocked.Read(ref bytes) > Limits.BundleAnswerBytesMax
                ? Answer.Of(TooLarge)
                : await dispatch.AnswerAsync(request.Http, entries[place], prefer);
            Interlocked.Add(ref bytes, answer.Body.Sum(static part => (long)part.Length));
            answers[place] = answer;
        });
        return answers;
    }
}

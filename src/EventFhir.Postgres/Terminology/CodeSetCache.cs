using System.Collections.Immutable;

using EventFhir.Core.Terminology;

namespace EventFhir.Postgres.Terminology;

/// <param name="Sources">What the codes were made from.</param>
/// <param name="States">Of each source: which resources have its URL, and their versions.</param>
internal sealed record CachedCodeSet(CodeSet Codes, ImmutableArray<SourceKey> Sources, ImmutableArray<string> States);

/// <summary>The answers used last, up to a number of codes. Safe for all threads.</summary>
internal sealed class CodeSetCache
{
    private const int CodesMax = 500_000;

    /// <summary>What an answer takes beside its codes, counted as codes.</summary>
    private const int AnswerCost = 10;
    private readonly Lock gate = new();
    private readonly Dictionary<CodeSetQuestion, LinkedListNode<(CodeSetQuestion Question, CachedCodeSet Answer)>> known = [];
    private readonly LinkedList<(CodeSetQuestion Question, CachedCodeSet Answer)> byUse = new();
    private int codes;

    public CachedCodeSet? Find(CodeSetQuestion question)
    {
        lock (gate)
        {
            if (!known.TryGetValue(question, out var node)) return null;
            byUse.Remove(node);
            byUse.AddFirst(node);
            return node.Value.Answer;
        }
    }

    public void Keep(CodeSetQuestion question, CachedCodeSet answer)
    {
        lock (gate)
        {
            if (known.TryGetValue(question, out var old)) Remove(old);
            known.Add(question, byUse.AddFirst((question, answer)));
            codes += CostOf(answer);
            while (codes > CodesMax && byUse.Last is { } last) Remove(last);
        }
    }

    private void Remove(LinkedListNode<(CodeSetQuestion Question, CachedCodeSet Answer)> node)
    {
        byUse.Remove(node);
        known.Remove(node.Value.Question);
        codes -= CostOf(node.Value.Answer);
    }

    private static int CostOf(CachedCodeSet answer) => answer.Codes.Codes.Length + AnswerCost;
}

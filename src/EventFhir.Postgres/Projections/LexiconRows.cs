using EventFhir.Core.Search.Indexing;

using Npgsql;

namespace EventFhir.Postgres.Projections;

/// <summary>The texts of the resources of one type in one append, each once. Kept and refilled; hot path, measured by create-observation.</summary>
internal sealed class LexiconRows(LexiconStatements statements)
{
    private readonly HashSet<long> seen = [];
    private readonly List<string> forms = [];
    private readonly ColumnBuffer parameters = new(ValueKind.Parameter);
    private readonly ColumnBuffer texts = new(ValueKind.Text);
    private readonly ColumnBuffer hashes = new(ValueKind.Hash);

    public bool IsEmpty => seen.Count == 0;

    public void Add(IndexEntries entries)
    {
        foreach (var entry in entries.Lexicon)
        {
            if (!seen.Add(entry.Hash)) continue;
            forms.Clear();
            entry.AddForms(forms);
            foreach (var form in forms)
            {
                parameters.Add(entry.Parameter);
                texts.Add(form);
                hashes.Add(entry.Hash);
            }
        }
    }

    public NpgsqlBatchCommand Insert() =>
        new(statements.Insert) { Parameters = { parameters.Parameter(), texts.Parameter(), hashes.Parameter() } };

    public void Clear()
    {
        seen.Clear();
        parameters.Clear();
        texts.Clear();
        hashes.Clear();
    }
}

namespace EventFhir.Core.Search;

/// <summary>The values of _summary (R4 search.html#summary).</summary>
public static class SummaryModes
{
    public const string Meaning = "_summary is true, text, data, count or false.";

    /// <summary>Null for what is no value of it.</summary>
    public static SummaryMode? Find(string value) => value switch
    {
        "false" => SummaryMode.None,
        "true" => SummaryMode.True,
        "text" => SummaryMode.Text,
        "data" => SummaryMode.Data,
        "count" => SummaryMode.Count,
        _ => null,
    };
}

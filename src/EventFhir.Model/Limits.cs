namespace EventFhir.Model;

/// <summary>Every limit of the server, in one place (docs/configuration.md). Each is tested and answered with a clear error.</summary>
public static class Limits
{
    /// <summary>The body of a request; a longer one is 413.</summary>
    public const int BodyBytesMax = 32 * 1024 * 1024;

    /// <summary>The body of a batch or transaction; a longer one is 413. Its entries are bounded by this alone.</summary>
    public const int BundleBytesMax = 64 * 1024 * 1024;

    /// <summary>Entries of one batch that are carried out at the same time.</summary>
    public const int BatchEntriesAtOnceMax = 16;

    /// <summary>What the entries of one batch or transaction answer together; the entries after that are 413.</summary>
    public const int BundleAnswerBytesMax = 256 * 1024 * 1024;

    public const int PageSizeDefault = 20;
    public const int PageSizeMax = 1_000;

    /// <summary>The URL of a request; a longer one is 414. Long enough for the links of a search with the most values there can be.</summary>
    public const int RequestLineBytesMax = 256 * 1024;

    /// <summary>All headers of a request together; more is 431.</summary>
    public const int HeaderBytesMax = 32 * 1024;

    public const int HeaderCountMax = 100;

    /// <summary>An Idempotency-Key; a longer one is 400.</summary>
    public const int IdempotencyKeyLengthMax = 200;

    /// <summary>Characters of an actor, a reason or a purpose in X-Provenance; longer ones are 400.</summary>
    public const int ProvenanceTextMax = 500;

    /// <summary>Transactions of one batch of the feed that may come after a position which a search is as of.</summary>
    public const int MomentTransactionsMax = 100_000;

    /// <summary>How long a conditional request is tried again while others keep changing what it depends on.</summary>
    public static readonly TimeSpan ConditionTimeMax = TimeSpan.FromSeconds(20);

    /// <summary>Resources that one conditional delete may remove.</summary>
    public const int ConditionalDeletesMax = 1_000;

    /// <summary>Operations of one patch.</summary>
    public const int PatchOperationsMax = 1_000;

    /// <summary>Operations of a FHIRPath patch times the bytes of the resource, which each of them reads.</summary>
    public const long PatchWorkBytesMax = 256L << 20;

    /// <summary>Steps of evaluating one path of a patch.</summary>
    public const int PatchStepsMax = 100_000;

    /// <summary>The path of an operation of an XML Patch.</summary>
    public const int PatchSelectorCharactersMax = 1_024;

    /// <summary>How long a client may take to send its headers.</summary>
    public static readonly TimeSpan HeaderTimeMax = TimeSpan.FromSeconds(15);

    public static readonly TimeSpan IdleConnectionTimeMax = TimeSpan.FromSeconds(130);

    /// <summary>How long a server that stops waits for the requests under way.</summary>
    public static readonly TimeSpan DrainTimeMax = TimeSpan.FromSeconds(30);

    /// <summary>Requests with Prefer: respond-async on one node: under way, waiting, or with an answer that is kept.</summary>
    public const int DeferredRequestsMax = 100;

    /// <summary>Those of them that are carried out at the same time.</summary>
    public const int DeferredAtOnceMax = 4;

    /// <summary>Their bodies and answers together.</summary>
    public const long DeferredBytesMax = 256L << 20;

    /// <summary>How long such an answer is kept.</summary>
    public static readonly TimeSpan DeferredAnswerTimeMax = TimeSpan.FromHours(1);

    /// <summary>Parameters of one search.</summary>
    public const int SearchParametersMax = 100;

    /// <summary>Values of one search parameter, separated by commas.</summary>
    public const int SearchValuesMax = 1_000;

    /// <summary>References that a chain or _has follows.</summary>
    public const int ChainDepthMax = 5;

    /// <summary>Types that the untyped chains of one search may lead through, together.</summary>
    public const int ChainBranchesMax = 500;

    /// <summary>The values that the SQL of a search may have, each as often as it is written there (PostgreSQL takes 65,535).</summary>
    public const int SearchStatementValuesMax = 60_000;

    /// <summary>A _filter, as it is after decoding.</summary>
    public const int FilterCharactersMax = 8_192;

    /// <summary>Parentheses and brackets of a _filter nest this deep.</summary>
    public const int FilterDepthMax = 20;

    /// <summary>Comparisons of a _filter.</summary>
    public const int FilterTestsMax = 100;

    /// <summary>Rounds of _include:iterate and _revinclude:iterate.</summary>
    public const int IncludeDepthMax = 5;

    /// <summary>How far "near" reaches where the search does not say.</summary>
    public const int NearDistanceDefaultMetres = 50_000;

    /// <summary>Words in one value of _text or _content.</summary>
    public const int TextQueryWordsMax = 100;

    /// <summary>Parentheses of a value of _text or _content nest this deep.</summary>
    public const int TextQueryDepthMax = 20;

    /// <summary>Codes of a value set, or those above or below a code.</summary>
    public const int ExpansionCodesMax = 100_000;

    /// <summary>Concepts that one expansion looks at.</summary>
    public const int TerminologyConceptsMax = 2_000_000;

    /// <summary>Value sets and code systems that one expansion needs.</summary>
    public const int TerminologySourcesMax = 100;

    /// <summary>Value sets that import value sets that import value sets.</summary>
    public const int ValueSetDepthMax = 10;

    /// <summary>Different value sets and codes with :in, :not-in, :above and :below in one search.</summary>
    public const int TerminologyQuestionsMax = 50;

    /// <summary>Keys of _sort.</summary>
    public const int SortKeysMax = 10;

    /// <summary>Types that the chained keys of one _sort may lead to, together.</summary>
    public const int SortBranchesMax = 50;

    /// <summary>Resources that $meta of a type or of the system looks at for their labels.</summary>
    public const int MetaResourcesMax = 200_000;

    /// <summary>Resources that a page may include beside its matches.</summary>
    public const int IncludedResourcesMax = 10_000;

    /// <summary>Resources that are read for a page of contained ones, or to count them.</summary>
    public const int ContainersMax = 10_000;

    /// <summary>How long the database may work on a search.</summary>
    public static readonly TimeSpan SearchTimeMax = TimeSpan.FromSeconds(30);

    /// <summary>Objects and arrays of a resource, and elements of its XML, nest this deep; deeper is 400.</summary>
    public const int DepthMax = 64;

    /// <summary>Resources contained in one: rules compare them with references, so their number is bounded.</summary>
    public const int ContainedResourcesMax = 1_000;

    /// <summary>R4 datatypes.html#string: "strings SHALL NOT exceed 1MB (1024*1024 characters) in size".</summary>
    public const int StringCharactersMax = 1024 * 1024;

    /// <summary>R4 asks for at least 18 digits; this many keep arithmetic and PostgreSQL's numeric safe.</summary>
    public const int DecimalDigitsMax = 256;

    public const int DecimalExponentMax = 999;

    /// <summary>Elements of a narrative.</summary>
    public const int NarrativeDepthMax = 128;

    /// <summary>Issues that are reported of one resource: more help nobody, the first stand for the rest.</summary>
    public const int IssuesMax = 100;

    /// <summary>A regular expression in FHIRPath.</summary>
    public const int PatternCharactersMax = 1_000;

    /// <summary>A FHIRPath expression.</summary>
    public const int ExpressionCharactersMax = 65_536;

    /// <summary>What the versions of a resource may be together for an evidence pack.</summary>
    public const long EvidenceBytesMax = 256L * 1024 * 1024;

    /// <summary>Jobs of $reindex that are not done.</summary>
    public const int ReindexJobsMax = 10;

    /// <summary>Jobs that are shown after they are done.</summary>
    public const int ReindexJobsKept = 20;

    /// <summary>Search parameters that clients define.</summary>
    public const int CustomParametersMax = 100;

    /// <summary>The expression of such a parameter.</summary>
    public const int CustomExpressionCharactersMax = 4_096;

    /// <summary>Steps of its evaluation on one resource; beyond it the resource has no value for the parameter.</summary>
    public const int CustomExpressionStepsMax = 100_000;

    /// <summary>Steps of the evaluation of one FHIRPath expression.</summary>
    public const int ExpressionStepsMax = 10_000_000;

    /// <summary>Events on a page of the feed; a transaction that is larger comes whole all the same.</summary>
    public const int FeedPageMax = 1_000;

    /// <summary>Resources that a reader of the feed may name.</summary>
    public const int FeedResourcesMax = 100;

    /// <summary>Parts into which the feed may be split.</summary>
    public const int FeedShardsMax = 256;

    /// <summary>How long a request may wait for an event, or for a position.</summary>
    public static readonly TimeSpan FeedWaitMax = TimeSpan.FromSeconds(60);

    /// <summary>The body of a request to a group; a longer one is 413.</summary>
    public const int FeedGroupBodyBytesMax = 64 * 1024;

    /// <summary>The name of a consumer of a group.</summary>
    public const int FeedConsumerCharactersMax = 200;

    /// <summary>How long a consumer of a group may have a shard without saying anything.</summary>
    public static readonly TimeSpan FeedLeaseMax = TimeSpan.FromHours(1);
}

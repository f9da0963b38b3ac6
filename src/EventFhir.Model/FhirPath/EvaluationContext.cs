using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;

namespace EventFhir.Model.FhirPath;

/// <summary>Finds what a reference or canonical URL points to; null if it is not at hand.</summary>
public delegate Element? ReferenceResolver(string reference);

/// <summary>True if the code, Coding or CodeableConcept is in the value set; null if that cannot be known.</summary>
public delegate bool? MembershipTest(FhirPathValue code, string valueSet);

/// <summary>True if the resource conforms to the profile; null if the profile is unknown.</summary>
public delegate bool? ConformanceTest(Element resource, string profile);

/// <summary>True if the first concept subsumes the second; null if that cannot be known.</summary>
public delegate bool? SubsumptionTest(FhirPathValue general, FhirPathValue specific);

/// <summary>Receives what <c>trace()</c> reports.</summary>
public delegate void TraceSink(string name, IReadOnlyList<FhirPathValue> values);

/// <summary>What surrounds an evaluation. Immutable: one may serve many evaluations and threads.</summary>
public sealed record EvaluationContext
{
    public static EvaluationContext Default { get; } = new();

    /// <summary>The answer to now(), today() and timeOfDay(); without it these are errors, for the model has no clock.</summary>
    public DateTimeOffset? Now { get; init; }

    /// <summary>%resource; by default the resource nearest around the focus.</summary>
    public Element? Resource { get; init; }

    /// <summary>%rootResource; by default the resource that contains <see cref="Resource"/>, or itself.</summary>
    public Element? RootResource { get; init; }

    /// <summary>Further % variables by name, without the percent sign.</summary>
    public IReadOnlyDictionary<string, FhirPathValue[]> Variables { get; init; } = new Dictionary<string, FhirPathValue[]>();

    /// <summary>Asked by resolve() for what is neither contained nor an entry of the same Bundle.</summary>
    public ReferenceResolver? Resolver { get; init; }
    public MembershipTest? MemberOf { get; init; }
    public ConformanceTest? ConformsTo { get; init; }
    public SubsumptionTest? Subsumes { get; init; }
    public TraceSink? Trace { get; init; }

    /// <summary>After so many steps (items made or looked at) an evaluation ends with an error; about 50 million a second.</summary>
    public int StepsMax { get; init; } = Limits.ExpressionStepsMax;
}

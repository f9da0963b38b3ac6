using EventFhir.Model.Definitions;

namespace EventFhir.Model.FhirPath.Operations;

/// <summary>A type name with its meaning in a release: a FHIR type, a System type, or for an unqualified name such as Quantity either.</summary>
internal sealed record ResolvedType(TypeDefinition? Fhir, FhirPathKind System)
{
    /// <summary>Null if there is no such type.</summary>
    public static ResolvedType? Of(TypeSpecifier specifier, Release release)
    {
        var fhir = specifier.Namespace is null or "FHIR" ? release.FindType(specifier.Name) : null;
        var system = specifier.Namespace is null or "System" ? SystemKind(specifier.Name) : FhirPathKind.None;
        return fhir is null && system is FhirPathKind.None && specifier.Namespace is not "System" ? null : new ResolvedType(fhir, system);
    }

    /// <summary>The type itself or one derived from it.</summary>
    public bool Includes(FhirPathValue value) =>
        value.IsElement ? Fhir is not null && value.Element.Type.Is(Fhir) : value.Kind == System && !value.IsNone;

    /// <summary>
    /// For as and ofType a primitive must have exactly the type, as the official suite has it: value.as(string) does not give a code. Other types
    /// include those derived from them.
    /// </summary>
    public bool Selects(FhirPathValue value) => value.IsElement && value.Element.Type.IsPrimitive
        ? ReferenceEquals(value.Element.Type, Fhir)
        : Includes(value);

    private static FhirPathKind SystemKind(string name) => name switch
    {
        "Boolean" => FhirPathKind.Boolean,
        "String" => FhirPathKind.String,
        "Integer" => FhirPathKind.Integer,
        "Long" => FhirPathKind.Long,
        "Decimal" => FhirPathKind.Decimal,
        "Date" => FhirPathKind.Date,
        "DateTime" => FhirPathKind.DateTime,
        "Time" => FhirPathKind.Time,
        "Quantity" => FhirPathKind.Quantity,
        _ => FhirPathKind.None,
    };
}

internal sealed class IsType(Operation source, ResolvedType type) : Condition
{
    public override Truth Test(Evaluation evaluation)
    {
        var value = source.One(evaluation);
        return value.IsNone ? Truth.Empty : Of(type.Includes(value));
    }
}

/// <summary>
/// ofType() and, with the same effect, as: R4's own rules apply as() to collections (dom-3: %resource.descendants().as(canonical)), and its search
/// parameters do so with the operator, so here as filters too instead of refusing several items.
/// </summary>
internal sealed class OfType(Operation source, ResolvedType type) : Operation
{
    public override void Run(Evaluation evaluation)
    {
        var start = evaluation.Count;
        source.Run(evaluation);
        var kept = start;
        for (var at = start; at < evaluation.Count; at++)
            if (type.Selects(evaluation[at])) evaluation[kept++] = evaluation[at];
        evaluation.Truncate(kept);
    }
}

namespace EventFhir.Model.Validation;

public enum IssueSeverity { Fatal, Error, Warning, Information }

/// <summary>One finding about a resource: the content of an OperationOutcome.issue (R4 operationoutcome.html).</summary>
/// <param name="Code">A code of http://hl7.org/fhir/issue-type: "structure", "required", "value", "invariant", "code-invalid", …</param>
/// <param name="Diagnostics">What is wrong and what would be right; never an echo of patient data.</param>
/// <param name="Expression">The FHIRPath location: "Observation.component[1].value.unit".</param>
/// <param name="Line">1-based line in the JSON text; 0 where there is none.</param>
/// <param name="Column">1-based column in bytes; 0 where there is none.</param>
public sealed record Issue(IssueSeverity Severity, string Code, string Diagnostics, string Expression, int Line = 0, int Column = 0)
{
    public bool IsError => Severity is IssueSeverity.Fatal or IssueSeverity.Error;
}

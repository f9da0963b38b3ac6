using System.Collections.Immutable;

using EventFhir.Core.Search;
using EventFhir.Model.Definitions;

namespace EventFhir.Core.Conditions;

/// <summary>The search of a conditional interaction as the client sent it: "Patient?identifier=s|1", decoded.</summary>
public sealed record CriteriaText(TypeDefinition Type, ImmutableArray<QueryParameter> Parameters);

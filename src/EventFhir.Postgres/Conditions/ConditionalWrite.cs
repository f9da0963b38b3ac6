using System.Collections.Immutable;

using EventFhir.Core;
using EventFhir.Core.Conditions;
using EventFhir.Core.Events;

namespace EventFhir.Postgres.Conditions;

/// <summary>A write that depends on what some criteria find: one of a conditional interaction, any number of a bundle.</summary>
/// <param name="BaseUrl">The base of this server without final slash, as search has it.</param>
/// <param name="Now">For approximate dates.</param>
/// <param name="MatchesMax">More matches of one of the criteria than these are not looked for: 2 tell one from several.</param>
/// <param name="Plan">Makes the group from what each of the criteria found. It may be called again if others get in between. A group without
/// commands says that nothing has to be written.</param>
public sealed record ConditionalWrite(
    ImmutableArray<CriteriaText> Criteria, string BaseUrl, DateTimeOffset Now, int MatchesMax, Func<CriteriaMatches, Outcome<WriteGroup>> Plan);

/// <summary>What became of a conditional write.</summary>
/// <param name="Outcomes">One per command of the group.</param>
public sealed record ConditionalOutcome(CriteriaMatches Found, WriteGroup Group, ImmutableArray<WriteOutcome> Outcomes);

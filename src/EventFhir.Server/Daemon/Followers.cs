using System.Collections.Immutable;

using EventFhir.Postgres.Following;
using EventFhir.Postgres.Proof;

namespace EventFhir.Server.Daemon;

/// <summary>Everything that a server keeps by following the feed.</summary>
internal static class Followers
{
    public static readonly TimeSpan CheckpointInterval = TimeSpan.FromSeconds(1);

    public static ImmutableArray<Follower> Of(EventFhirOptions options, LogSigners signers) =>
        [new TreeIntegrator(options.Release, signers, CheckpointInterval).Follower];
}

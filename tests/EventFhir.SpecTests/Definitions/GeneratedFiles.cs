using EventFhir.Generator;
using EventFhir.Tests;

using Xunit;

namespace EventFhir.SpecTests.Definitions;

public sealed class GeneratedFiles
{
    [Fact]
    public void What_is_committed_is_what_the_official_packages_give()
    {
        _ = (OfficialPackages.R4Examples, OfficialPackages.R4BCore, OfficialPackages.R5Core);
        var generation = new Generation(OfficialPackages.Root);
        generation.Run(Stale.Report, only: null);
        Assert.Empty(generation.Notes);
        Assert.True(generation.StaleFiles.Count == 0, $"Run ./eng/generate and commit: {string.Join(", ", generation.StaleFiles)}");
    }
}

using System.Text.RegularExpressions;

using Xunit;

namespace EventFhir.TidyTests;

/// <summary>Documentation that is wrong is worse than none: what can be checked, is.</summary>
public sealed class Documentation
{
    private static readonly Source Pages = Source.Under("", ".md");

    [Fact]
    public void Links_lead_somewhere()
    {
        var broken = from page in Pages.Files
                     from Match match in Regex.Matches(page.Text, @"\]\((?!https?:|mailto:|#)([^)#\s]+)(#[^)]*)?\)")
                     let target = Path.Combine(Source.Root, Path.GetDirectoryName(page.Path)!, match.Groups[1].Value)
                     where !File.Exists(target) && !Directory.Exists(target)
                     select $"{page.Path}: {match.Groups[1].Value}";
        Source.Report(broken, "These links lead nowhere:");
    }

    [Fact]
    public void Code_references_exist()
    {
        var broken = from page in Pages.Files
                     where !page.Path.StartsWith("docs/changelog", StringComparison.Ordinal)
                     from Match match in Regex.Matches(page.Text, "`((src|tests|eng|docs)/[A-Za-z0-9_./-]+)`")
                     let target = Path.Combine(Source.Root, match.Groups[1].Value)
                     where !File.Exists(target) && !Directory.Exists(target)
                     select $"{page.Path}: {match.Groups[1].Value}";
        Source.Report(broken, "These pages name files that do not exist:");
    }

    [Fact]
    public void The_readme_leads_to_every_page()
    {
        var linked = string.Join('\n', Pages.Files.Select(page => page.Text));
        var lost = Source.Under("docs", ".md").Files
            .Select(page => page.Path)
            .Where(path => !linked.Contains(Path.GetFileName(path), StringComparison.Ordinal));
        Source.Report(lost, "No page links to these; add them to docs/README.md:");
    }

    [Fact]
    public void Decisions_are_numbered_without_gaps()
    {
        var numbers = Source.Under("docs/adr", ".md").Files
            .Select(page => Regex.Match(page.Path, @"adr/(\d{4})-"))
            .Where(match => match.Success)
            .Select(match => int.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture))
            .ToList();
        Assert.NotEmpty(numbers);
        Assert.Equal(Enumerable.Range(1, numbers.Count), numbers);
    }

    [Fact]
    public void Every_limit_is_documented()
    {
        var limits = Regex.Matches(File.ReadAllText(Path.Combine(Source.Root, "src/EventFhir.Model/Limits.cs")), @"public (?:const \w+|static readonly \w+) (\w+)")
            .Select(match => match.Groups[1].Value);
        var page = File.ReadAllText(Path.Combine(Source.Root, "docs/configuration.md"));
        Source.Report(limits.Where(limit => !page.Contains(limit, StringComparison.Ordinal)), "Say in docs/configuration.md what these limits are:");
    }
}

using System.Text.Json;
using System.Xml.Linq;

using Xunit;

namespace EventFhir.TidyTests;

/// <summary>Where things belong: docs/architecture.md, as tests.</summary>
public sealed class Layout
{
    private static readonly string[] TopLevel =
        ["Directory.Packages.props", "EventFhir.sln", "LICENSE", "README.md", "compose.yaml", "docs", "eng", "src", "tests"];

    private static readonly Dictionary<string, string[]> MayReference = new(StringComparer.Ordinal)
    {
        ["src/EventFhir.Model"] = [],
        ["src/EventFhir.Core"] = ["EventFhir.Model"],
        ["src/EventFhir.Postgres"] = ["EventFhir.Core"],
        ["src/EventFhir.Server"] = ["EventFhir.Postgres"],
        ["eng/EventFhir.Generator"] = ["EventFhir.Model"],
    };

    public static TheoryData<string> Projects => [.. MayReference.Keys];

    [Fact]
    public void The_top_level_is_fixed()
    {
        var visible = Directory.EnumerateFileSystemEntries(Source.Root)
            .Select(path => Path.GetFileName(path)!)
            .Where(name => !name.StartsWith('.'))
            .Order(StringComparer.Ordinal);
        Assert.Equal(TopLevel, visible);
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void References_point_one_way(string project)
    {
        var referenced = References(project, "ProjectReference").Select(path => Path.GetFileNameWithoutExtension(path.Replace('\\', '/')));
        Assert.Equal(MayReference[project], referenced);
    }

    [Fact]
    public void There_are_no_other_source_projects() =>
        Assert.Equal(
            MayReference.Keys.Where(path => path.StartsWith("src/", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
            Directory.EnumerateDirectories(Path.Combine(Source.Root, "src")).Select(path => $"src/{Path.GetFileName(path)}")
                .Order(StringComparer.Ordinal));

    [Fact]
    public void Each_package_is_referenced_by_one_source_project()
    {
        var shared = MayReference.Keys.SelectMany(project => References(project, "PackageReference"))
            .GroupBy(package => package, StringComparer.Ordinal)
            .Where(uses => uses.Count() > 1)
            .Select(uses => uses.Key);
        Source.Report(shared, "Reference a package from one project and put what others need of it behind that project's own types:");
    }

    [Fact]
    public void Every_project_has_a_lock_file()
    {
        var unlocked = Directory.EnumerateFiles(Source.Root, "*.csproj", SearchOption.AllDirectories)
            .Where(path => !File.Exists(Path.Combine(Path.GetDirectoryName(path)!, "packages.lock.json")));
        Source.Report(unlocked, "Commit packages.lock.json beside the project, so that every machine restores the same bytes:");
    }

    [Fact]
    public void Lock_files_are_valid_json()
    {
        foreach (var path in Directory.EnumerateFiles(Source.Root, "packages.lock.json", SearchOption.AllDirectories))
            using (var json = JsonDocument.Parse(File.ReadAllBytes(path)))
                Assert.True(json.RootElement.TryGetProperty("dependencies", out _), path);
    }

    [Fact]
    public void Source_files_stay_short()
    {
        var long400 = Source.Under("src").Files
            .Select(file => (file.Path, Lines: file.Text.Count(c => c == '\n')))
            .Where(file => file.Lines > 400)
            .Select(file => $"{file.Path}: {file.Lines} lines");
        Source.Report(long400, "A file over 400 lines holds a second concept: find it and give it a file of its own.");
    }

    [Fact]
    public void Lines_fit_the_screen()
    {
        // A test may keep a JSON sample or a row of a table on one line.
        var wide = from file in Source.Under("src").Files.Concat(Source.Under("eng").Files).Concat(Source.Under("tests").Files)
                   let max = file.Path.StartsWith("tests/", StringComparison.Ordinal) ? 300 : 150
                   from line in file.Text.Split('\n').Select((text, index) => (text.Length, Number: index + 1))
                   where line.Length > max
                   select $"{file.Path}:{line.Number}: {line.Length} characters";
        Source.Report(wide, "Break lines at 150 characters (tests: 300):");
    }

    [Fact]
    public void Each_migration_has_a_number_of_its_own()
    {
        var names = Directory.EnumerateFiles(Path.Combine(Source.Root, "src/EventFhir.Postgres/Sql/Migrations"))
            .Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal).ToList();
        var wrong = names.Where((name, index) => !name.StartsWith($"{index + 1:0000}_", StringComparison.Ordinal));
        Source.Report(wrong, "Migrations are numbered from 0001 on without gaps, each number once; give the newest one the next free number:");
    }

    [Fact]
    public void Namespaces_follow_folders()
    {
        var strays = from file in Source.Under("src").Files
                     where !file.Path.EndsWith("/Program.cs", StringComparison.Ordinal)
                     let expected = Path.GetDirectoryName(file.Path)!["src/".Length..].Replace('/', '.')
                     where !file.Text.Contains($"namespace {expected};", StringComparison.Ordinal)
                     select $"{file.Path}: expected namespace {expected}";
        Source.Report(strays, "The namespace of a file is its folder:");
    }

    private static IEnumerable<string> References(string project, string kind) =>
        XDocument.Load(Path.Combine(Source.Root, project, $"{Path.GetFileName(project)}.csproj"))
            .Descendants(kind)
            .Select(reference => reference.Attribute("Include")!.Value);
}

using System.Diagnostics;
using System.Text.Json.Nodes;
using EventFhir.Generator.Curation;

namespace EventFhir.Generator;

/// <summary>What a run may do with a file that is not as it should be.</summary>
public enum Stale { Write, Report }

/// <summary>The pipeline of docs/definitions.md on a checkout of the repository.</summary>
public sealed class Generation(string root)
{
    private readonly List<string> stale = [];
    private readonly List<string> notes = [];

    /// <summary>The files, relative to the root, that were not fresh.</summary>
    public IReadOnlyList<string> StaleFiles => stale;

    /// <summary>What could not be looked at, and why.</summary>
    public IReadOnlyList<string> Notes => notes;

    /// <param name="only">The name of the one release to run for; null for all.</param>
    public void Run(Stale handling, string? only)
    {
        var numbers = new ResourceTypeNumbers(ReadOrEmpty("eng/definitions/resource-types.json"));
        foreach (var release in Rows.Read<CuratedRelease>(File.ReadAllText(Path("eng/definitions/releases.json"))))
        {
            if (only is not null && release.Release != only) continue;
            if (PackageOf(release) is { } package) Curate(release, package, handling);
            else notes.Add($"{release.Package} cannot be had, so {Folder(release)} was not compared with it.");
            var model = Curated(release);
            SearchParameterCuration.Require(model);
            numbers.Register(model.Types);
            var tables = $"src/EventFhir.Model/Generated/{release.Release}.tables";
            numbers.RequireAgreement(File.Exists(Path(tables)) ? File.ReadAllText(Path(tables)) : "");
            Settle(tables, TableWriter.Write(model, numbers), handling);
        }
        Settle("eng/definitions/resource-types.json", numbers.ToJson(), handling);
        if (only is null) Units(handling);
    }

    private void Units(Stale handling)
    {
        var folder = Path($".cache/npm/{UcumTable.Package}-{UcumTable.PackageVersion}/package");
        if (!Directory.Exists(folder)) Fetch(UcumTable.Package);
        if (Directory.Exists(folder)) Settle("src/EventFhir.Model/Generated/ucum.tables", UcumTable.Write(folder), handling);
        else notes.Add($"{UcumTable.Package} cannot be had, so the table of units was not compared with it.");
    }

    private void Curate(CuratedRelease release, DefinitionPackage package, Stale handling)
    {
        var corrections = new Corrections(File.ReadAllText(Path("eng/definitions/corrections.json")));
        var types = new TypeCuration(package);
        Rewrite("types.json", types.Types);
        // Once before the corrections, so that they name one row instead of one for each type, and once after them.
        var inheritance = new Inheritance(types.Types);
        var elements = inheritance.WithoutInherited([.. types.Elements]);
        var corrected = corrections.Apply(release.Release, "elements.json", elements.Select(Rows.ToJson)).Select(Rows.FromJson<CuratedElement>);
        Keep("elements.json", inheritance.WithoutInherited([.. corrected]).Select(Rows.ToJson));
        Rewrite("invariants.json", types.Invariants);
        Rewrite("code-lists.json", new CodeListCuration(package).Rows(types.Elements));
        Rewrite("search-parameters.json", new SearchParameterCuration(types.Types, types.Elements).Rows(package));
        Rewrite("compartments.json", CompartmentCuration.Rows(package));
        Rewrite("operations.json", OperationCuration.Rows(package));

        void Rewrite<T>(string file, IEnumerable<T> rows) => Keep(file, corrections.Apply(release.Release, file, rows.Select(Rows.ToJson)));
        void Keep(string file, IEnumerable<JsonObject> rows) => Settle($"{Folder(release)}/{file}", Rows.Write(rows), handling);
    }

    private CuratedModel Curated(CuratedRelease release)
    {
        return new CuratedModel(
            release,
            Read<CuratedType>("types.json"),
            Read<CuratedElement>("elements.json"),
            Read<CuratedInvariant>("invariants.json"),
            Read<CuratedCodeList>("code-lists.json"),
            Read<CuratedSearchParameter>("search-parameters.json"),
            Read<CuratedCompartmentEntry>("compartments.json"),
            Read<CuratedOperation>("operations.json"));

        IReadOnlyList<T> Read<T>(string file) => Rows.Read<T>(ReadOrEmpty($"{Folder(release)}/{file}"));
    }

    private DefinitionPackage? PackageOf(CuratedRelease release)
    {
        var folder = Path($".cache/npm/{release.Package}-{release.PackageVersion}/package");
        if (!Directory.Exists(folder)) Fetch(release.Package);
        return Directory.Exists(folder) ? new DefinitionPackage(folder) : null;
    }

    private void Fetch(string package)
    {
        using var fetch = Process.Start(new ProcessStartInfo("bash", [Path("eng/packages"), package]) { UseShellExecute = false });
        fetch?.WaitForExit();
    }

    private void Settle(string file, string content, Stale handling)
    {
        if (File.Exists(Path(file)) && File.ReadAllText(Path(file)) == content) return;
        stale.Add(file);
        if (handling is Stale.Report) return;
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path(file))!);
        File.WriteAllText(Path(file), content);
    }

    private string ReadOrEmpty(string file) => File.Exists(Path(file)) ? File.ReadAllText(Path(file)) : "[]";

    private static string Folder(CuratedRelease release) => $"eng/definitions/{release.Release.ToLowerInvariant()}";

    private string Path(string relative) => System.IO.Path.Combine(root, relative);
}

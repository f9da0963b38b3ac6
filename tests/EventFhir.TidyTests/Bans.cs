using System.Text.RegularExpressions;

using Xunit;

namespace EventFhir.TidyTests;

/// <summary>What the code does not do, each with what it does instead. The reasons are in docs/contributing.md.</summary>
public sealed class Bans
{
    private static readonly Source Everything = Source.Under("src");

    [Fact]
    public void Model_and_Core_never_await() =>
        Source.Under("src/EventFhir.Model").Bans(@"\bawait\b|\basync\b", "Model is pure: move the I/O to EventFhir.Postgres or EventFhir.Server.");

    [Fact]
    public void Core_never_awaits() =>
        Source.Under("src/EventFhir.Core").Bans(@"\bawait\b|\basync\b", "Core is pure: move the I/O to EventFhir.Postgres or EventFhir.Server.");

    [Fact]
    public void Pure_projects_touch_no_outside_world() =>
        Source.Under("src/EventFhir.Core").Bans(
            @"\bFile\.|\bDirectory\.|\bConsole\.|\bEnvironment\.|HttpClient|TimeProvider\b",
            "Core decides, it does not act: pass what it needs in as a value.");

    [Fact]
    public void Nobody_reads_the_clock() =>
        Everything.Bans(@"DateTime(Offset)?\.(Utc)?(Now|Today)\b", "Take the time from a TimeProvider at the edge and pass it on as a value.");

    [Fact]
    public void Nobody_blocks_a_thread() =>
        Everything.Bans(@"Thread\.Sleep|\.GetAwaiter\(\)\.GetResult\(\)|\.Wait\(\)", "Await it.");

    [Fact]
    public void Sql_stays_home() =>
        Source.Under("src").Except("src/EventFhir.Postgres").Bans(
            "\"\\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH|CREATE TABLE)\\s|\"\\s*(select|insert into|delete from|create table)\\s",
            "Put SQL into EventFhir.Postgres: fixed statements as files under Sql/, built ones through SqlWriter.");

    [Fact]
    public void Sql_is_never_interpolated() =>
        Source.Under("src/EventFhir.Postgres").Bans(
            @"(CommandText\s*=|CreateCommand\(|NpgsqlCommand\(|NpgsqlBatchCommand\()\s*\$", "Pass values as parameters, and build names through SqlWriter.");

    [Fact]
    public void Nobody_writes_to_the_console_but_the_command_line() =>
        Everything.Except("src/EventFhir.Server/Cli", "src/EventFhir.Server/Program.cs").Bans(@"\bConsole\.", "Log through Log.cs, or return a value to the command.");

    [Fact]
    public void Nothing_is_left_for_later() =>
        Everything.Bans("NotImplementedException|NotSupportedException\\(\\)", "Build it, or refuse the request with a clear Refusal.");

    [Fact]
    public void No_comment_promises_work()
    {
        var found = from file in Everything.Files
                    where Regex.IsMatch(file.Text, @"\b(TODO|FIXME|HACK|XXX)\b")
                    select file.Path;
        Source.Report(found, "Do it now, or say so in an issue:");
    }

    [Fact]
    public void No_test_is_skipped() =>
        Source.Under("tests").Except("tests/EventFhir.TidyTests").Bans(
            "Skip\\s*=\\s*\"|Assert\\.Skip", "A test that cannot run is a failure; delete it or mend it.");

    [Fact]
    public void Names_say_what_a_thing_is() =>
        Everything.Bans(
            @"\b(class|record|struct|interface)\s+\w*(Manager|Helpers?|Util(s|ities)?|Impl|Service)\b",
            "Name it after what it is in the domain: FeedReader, not FeedService.");

    [Fact]
    public void Nobody_reflects() =>
        Everything.Bans(@"Activator\.CreateInstance|\.GetMethod\(|\.GetProperty\(""[A-Z]|dynamic\s+\w+\s*=", "Use the tables or a delegate.");

    [Fact]
    public void Classes_are_sealed()
    {
        var open = from file in Everything.Files
                   from Match match in Regex.Matches(file.Text, @"^\s*(public|internal|private|file)\s+((readonly|partial|unsafe)\s+)*(class|record)\s+(?!struct)(\w+)", RegexOptions.Multiline)
                   select $"{file.Path}: {match.Value.Trim()}";
        Source.Report(open, "Seal it, or make it abstract if it is a closed family:");
    }

    [Fact]
    public void Interfaces_mark_a_real_choice()
    {
        var text = string.Join('\n', Everything.Files.Select(file => file.Text));
        var single = from Match match in Regex.Matches(text, @"\binterface\s+(I[A-Z]\w*)")
                     let name = match.Groups[1].Value
                     where Regex.Count(text, $@"(class|record|struct)\s+\w+(<[^>]*>)?(\([^)]*\))?\s*:[^{{;]*\b{name}\b") < 2
                     select name;
        Source.Report(single, "An interface with one implementation is a class; use the class:");
    }

    [Fact]
    public void Resource_types_are_data()
    {
        // These types carry the protocol itself, so code must know them by name.
        string[] protocol =
        [
            "Binary", "Bundle", "CapabilityStatement", "DomainResource", "List", "OperationOutcome", "Parameters", "Provenance", "Resource",
            "SearchParameter", "StructureDefinition", "TerminologyCapabilities",
        ];
        var registry = File.ReadAllText(Path.Combine(Source.Root, "eng/definitions/resource-types.json"));
        var names = Regex.Matches(registry, "\"([A-Z][A-Za-z]+)\"").Select(match => match.Groups[1].Value).Except(protocol, StringComparer.Ordinal);
        Everything.Bans($"\"({string.Join('|', names)})\"", "Engines read the tables; a resource type's name in code is a rule that belongs into the definitions.");
    }

    [Fact]
    public void Log_ids_are_unique_within_a_project()
    {
        var twice = from file in Everything.Files
                    from Match match in Regex.Matches(file.Text, @"\[LoggerMessage\((\d+)")
                    group file.Path by (Project: file.Path.Split('/')[1], Id: match.Groups[1].Value) into uses
                    where uses.Count() > 1
                    select $"{uses.Key.Project}: {uses.Key.Id}";
        Source.Report(twice, "Give each log message an id of its own, and never reuse one:");
    }

    [Fact]
    public void The_repository_stands_alone()
    {
        var outside = from file in Source.Under("", ".cs", ".sh", ".md", ".json", ".sql", ".csproj", ".props", ".yaml").Files
                      where !file.Path.StartsWith("tests/EventFhir.TidyTests/", StringComparison.Ordinal)
                      where Regex.IsMatch(file.Text, @"\.\./shared|/work/")
                      select file.Path;
        Source.Report(outside, "A user has only the clone: fetch the data by package, generate it, or commit it under tests/.");
    }
}

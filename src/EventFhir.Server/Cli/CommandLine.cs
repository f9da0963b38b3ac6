using System.CommandLine;
using System.Data.Common;

using EventFhir.Postgres.Embedded;
using EventFhir.Postgres.Migrations;

namespace EventFhir.Server.Cli;

/// <summary>The command line of eventfhir (docs/cli.md): data goes to stdout, everything else to stderr.</summary>
public static class CommandLine
{
    // A stop has to wait for running requests and then for the private cluster; a second Ctrl-C ends the process at once.
    private static readonly TimeSpan StopTimeMax = TimeSpan.FromSeconds(90);

    public static async Task<int> RunAsync(string[] arguments, TextWriter output, TextWriter error)
    {
        var parsed = Define().Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            foreach (var problem in parsed.Errors) await error.WriteLineAsync(problem.Message);
            await error.WriteLineAsync("'eventfhir --help' lists the commands and options.");
            return ExitCodes.Usage;
        }
        var configuration = new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = StopTimeMax, Output = output, Error = error,
        };
        try
        {
            return await parsed.InvokeAsync(configuration);
        }
        catch (Exception exception) when (CodeOf(exception) is { } code)
        {
            await error.WriteLineAsync(exception.Message);
            return code;
        }
        catch (Exception exception)
        {
            await error.WriteLineAsync($"This is a bug of EventFhir; please report it.\n{exception}");
            return ExitCodes.Software;
        }
    }

    private static RootCommand Define()
    {
        var root = new RootCommand("EventFhir, an event-sourced FHIR server on PostgreSQL. Without a command it serves.");
        var database = Settings.Database.Select(setting => OptionOf(setting, Scope.EveryCommand)).ToList();
        var serving = Settings.Serving.Select(setting => OptionOf(setting, Scope.Serving)).ToList();
        var options = new SettingOptions([.. database, .. serving]);
        foreach (var option in database.Concat(serving)) root.Options.Add(option);

        var serve = new Command("serve", "Finds or starts PostgreSQL and serves FHIR until Ctrl-C or SIGTERM.");
        foreach (var option in serving) serve.Options.Add(option);
        serve.SetAction((parsed, cancellationToken) => ServeCommand.RunAsync(options.Read(parsed), cancellationToken));
        root.SetAction((parsed, cancellationToken) => ServeCommand.RunAsync(options.Read(parsed), cancellationToken));
        root.Subcommands.Add(serve);
        root.Subcommands.Add(ImportCommand.Define(options));
        root.Subcommands.Add(ShowCommand.Define(options));
        root.Subcommands.Add(DiffCommand.Define(options));
        root.Subcommands.Add(TailCommand.Define(options));
        root.Subcommands.Add(RebuildCommand.Define(options));
        root.Subcommands.Add(ProjectionsCommand.Define(options));
        root.Subcommands.Add(VerifyCommand.Define(options));
        root.Subcommands.Add(EvidenceCommand.Define(options));
        root.Subcommands.Add(MigrateCommand.Define(options));
        root.Subcommands.Add(VersionCommand.Define());
        return root;
    }

    private enum Scope { EveryCommand, Serving }

    private static Option OptionOf(Setting setting, Scope scope)
    {
        var description = setting.Default.Length > 0 ? $"{setting.Meaning} [default: {setting.Default}]" : setting.Meaning;
        var recursive = scope is Scope.EveryCommand;
        return setting.Default is "false"
            ? new Option<bool>(setting.Option) { Description = description, Recursive = recursive }
            : new Option<string>(setting.Option) { Description = description, Recursive = recursive, HelpName = setting.Name };
    }

    private static int? CodeOf(Exception exception) => exception switch
    {
        FormatException or OtherReleaseException => ExitCodes.Usage,
        FileNotFoundException => ExitCodes.NoInput,
        DbException or TimeoutException or EmbeddedPostgresException or MigrationException => ExitCodes.Unavailable,
        OperationCanceledException => ExitCodes.Interrupted,
        IOException or UnauthorizedAccessException => ExitCodes.InUse,
        _ => null,
    };
}

using System.Collections.Concurrent;
using System.CommandLine;
using System.Globalization;

using EventFhir.Postgres;
using EventFhir.Postgres.Projections;
using EventFhir.Server.Cli.Import;

namespace EventFhir.Server.Cli;

/// <summary>eventfhir import PATH…: the counts of each type go to stdout.</summary>
internal static class ImportCommand
{
    /// <summary>All but single resources go by COPY: the other way would have to be planned and compiled for the ends of a few files.</summary>
    private const int BulkCommandsMin = 2;

    public static Command Define(SettingOptions options)
    {
        var paths = new Argument<string[]>("PATH")
        {
            Arity = ArgumentArity.OneOrMore, Description =
                "Files and folders: .ndjson, .json (resources and Bundles), .tgz of FHIR packages; all also as .gz.",
        };
        var errors = new Option<string>("--errors") { HelpName = "FILE", Description =
            "Writes what is refused, and why, there: one JSON object per line." };
        var journal = new Option<string>("--journal") { HelpName = "FILE", Description =
            "Keeps the progress there, so that the same command goes on where it stopped." };
        var command = new Command("import", "Stores the resources of files; what is stored already with the same content is left alone.") { paths,
            errors, journal };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            options.Read(parsed),
            parsed.GetRequiredValue(paths),
            parsed.GetValue(errors),
            parsed.GetValue(journal),
            parsed.InvocationConfiguration,
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        EventFhirOptions options, string[] paths, string? errorsPath, string? journalPath, InvocationConfiguration screen,
        CancellationToken cancellationToken)
    {
        var files = ImportFiles.ReferredFirst(ImportFiles.Find(paths), options.Release);
        var rehearsal = Rehearsal.RunAsync(files, options.Definitions, cancellationToken);
        using var errors = new ImportErrors(errorsPath, screen.Error);
        await using var database = await Database.OpenAsync(options, Cluster.Shared, cancellationToken);
        await database.PrepareAsync(options, cancellationToken);
        using var registry = await database.OpenParametersAsync(options, cancellationToken);
        await using var mark = await ImportMark.SetAsync(database.Events, cancellationToken);
        await using var store = database.OpenStore(
            options, registry, new StoreOptions { NewTables = NewTables.IndexedLater, BulkCommandsMin = BulkCommandsMin });
        var importer = new Importer(
            new ResourceIntake(registry.Active), store, errors, new ImportJournal(journalPath, TimeProvider.System));

        var read = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        await using var indexing = new ImportIndexing(database.PendingIndexes(options), files, options.Release, cancellationToken);
        var progress = new ImportProgress(screen.Error, Console.IsErrorRedirected ? Terminal.No : Terminal.Yes);
        try
        {
            var import = importer.RunAsync(files, (file, bytes) => read[file.FullName] = bytes, indexing.Note, cancellationToken);
            await progress.ShowAsync(import, files.Sum(file => file.Length), () => read.Values.Sum(), () => importer.Handled);
            await rehearsal;
            await indexing.FinishAsync(cancellationToken);
        }
        finally
        {
            foreach (var (type, count) in importer.Counts.OrderBy(entry => entry.Key, StringComparer.Ordinal))
                await screen.Output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{type}\t{count.Stored}\t{count.Unchanged}"));
        }
        var where = errorsPath is null ? "" : $"; see {errorsPath}";
        if (errors.Count > 0) await screen.Error.WriteLineAsync($"{errors.Count} resources were refused{where}.");
        return errors.Count > 0 ? ExitCodes.Findings : ExitCodes.Success;
    }
}

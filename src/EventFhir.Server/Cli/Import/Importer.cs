using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Threading.Channels;

using EventFhir.Core;
using EventFhir.Core.Events;
using EventFhir.Postgres;

namespace EventFhir.Server.Cli.Import;

/// <summary>What became of the resources of one type; a value, replaced whole at each step.</summary>
public readonly record struct ImportCount(int Stored, int Unchanged);

/// <summary>
/// Stores the resources of files: one reader, workers on all cores that parse, validate and extract, and big groups into the one write path.
/// What is invalid is left out and reported; the rest of its group is stored.
/// </summary>
public sealed class Importer(ResourceIntake intake, ResourceStore store, ImportErrors errors, ImportJournal journal)
{
    private const int GroupResourcesMax = 1_000;
    private const int GroupBytesMax = 4 * 1024 * 1024;
    private const int AttemptsMax = 60;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);
    private static readonly Provenance Origin = new(Actor: null, Client: "eventfhir import", Reason: null, CorrelationId: null);

    private static readonly Refusal Damaged = Refusal.Of(
        RefusalKind.BadRequest, "structure", "The compressed file or archive is damaged; nothing behind the damage is read.");

    private readonly ConcurrentDictionary<string, ImportCount> counts = new(StringComparer.Ordinal);
    private long handled;

    public IReadOnlyDictionary<string, ImportCount> Counts => counts;

    /// <summary>How many records are stored, unchanged or refused so far.</summary>
    public long Handled => Interlocked.Read(ref handled);

    private sealed record Chunk(FileInStore File, int Start, IReadOnlyList<ImportRecord> Records);

    /// <summary>Counts down to the end of a file: one for each of its chunks that is on its way, and one for the reader.</summary>
    private sealed class FileInStore(FileInfo info, Action<FileInfo> stored)
    {
        private int open = 1;

        public FileInfo Info => info;

        public void Open() => Interlocked.Increment(ref open);

        public void Close()
        {
            if (Interlocked.Decrement(ref open) == 0) stored(info);
        }
    }

    /// <param name="progress">Told the bytes read of each file as it lies on disk.</param>
    /// <param name="stored">Told each file of which everything is stored or refused.</param>
    public async Task RunAsync(
        IReadOnlyList<FileInfo> files, Action<FileInfo, long> progress, Action<FileInfo> stored, CancellationToken cancellationToken)
    {
        // More than cores, so that these stay busy while groups are on their way to the database.
        var workers = Environment.ProcessorCount * 3;
        var chunks = Channel.CreateBounded<Chunk>(workers);
        using var failing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var tasks = Enumerable.Range(0, workers).Select(_ => Task.Run(() => StoreAllAsync(chunks.Reader, failing.Token), failing.Token))
            .Append(Task.Run(() => ReadAllAsync(files, chunks.Writer, progress, stored, failing.Token), failing.Token))
            .ToList();
        try
        {
            // All are awaited to their end, whatever happens: the caller closes the store behind them.
            await Task.WhenAll(tasks.Select(task => StopOthersOnFailureAsync(task, failing)));
        }
        finally
        {
            journal.Save();
        }
    }

    private static async Task StopOthersOnFailureAsync(Task task, CancellationTokenSource others)
    {
        try
        {
            await task;
        }
        catch
        {
            await others.CancelAsync();
            throw;
        }
    }

    private async Task ReadAllAsync(
        IReadOnlyList<FileInfo> files, ChannelWriter<Chunk> chunks, Action<FileInfo, long> progress, Action<FileInfo> stored,
        CancellationToken cancellationToken)
    {
        foreach (var file in files)
        {
            var inStore = new FileInStore(file, stored);
            var done = journal.DoneIn(file);
            var (position, bytes, records) = (0, 0, new List<ImportRecord>());
            try
            {
                await foreach (var record in ImportFiles.ReadAsync(file, read => progress(file, read), cancellationToken))
                {
                    if (position++ < done) continue;
                    records.Add(record);
                    bytes += record.Json.Length;
                    if (records.Count < GroupResourcesMax && bytes < GroupBytesMax) continue;
                    inStore.Open();
                    await chunks.WriteAsync(new Chunk(inStore, position - records.Count, records), cancellationToken);
                    (bytes, records) = (0, []);
                }
            }
            catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException)
            {
                errors.Add(new ImportRecord(file.Name, 0, ReadOnlyMemory<byte>.Empty, FallbackId: null), Damaged);
            }
            if (records.Count > 0)
            {
                inStore.Open();
                await chunks.WriteAsync(new Chunk(inStore, position - records.Count, records), cancellationToken);
            }
            inStore.Close();
        }
        chunks.Complete();
    }

    private async Task StoreAllAsync(ChannelReader<Chunk> chunks, CancellationToken cancellationToken)
    {
        await foreach (var chunk in chunks.ReadAllAsync(cancellationToken))
        {
            await StoreAsync(chunk.Records, cancellationToken);
            journal.Note(chunk.File.Info, chunk.Start, chunk.Start + chunk.Records.Count);
            chunk.File.Close();
            Interlocked.Add(ref handled, chunk.Records.Count);
        }
    }

    private async Task StoreAsync(IReadOnlyList<ImportRecord> records, CancellationToken cancellationToken)
    {
        var commands = new Dictionary<ResourceKey, (WriteCommand Command, ImportRecord Record)>(records.Count);
        foreach (var record in records)
        {
            var (key, content, refusal) = intake.Prepare(record.Json, record.FallbackId);
            if (refusal is not null)
            {
                errors.Add(record, refusal);
                continue;
            }
            var command = new WriteCommand(WriteKind.Update, key, content, Precondition.None);
            // A group holds a key once; a second text of the same resource is a version of its own.
            if (commands.TryAdd(key, (command, record))) continue;
            await WriteAsync([.. commands.Values], cancellationToken);
            commands.Clear();
            commands.Add(key, (command, record));
        }
        if (commands.Count > 0) await WriteAsync([.. commands.Values], cancellationToken);
    }

    private async Task WriteAsync(IReadOnlyList<(WriteCommand Command, ImportRecord Record)> commands, CancellationToken cancellationToken)
    {
        var outcomes = await WriteUntilDecidedAsync(new WriteGroup([.. commands.Select(entry => entry.Command)], Origin), cancellationToken);
        if (commands.Count > 1 && outcomes.Any(outcome => outcome is WriteOutcome.Refused))
        {
            // A group is refused as a whole: write its commands one by one to find the one at fault.
            foreach (var command in commands) await WriteAsync([command], cancellationToken);
            return;
        }
        for (var i = 0; i < outcomes.Length; i++) Count(commands[i].Record, commands[i].Command.Key, outcomes[i]);
    }

    // A store that is busy, or a database that is being started again, says nothing about the resources.
    private async Task<ImmutableArray<WriteOutcome>> WriteUntilDecidedAsync(WriteGroup group, CancellationToken cancellationToken)
    {
        for (var attempt = 1; attempt <= AttemptsMax; attempt++)
        {
            var outcomes = await store.WriteAsync(group, cancellationToken);
            if (!outcomes.Any(IsTransient)) return outcomes;
            await Task.Delay(RetryDelay, cancellationToken);
        }
        throw new TimeoutException("The database takes no writes; the import stops here and can be repeated.");
    }

    private static bool IsTransient(WriteOutcome outcome) =>
        outcome is WriteOutcome.Refused { Refusal.Kind: RefusalKind.TooBusy or RefusalKind.Unavailable or RefusalKind.TimedOut };

    private void Count(ImportRecord record, ResourceKey key, WriteOutcome outcome)
    {
        if (outcome is WriteOutcome.Refused { Refusal: var refusal })
        {
            errors.Add(record, refusal);
            return;
        }
        var (stored, unchanged) = outcome is WriteOutcome.Unchanged ? (0, 1) : (1, 0);
        counts.AddOrUpdate(
            key.Type.Name,
            new ImportCount(stored, unchanged),
            (_, count) => new ImportCount(count.Stored + stored, count.Unchanged + unchanged));
    }
}

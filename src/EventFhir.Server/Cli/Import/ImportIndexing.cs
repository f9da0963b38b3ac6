using System.Threading.Channels;

using EventFhir.Model.Definitions;
using EventFhir.Postgres.Projections;

namespace EventFhir.Server.Cli.Import;

/// <summary>
/// Makes the search indexes that an import puts off: those of a type when the last file that is named for it is stored, beside the loading of others,
/// and the rest at the end. A file that says nothing of its types may bring more of a type later; that only costs more.
/// </summary>
public sealed class ImportIndexing : IAsyncDisposable
{
    private readonly PendingIndexes pending;
    private readonly Lock gate = new();
    private readonly Dictionary<TypeDefinition, int> files = [];
    private readonly Release release;
    private readonly Channel<TypeDefinition> loaded = Channel.CreateUnbounded<TypeDefinition>();
    private readonly Task beside;

    public ImportIndexing(PendingIndexes pending, IEnumerable<FileInfo> all, Release release, CancellationToken cancellationToken)
    {
        (this.pending, this.release) = (pending, release);
        foreach (var file in all)
            if (TypeOf(file) is { } type) files[type] = files.GetValueOrDefault(type) + 1;
        beside = Task.Run(() => CompleteLoadedAsync(cancellationToken), cancellationToken);
    }

    /// <summary>Everything in the file is stored.</summary>
    public void Note(FileInfo file)
    {
        if (TypeOf(file) is not { } type) return;
        lock (gate)
            if (--files[type] > 0) return;
        loaded.Writer.TryWrite(type);
    }

    /// <summary>Returns when no type waits for its indexes but those that another process is at.</summary>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        loaded.Writer.TryComplete();
        await Task.WhenAll(beside, pending.CompleteAsync(cancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        loaded.Writer.TryComplete();
        await beside.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task CompleteLoadedAsync(CancellationToken cancellationToken)
    {
        await foreach (var type in loaded.Reader.ReadAllAsync(cancellationToken)) await pending.TryCompleteAsync(type, cancellationToken);
    }

    private TypeDefinition? TypeOf(FileInfo file) => release.FindResourceType(file.Name.Split('.')[0]);
}

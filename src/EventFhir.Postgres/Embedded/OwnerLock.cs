using System.Globalization;

namespace EventFhir.Postgres.Embedded;

/// <summary>
/// Says that one process owns a data folder. The operating system holds the lock on the open file, so it ends with the process,
/// however that ends.
/// </summary>
internal sealed class OwnerLock : IDisposable
{
    /// <summary>50 ms each: an instant is long on a machine that is busy with other things.</summary>
    private const int AttemptsMax = 30;

    private readonly FileStream file;

    private OwnerLock(FileStream file) => this.file = file;

    public static async Task<OwnerLock> TakeAsync(string dataFolder, CancellationToken cancellationToken)
    {
        // Whoever asks IsHeld has the lock for an instant, and so has a child process between its fork and its exec: a failure is not yet an owner.
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            if (TryTake(dataFolder) is { } taken)
            {
                // In a file of its own: nobody can read the locked one.
                await File.WriteAllTextAsync(
                    OwnerFile(dataFolder), Environment.ProcessId.ToString(CultureInfo.InvariantCulture), cancellationToken);
                return taken;
            }
            await Task.Delay(TimeSpan.FromMilliseconds(50), cancellationToken);
        }
        var owner = PrivateFile.TryRead(OwnerFile(dataFolder));
        throw new DataFolderInUseException(
            $"The data folder {dataFolder} is in use by {(owner is null ? "another EventFhir" : $"EventFhir process {owner}")}. " +
            "Stop it first, or choose another folder with --data.");
    }

    /// <summary>True while a live process owns the folder.</summary>
    public static bool IsHeld(string dataFolder)
    {
        if (!File.Exists(PathIn(dataFolder))) return false;
        using var taken = TryTake(dataFolder);
        return taken is null;
    }

    public void Dispose() => file.Dispose();

    private static OwnerLock? TryTake(string dataFolder)
    {
        try
        {
            return new OwnerLock(new FileStream(PathIn(dataFolder), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static string OwnerFile(string dataFolder) => Path.Combine(dataFolder, "lock-owner");

    private static string PathIn(string dataFolder) => Path.Combine(dataFolder, "lock");
}

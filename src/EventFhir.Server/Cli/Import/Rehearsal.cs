using EventFhir.Core.Search;
using EventFhir.Core.Search.Parameters;

namespace EventFhir.Server.Cli.Import;

/// <summary>
/// Prepares a few resources of the first files and forgets them, while the database is being opened: compiling the code of validation and extraction
/// takes as long, and there is a processor for each.
/// </summary>
internal static class Rehearsal
{
    private const int FilesMax = 32;
    private const int ResourcesPerFile = 3;

    /// <summary>Says nothing of what is wrong with the resources; the import itself meets them again.</summary>
    public static Task RunAsync(IReadOnlyList<FileInfo> files, SearchDefinitions definitions, CancellationToken cancellationToken) =>
        Task.Run(
            () => PrepareAsync(files, new ResourceIntake(new ActiveDefinitions(definitions, baseUrl: null)), cancellationToken), cancellationToken);

    private static async Task PrepareAsync(IReadOnlyList<FileInfo> files, ResourceIntake intake, CancellationToken cancellationToken)
    {
        // A document or an archive would be read whole for its first resource, and then again.
        foreach (var file in files.Where(ImportFiles.HasLines).Take(FilesMax))
        {
            var left = ResourcesPerFile;
            try
            {
                await foreach (var record in ImportFiles.ReadAsync(file, static _ => { }, cancellationToken))
                {
                    intake.Prepare(record.Json, record.FallbackId);
                    if (--left == 0) break;
                }
            }
            catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException or IOException)
            {
                // Reported when the import comes to it.
            }
        }
    }
}

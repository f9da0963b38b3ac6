using System.Diagnostics;
using System.Globalization;

using Spectre.Console;

namespace EventFhir.Server.Cli.Import;

/// <summary>Shows an import on stderr: a bar with rate and time to go on a terminal, a line now and then elsewhere.</summary>
public sealed class ImportProgress(TextWriter screen, Terminal terminal)
{
    private static readonly TimeSpan BarInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(10);

    /// <param name="total">Bytes on disk.</param>
    /// <param name="read">Bytes read so far.</param>
    /// <param name="handled">Resources handled so far.</param>
    public async Task ShowAsync(Task import, long total, Func<long> read, Func<long> handled)
    {
        var watch = Stopwatch.StartNew();
        string Rate() => string.Create(CultureInfo.InvariantCulture, $"{handled():N0} resources, {handled() / watch.Elapsed.TotalSeconds:N0}/s");
        if (terminal is Terminal.No)
        {
            while (await Task.WhenAny(import, Task.Delay(LineInterval)) != import)
                await screen.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                    $"{100.0 * read() / Math.Max(1, total):N0} % read, {Rate()}"));
            await import;
            return;
        }
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(screen) });
        await console.Progress()
            .Columns(new ProgressBarColumn(), new PercentageColumn(), new TaskDescriptionColumn(), new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                var bar = context.AddTask("", maxValue: Math.Max(1, total));
                while (await Task.WhenAny(import, Task.Delay(BarInterval)) != import)
                {
                    bar.Value = read();
                    bar.Description = Rate();
                }
                bar.Value = bar.MaxValue;
                bar.Description = Rate();
            });
        await import;
    }
}

/// <summary>Whether a person looks on.</summary>
public enum Terminal { No, Yes }

using System.CommandLine;
using System.Globalization;

using EventFhir.Postgres.Following;
using EventFhir.Postgres.Proof;
using EventFhir.Server.Daemon;

namespace EventFhir.Server.Cli;

/// <summary>eventfhir projections: one line per projection on stdout; also pauses, resumes and rebuilds a follower.</summary>
internal static class ProjectionsCommand
{
    public static Command Define(SettingOptions options)
    {
        var command = new Command("projections", "Lists what is derived from the log: name, kind, state, position, lag in events and seconds, error.")
        {
            Steering("pause", "Holds a follower until it is resumed.", static (projections, name, token) => projections.PauseAsync(name, token)),
            Steering(
                "resume", "Has a follower go on that is paused or has stopped.",
                static (projections, name, token) => projections.ResumeAsync(name, token)),
            Rebuilding(),
        };
        command.SetAction((parsed, cancellationToken) =>
            ListAsync(options.Read(parsed), parsed.InvocationConfiguration.Output, cancellationToken));
        return command;

        Command Steering(string verb, string description, Func<Projections, string, CancellationToken, Task> steer)
        {
            var name = NameArgument();
            var steering = new Command(verb, description) { name };
            steering.SetAction((parsed, cancellationToken) => SteerAsync(
                options.Read(parsed), parsed.GetValue(name)!, steer, parsed.InvocationConfiguration.Output, cancellationToken));
            return steering;
        }

        Command Rebuilding()
        {
            var name = NameArgument();
            var rebuilding = new Command("rebuild", "Makes what a follower keeps anew; 'eventfhir rebuild' does it for the search tables.") { name };
            rebuilding.SetAction((parsed, cancellationToken) => RebuildAsync(
                options.Read(parsed), parsed.GetValue(name)!, parsed.InvocationConfiguration, cancellationToken));
            return rebuilding;
        }
    }

    private static Argument<string> NameArgument() => new("name") { Description = "Of the follower, such as tree." };

    private static async Task<int> ListAsync(EventFhirOptions options, TextWriter output, CancellationToken cancellationToken)
    {
        await using var database = await Database.OpenAsync(options, Cluster.Shared, cancellationToken);
        await database.PrepareAsync(options, cancellationToken);
        return await ListAsync(new Projections(database.Events), output, cancellationToken);
    }

    private static async Task<int> ListAsync(Projections projections, TextWriter output, CancellationToken cancellationToken)
    {
        var all = await projections.StatusAsync(cancellationToken);
        foreach (var status in all)
        {
            var kind = status.Kind is ProjectionKind.Inline ? "inline" : "follower";
            var lag = string.Create(CultureInfo.InvariantCulture, $"{status.LagEvents}\t{status.LagSeconds:0.0}");
            await output.WriteLineAsync($"{status.Name}\t{kind}\t{status.StateName}\t{status.Position}\t{lag}\t{status.Reason}");
        }
        return all.Any(status => status.State is ProjectionState.Stopped) ? ExitCodes.Findings : ExitCodes.Success;
    }

    private static async Task<int> SteerAsync(
        EventFhirOptions options, string name, Func<Projections, string, CancellationToken, Task> steer, TextWriter output,
        CancellationToken cancellationToken)
    {
        await using var database = await Database.OpenAsync(options, Cluster.Shared, cancellationToken);
        await database.PrepareAsync(options, cancellationToken);
        var projections = new Projections(database.Events);
        await RequireAsync(projections, name, cancellationToken);
        await steer(projections, name, cancellationToken);
        return await ListAsync(projections, output, cancellationToken);
    }

    private static async Task<int> RebuildAsync(
        EventFhirOptions options, string name, InvocationConfiguration screen, CancellationToken cancellationToken)
    {
        await using var database = await Database.OpenAsync(options, Cluster.Shared, cancellationToken);
        await database.PrepareAsync(options, cancellationToken);
        using var signers = await database.OpenSignersAsync(options, cancellationToken);
        await RequireAsync(new Projections(database.Events), name, cancellationToken);
        var follower = Followers.Of(options, signers).First(follower => follower.Name == name);
        var report = await new FollowerRebuild(database.Events, follower)
            .RunAsync(new CountLines(screen.Error, "events", TimeProvider.System), cancellationToken);
        await screen.Output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"events\t{report.Resources}"));
        return ExitCodes.Success;
    }

    private static async Task RequireAsync(Projections projections, string name, CancellationToken cancellationToken)
    {
        var all = await projections.StatusAsync(cancellationToken);
        if (!all.Any(status => status.Name == name && status.Kind is ProjectionKind.Follower))
            throw new FormatException($"There is no follower '{name}'; 'eventfhir projections' lists them.");
    }
}

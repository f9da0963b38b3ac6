using System.CommandLine;

namespace EventFhir.Server.Cli;

/// <summary>eventfhir version: the version of the program, and nothing else, on stdout.</summary>
internal static class VersionCommand
{
    public static Command Define()
    {
        var command = new Command("version", "Prints the version of EventFhir.");
        command.SetAction(parsed =>
        {
            parsed.InvocationConfiguration.Output.WriteLine(typeof(VersionCommand).Assembly.GetName().Version!.ToString(3));
            return ExitCodes.Success;
        });
        return command;
    }
}

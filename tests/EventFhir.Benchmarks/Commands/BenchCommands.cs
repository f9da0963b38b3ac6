using EventFhir.Benchmarks.Data;
using EventFhir.Benchmarks.Floor;

namespace EventFhir.Benchmarks.Commands;

/// <summary>The commands behind <c>eng/bench</c>.</summary>
public static class BenchCommands
{
    private const string Usage = """
        bench quick [--patients N | --data FOLDER] [--only SCENARIO,…] [--save]
                                     all scenarios against floor and baselines, under four minutes
        bench changes [--patients N | --data FOLDER] [--only SCENARIO,…] [--save]
                                     conditional-create beside plain creates, patch, delete; two minutes
        bench transactions [--patients N | --bundles FOLDER] [--big FOLDER] [--save]
                                     transactions of whole patients, synthetic or the Bundles of a folder, and one
                                     that is huge; files named 00-… are sent first
        bench public [--patients N | --bundles FOLDER] [--seconds N] [--only hs-crud,hs-import] [--save]
                                     the workloads of the public benchmark: create, read, update and delete over 32
                                     and 300 connections, transactions over 20; against baselines, two minutes
        bench feed [--patients N | --data FOLDER] [--only SCENARIO,…] [--save]
                                     feed-catchup against B5, feed-tail, and creates with and without the sequencer
        bench search [--patients N | --data FOLDER] [--clones N] [--keep FOLDER [--rebuild]] [--only SCENARIO,…] [--save]
                     [--to FILE] [--against FILE]
                                     every kind of search against hand-written SQL on the same tables; the loaded
                                     data stays in the kept folder, so that the next run need not load it. Figures
                                     go to a file, and another run over more data is compared with it. Only where
                                     it is named: custom-parameter, which writes while it measures
        bench projections [--patients N | --data FOLDER] [--clones N] [--keep FOLDER] [--only SCENARIO,…] [--save]
                                     projection-rebuild: everything derived is made anew while 16 clients read and
                                     write, then verified; projection-lag: how late searches and followers are
        bench load ADDRESS [--connections N] [--seconds N] [--rate N] [--process ID]
                                     create-observation against a server that runs already; with its
                                     process id also what it allocates
        bench micro [FILTER]         parse, validate, extract: microseconds and bytes
        bench data FOLDER [--patients N]
                                     writes the synthetic data set as NDJSON
        bench clone --data FOLDER --times N --to FOLDER
                                     writes a folder of NDJSON with every patient N times
        bench floor CONNECTION       the floor by itself
        """;

    public static async Task<int> RunAsync(string[] arguments) => arguments switch
    {
        ["quick", ..] => await QuickCommand.RunAsync(Options.Parse(arguments[1..])),
        ["changes", ..] => await QuickCommand.RunChangesAsync(Options.Parse(arguments[1..])),
        ["transactions", ..] => await QuickCommand.RunTransactionsAsync(Options.Parse(arguments[1..])),
        ["public", ..] => await QuickCommand.RunPublicAsync(Options.Parse(arguments[1..])),
        ["feed", ..] => await QuickCommand.RunFeedAsync(Options.Parse(arguments[1..])),
        ["projections", ..] => await SearchCommand.RunProjectionsAsync(Options.Parse(arguments[1..])),
        ["search", ..] => await SearchCommand.RunAsync(Options.Parse(arguments[1..])),
        ["load", var address, ..] => LoadCommand.Run(address, Options.Parse(arguments[2..])),
        ["micro", ..] => MicroCommand.Run(arguments[1..]),
        ["data", var folder, ..] => WriteData(folder, Options.Parse(arguments[2..])),
        ["clone", ..] => Clone(Options.Parse(arguments[1..])),
        ["search-floor", var connection] => await SearchFloor.RunAsync(connection),
        ["floor", var connection] => await FloorProgram.RunAsync(connection, constantBodyBytes: 1_000),
        _ => Help(),
    };

    private static int WriteData(string folder, Options options)
    {
        QuickCommand.DataOf(options).WriteFolder(folder);
        return 0;
    }

    private static int Clone(Options options)
    {
        if (options.Text("data") is not { } source || options.Text("to") is not { } target) return Help();
        Console.WriteLine(FormattableString.Invariant($"{ClonedPopulation.Write(source, target, (int)options.Number("times", 10))} resources"));
        return 0;
    }

    private static int Help()
    {
        Console.Error.WriteLine(Usage);
        return 64;
    }
}

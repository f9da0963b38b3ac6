using EventFhir.Generator;

string? release = null;
var handling = Stale.Write;
for (var at = 0; at < args.Length; at++)
{
    if (args[at] == "--check") handling = Stale.Report;
    else if (args[at] == "--release" && at + 1 < args.Length) release = args[++at];
    else return Usage();
}

var root = AppContext.BaseDirectory;
while (root is not null && !File.Exists(Path.Combine(root, "EventFhir.sln"))) root = Path.GetDirectoryName(root);
if (root is null) return Usage();

var generation = new Generation(root);
try
{
    generation.Run(handling, release);
}
catch (InvalidDataException error)
{
    Console.Error.WriteLine(error.Message);
    return 1;
}
foreach (var note in generation.Notes) Console.Error.WriteLine(note);
foreach (var file in generation.StaleFiles) Console.WriteLine(handling is Stale.Report ? $"stale: {file}; run ./eng/generate" : $"written: {file}");
return handling is Stale.Report && generation.StaleFiles.Count > 0 ? 1 : 0;

static int Usage()
{
    Console.Error.WriteLine("usage: generate [--check] [--release R4|R5], in a checkout of EventFhir");
    return 2;
}

using EventFhir.Benchmarks.Commands;

return await BenchCommands.RunAsync(args);

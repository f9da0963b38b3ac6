using System.Globalization;

using Microsoft.Extensions.Logging.Console;

namespace EventFhir.Server.Observability;

/// <summary>Logs as lines on stderr, since stdout carries data only.</summary>
public static class ConsoleLogging
{
    private const string TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";

    public static ILoggingBuilder AddEventFhirConsole(this ILoggingBuilder logging, EventFhirOptions options)
    {
        logging.SetMinimumLevel(options.LogLevel);
        // The framework's own lines about each request would repeat ours.
        logging.AddFilter("Microsoft", options.LogLevel > LogLevel.Warning ? options.LogLevel : LogLevel.Warning);
        // When the host cannot start, the command line says why in one line.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        return options.LogJson
            ? logging.AddJsonConsole(json => (json.UseUtcTimestamp, json.TimestampFormat) = (true, TimestampFormat.TrimEnd()))
            : logging.AddSimpleConsole(text => (text.UseUtcTimestamp, text.TimestampFormat, text.SingleLine) = (true, TimestampFormat, true));
    }
}

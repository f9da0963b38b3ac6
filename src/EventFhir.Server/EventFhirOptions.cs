using System.Collections.Immutable;
using System.Globalization;
using System.Net;

using EventFhir.Core.Search;
using EventFhir.Core.Search.Parameters;
using EventFhir.Model.Definitions;
using EventFhir.Server.Rest;

namespace EventFhir.Server;

/// <summary>The configuration, read once at start (docs/configuration.md).</summary>
public sealed record EventFhirOptions
{
    /// <summary>Where the private cluster lives; not used when there is a <see cref="Connection"/>.</summary>
    public required DirectoryInfo Data { get; init; }

    /// <summary>A connection string; null for the private cluster.</summary>
    public string? Connection { get; init; }

    public int Port { get; init; } = 8080;
    public IPAddress Listen { get; init; } = IPAddress.Loopback;
    public bool AllowAnonymous { get; init; }

    /// <summary>Absolute, without a slash at the end; null: that of the request.</summary>
    public string? BaseUrl { get; init; }

    /// <summary>The search parameters of the release that is served, but those switched off.</summary>
    public required SearchDefinitions Definitions { get; init; }

    public Release Release => Definitions.Release;

    public int WriterLanes { get; init; } = 1;
    public string? PageKey { get; init; }

    /// <summary>Private keys that sign checkpoints; empty: the one of the data folder, which is made when it is missing.</summary>
    public ImmutableArray<FileInfo> ProofKeys { get; init; } = [];

    /// <summary>Origins whose pages may use the API, or "*" alone.</summary>
    public ImmutableArray<string> CorsOrigins { get; init; } = [];

    /// <summary>Addresses of proxies that are believed who they were asked by.</summary>
    public ImmutableArray<IPAddress> Proxies { get; init; } = [];

    public ConditionalDelete ConditionalDelete { get; init; } = ConditionalDelete.Single;
    public bool LogJson { get; init; }
    public LogLevel LogLevel { get; init; } = LogLevel.Warning;
    public Uri? OtlpEndpoint { get; init; }

    /// <summary>Reads the settings: command line before environment before appsettings.json before default.</summary>
    /// <param name="arguments">The value of a command line option, or null if it was not given.</param>
    /// <exception cref="FormatException">A value is not what its key needs; the message names the key.</exception>
    public static EventFhirOptions Read(Func<Setting, string?> arguments)
    {
        var configuration = new ConfigurationBuilder().AddJsonFile(Path.GetFullPath("appsettings.json"), optional: true).Build();
        string Text(Setting setting) =>
            arguments(setting) ?? Environment.GetEnvironmentVariable(setting.EnvironmentVariable) ?? configuration[setting.ConfigurationKey]
                ?? setting.Default;
        T Parsed<T>(Setting setting, Func<string, (bool, T)> parse) =>
            parse(Text(setting)) is (true, var value) ? value
                : throw new FormatException($"{setting.Option}: {setting.Meaning} '{Text(setting)}' is not that.");
        string? Optional(Setting setting) => Text(setting) is { Length: > 0 } text ? text : null;
        Uri? OptionalUrl(Setting setting) =>
            Optional(setting) is null ? null : Parsed(setting, text => (Uri.TryCreate(text, UriKind.Absolute, out var url), url));

        SwitchedOff Off(Setting setting, Func<string, SwitchedOff> parse)
        {
            try
            {
                return parse(Text(setting));
            }
            catch (FormatException exception)
            {
                throw new FormatException($"{setting.Option}: {exception.Message}", exception);
            }
        }

        var release = Parsed(Settings.Fhir, text => Release.Find(text) is { } found ? (true, found) : default((bool, Release)));
        var off = Off(Settings.SearchOff, text => SwitchedOff.Parse(release, text));
        var options = new EventFhirOptions
        {
            Data = new DirectoryInfo(Text(Settings.Data)),
            Connection = Optional(Settings.Connection),
            Port = Parsed(Settings.Port, text => (ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port), (int)port)),
            Listen = Parsed(Settings.Listen, text => (IPAddress.TryParse(text, out var address), address!)),
            AllowAnonymous = Parsed(Settings.AllowAnonymous, text => (bool.TryParse(text, out var allowed), allowed)),
            BaseUrl = OptionalUrl(Settings.BaseUrl)?.ToString().TrimEnd('/'),
            Definitions = SearchDefinitions.Of(release, Off(Settings.SearchContent, text => off.WithContent(release, text))),
            WriterLanes = Parsed(Settings.WriterLanes, text =>
                (int.TryParse(text, CultureInfo.InvariantCulture, out var lanes) && lanes is > 0 and <= 64, lanes)),
            PageKey = Optional(Settings.PageKey),
            ProofKeys = [.. Split(Text(Settings.ProofKey)).Select(path => new FileInfo(path))],
            CorsOrigins = Parsed(Settings.CorsOrigins, text => (AreOrigins(Split(text)), Split(text))),
            Proxies = Parsed(Settings.Proxies, text =>
            {
                var addresses = Split(text)
                    .Select(static part => IPAddress.TryParse(part, out var address) ? address : IPAddress.None)
                    .ToImmutableArray();
                return (!addresses.Contains(IPAddress.None), addresses);
            }),
            ConditionalDelete = Parsed(Settings.ConditionalDelete, text => text switch
            {
                "single" => (true, ConditionalDelete.Single),
                "multiple" => (true, ConditionalDelete.Multiple),
                _ => (false, default),
            }),
            LogJson = Parsed(Settings.LogFormat, text => (text is "text" or "json", text is "json")),
            LogLevel = Parsed(Settings.LogLevel, text => (Enum.TryParse<LogLevel>(text, ignoreCase: true, out var level), level)),
            OtlpEndpoint = OptionalUrl(Settings.Otlp)
                ?? (Uri.TryCreate(Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT"), UriKind.Absolute, out var endpoint) ? endpoint
                    : null),
        };
        if (!IPAddress.IsLoopback(options.Listen) && !options.AllowAnonymous)
            throw new FormatException(
                $"--listen {options.Listen}: there is no authentication yet, so listening beyond loopback needs --allow-anonymous.");
        return options;
    }

    private static ImmutableArray<string> Split(string text) =>
        [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];

    /// <summary>An origin is a scheme, a host and perhaps a port, as browsers send it: nothing behind, not even a slash.</summary>
    private static bool AreOrigins(ImmutableArray<string> origins) => origins is ["*"]
        || origins.All(origin => Uri.TryCreate(origin, UriKind.Absolute, out var url) && url.GetLeftPart(UriPartial.Authority) == origin);
}

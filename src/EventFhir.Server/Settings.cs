using System.Collections.Immutable;

using EventFhir.Model.Definitions;

namespace EventFhir.Server;

/// <summary>One configuration key: on the command line as --name, in the environment as EVENTFHIR_NAME, in appsettings.json as
/// EventFhir:Name.</summary>
/// <param name="Name">With dashes: "writer-lanes".</param>
/// <param name="Default">As text; empty if there is none.</param>
public sealed record Setting(string Name, string Default, string Meaning)
{
    public string Option => "--" + Name;
    public string EnvironmentVariable => "EVENTFHIR_" + Name.Replace('-', '_').ToUpperInvariant();

    /// <summary>"WriterLanes" for "writer-lanes"; configuration keys do not tell upper from lower case.</summary>
    public string ConfigurationKey => "EventFhir:" + string.Concat(Name.Split('-').Select(word => char.ToUpperInvariant(word[0]) + word[1..]));
}

/// <summary>Every configuration key there is; docs/configuration.md lists them, and a test compares.</summary>
public static class Settings
{
    public static readonly Setting Data = new("data", ".data", "Folder of the private PostgreSQL cluster; created when missing.");
    public static readonly Setting Connection =
        new("connection", "", "Connection string of a PostgreSQL database to use instead of a private cluster.");
    public static readonly Setting Fhir =
        new("fhir", "R4", $"The FHIR release of the database, which it keeps: {string.Join(", ", Release.Names)}.");
    public static readonly Setting Port = new("port", "8080", "TCP port; 0 picks a free one.");
    public static readonly Setting Listen = new("listen", "127.0.0.1", "IP address to listen on. Other than loopback needs --allow-anonymous.");
    public static readonly Setting AllowAnonymous =
        new("allow-anonymous", "false", "Allows to listen beyond loopback although there is no authentication yet.");
    public static readonly Setting BaseUrl = new("base-url", "", "The base URL as clients see it, behind a proxy; by default that of the request.");
    public static readonly Setting WriterLanes = new("writer-lanes", "1", "Connections that write small groups; one is enough on most machines.");
    public static readonly Setting PageKey = new("page-key", "", "Secret that signs page links; by default derived from the connection string.");
    public static readonly Setting LogFormat = new("log-format", "text", "Log lines on stderr: text or json.");
    public static readonly Setting LogLevel =
        new("log-level", "Warning", "Lowest level that is logged: Trace, Debug, Information, Warning, Error, Critical, None.");
    public static readonly Setting SearchOff = new(
        "search-off", "", "Search parameters of the specification that are switched off to save space: Observation:combo-code,*:_text.");
    public static readonly Setting SearchContent = new(
        "search-content", "", "Resource types that _content searches, Condition,DocumentReference, or * for all; it makes their writes dearer.");
    public static readonly Setting ConditionalDelete = new(
        "conditional-delete", "single", "What DELETE by criteria may remove: single, or multiple resources at once.");
    public static readonly Setting CorsOrigins = new(
        "cors-origins", "", "Origins whose pages may use the API from a browser: https://app.example.org,https://b.example, or * for all.");
    public static readonly Setting Proxies = new(
        "proxies", "", "IP addresses of proxies whose X-Forwarded-For is believed: 10.0.0.5,10.0.0.6.");
    public static readonly Setting Otlp =
        new("otlp-endpoint", "", "OTLP collector for traces and metrics, as OTEL_EXPORTER_OTLP_ENDPOINT; empty: none are sent.");

    public static readonly Setting ProofKey = new(
        "proof-key", "", "Files with the private keys (PEM, P-256) that sign the log: old.pem,new.pem. By default proof-key.pem in the data folder.");

    /// <summary>What every command takes.</summary>
    public static readonly ImmutableArray<Setting> Database = [Data, Connection, Fhir, ProofKey, SearchOff, SearchContent, LogFormat, LogLevel];

    /// <summary>What only serve takes.</summary>
    public static readonly ImmutableArray<Setting> Serving =
        [Port, Listen, AllowAnonymous, BaseUrl, WriterLanes, PageKey, ConditionalDelete, CorsOrigins, Proxies, Otlp];

    public static readonly ImmutableArray<Setting> All = [.. Database, .. Serving];
}

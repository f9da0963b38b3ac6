using System.Globalization;

using EventFhir.Core.Search.Parameters;
using EventFhir.Postgres.Parameters;
using EventFhir.Server.Formats;

namespace EventFhir.Server.Rest;

/// <summary>GET [base]/$reindex: how far the indexing of custom search parameters is (docs/conformance.md).</summary>
public sealed class ReindexEndpoints(ParameterRegistry registry)
{
    public async ValueTask<Answer> ReadAsync(FhirRequest request)
    {
        await registry.ReloadAsync(request.Aborted);
        return new Answer(200, [Write()]);
    }

    /// <summary>A Parameters resource with the state of each custom parameter.</summary>
    private ReadOnlyMemory<byte> Write() => ParametersWriter.Write([.. registry.Active.Current.Customs.Select(EntryOf)]);

    private static ParametersEntry EntryOf(CustomParameter custom) => new("searchParameter",
    [
        new("id", custom.Owner),
        new("code", custom.Definition.Code),
        new("status", custom.State.ToString().ToLowerInvariant()),
        new("done", custom.Progress.Done.ToString(CultureInfo.InvariantCulture)),
        new("total", custom.Progress.Total.ToString(CultureInfo.InvariantCulture)),
    ]);
}

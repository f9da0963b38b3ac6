using System.Globalization;

using EventFhir.Core.Events;
using EventFhir.Tests;

using Xunit;

using static EventFhir.PostgresTests.StoreFixture;

namespace EventFhir.PostgresTests;

/// <summary>Who asked for a change, and why, is in the event's columns, whatever way it took into the log.</summary>
public sealed class KeepingProvenance(TestCluster cluster)
{
    private const string Columns =
        "concat_ws(' ', actor, on_behalf_of, client, reason, purpose, correlation_id, source_address, trace)";

    [Theory]
    [InlineData(1)]
    [InlineData(150)]
    public async Task Every_event_of_a_group_has_that_of_the_group(int commands)
    {
        await using var fixture = await NewAsync(cluster);
        var provenance = new Provenance("Practitioner/1", "app", "because", "request-1")
        {
            OnBehalfOf = "Organization/2", Purpose = "s|TREAT", SourceAddress = "192.0.2.1", Trace = "0af7651916cd43dd8448eb211c80319c",
        };
        var group = new WriteGroup([.. Enumerable.Range(0, commands).Select(n => Put(Patient, $"p-{n}", n))], provenance);
        await fixture.Store.WriteAsync(group, CancellationToken.None);
        Assert.Equal(
            $"{commands} Practitioner/1 Organization/2 app because s|TREAT request-1 192.0.2.1 0af7651916cd43dd8448eb211c80319c",
            await fixture.ScalarAsync<string>($"select count(*) || ' ' || {Columns} from es.event group by {Columns}"));
    }

    [Fact]
    public async Task Groups_that_are_committed_together_keep_their_own()
    {
        await using var fixture = await NewAsync(cluster);
        // Every other group has no reason, every third no actor; a column that none of a batch has is null.
        await Task.WhenAll(Enumerable.Range(0, 60).Select(n => fixture.Store.WriteAsync(
            new WriteGroup(
                [Put(Patient, string.Create(CultureInfo.InvariantCulture, $"p-{n}"), n)],
                new Provenance(n % 3 == 0 ? null : $"actor-{n}", Client: null, n % 2 == 0 ? null : $"reason-{n}", $"request-{n}")),
            CancellationToken.None)));
        var stored = await fixture.ScalarAsync<string>(
            $"select string_agg({Columns}, ', ' order by s.rid) from es.event e join es.stream s on s.rid = e.rid where s.id = 'p-' || "
            + "substring(e.correlation_id from 9)");
        Assert.Equal(
            Enumerable.Range(0, 60).Select(n =>
                $"{(n % 3 == 0 ? "" : $"actor-{n} ")}{(n % 2 == 0 ? "" : $"reason-{n} ")}request-{n}").Order(StringComparer.Ordinal),
            stored.Split(", ").Order(StringComparer.Ordinal));
    }
}

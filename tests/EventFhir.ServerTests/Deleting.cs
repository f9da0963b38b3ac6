using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests;

/// <summary>DELETE [base]/Type/id.</summary>
public sealed class Deleting(RunningServer server) : IClassFixture<RunningServer>
{
    [Fact]
    public async Task A_deleted_resource_is_gone_and_its_versions_stay()
    {
        var id = Sample.Id();
        await server.PutAsync($"Patient/{id}", Sample.Patient(id));
        var deleted = await server.DeleteAsync($"Patient/{id}");
        Assert.Equal((204, "W/\"2\"", ""), (deleted.Status, deleted.ETag, deleted.Text));
        Assert.Equal("W/\"2\"", (await server.GetAsync($"Patient/{id}")).IsRefused(410).ETag);
        (await server.GetAsync($"Patient/{id}/_history/2")).IsRefused(410);
        Assert.Equal(200, (await server.GetAsync($"Patient/{id}/_history/1")).Status);
    }

    [Fact]
    public async Task Deleting_twice_or_what_never_existed_writes_nothing()
    {
        var id = Sample.Id();
        Assert.Equal(204, (await server.DeleteAsync($"Patient/{id}")).Status);
        (await server.GetAsync($"Patient/{id}")).IsRefused(404);
        await server.PutAsync($"Patient/{id}", Sample.Patient(id));
        await server.DeleteAsync($"Patient/{id}");
        Assert.Equal((204, "W/\"2\""), ((await server.DeleteAsync($"Patient/{id}")).Status, (await server.DeleteAsync($"Patient/{id}")).ETag));
    }

    [Fact]
    public async Task An_update_brings_a_deleted_resource_back()
    {
        var id = Sample.Id();
        await server.PutAsync($"Patient/{id}", Sample.Patient(id));
        await server.DeleteAsync($"Patient/{id}");
        var back = await server.PutAsync($"Patient/{id}", Sample.Patient(id));
        Assert.Equal((201, "W/\"3\""), (back.Status, back.ETag));
    }

    [Fact]
    public async Task A_stale_version_is_not_deleted()
    {
        var id = Sample.Id();
        await server.PutAsync($"Patient/{id}", Sample.Patient(id));
        (await server.DeleteAsync($"Patient/{id}", "If-Match: W/\"9\"")).IsRefused(412);
        Assert.Equal(204, (await server.DeleteAsync($"Patient/{id}", "If-Match: W/\"1\"")).Status);
    }

    [Fact]
    public async Task Prefer_can_ask_for_an_outcome()
    {
        var id = Sample.Id();
        await server.PutAsync($"Patient/{id}", Sample.Patient(id));
        var deleted = await server.DeleteAsync($"Patient/{id}", "Prefer: return=OperationOutcome");
        Assert.Equal((200, "OperationOutcome"), (deleted.Status, (string?)deleted.Json["resourceType"]));
    }
}

using EventFhir.Server.Rest;
using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests.Conditions;

/// <summary>DELETE [base]/Type?criteria.</summary>
public sealed class DeletingByCriteria(RunningServer server, PostgresCluster postgres) : IClassFixture<RunningServer>
{
    [Fact]
    public async Task One_match_is_deleted()
    {
        var number = Sample.Id();
        var created = await server.PostAsync("Patient", Numbered.Patient(number));
        var deleted = await server.DeleteAsync($"Patient?identifier=urn:n|{number}");
        Assert.Equal((204, "W/\"2\"", ""), (deleted.Status, deleted.ETag, deleted.Text));
        (await server.GetAsync($"Patient/{created.Id}")).IsRefused(410);
        var again = await server.DeleteAsync($"Patient?identifier=urn:n|{number}");
        Assert.Equal((204, null, ""), (again.Status, again.ETag, again.Text));
    }

    [Fact]
    public async Task Several_matches_are_412_and_stay()
    {
        var number = Sample.Id();
        await server.PostAsync("Patient", Numbered.Patient(number));
        var second = await server.PostAsync("Patient", Numbered.Patient(number));
        (await server.DeleteAsync($"Patient?identifier=urn:n|{number}")).IsRefused(412);
        Assert.Equal(200, (await server.GetAsync($"Patient/{second.Id}")).Status);
        Assert.Equal("single", await ClaimAsync(server));
    }

    [Fact]
    public async Task If_Match_concerns_the_match()
    {
        var number = Sample.Id();
        await server.PostAsync("Patient", Numbered.Patient(number));
        (await server.DeleteAsync($"Patient?identifier=urn:n|{number}", "If-Match: W/\"3\"")).IsRefused(412);
        Assert.Equal(204, (await server.DeleteAsync($"Patient?identifier=urn:n|{number}", "If-Match: W/\"1\"")).Status);
    }

    [Theory]
    [InlineData("Patient")]
    [InlineData("Patient?")]
    [InlineData("Patient?family=")]
    [InlineData("Patient?family=x&given=")]
    [InlineData("Patient?unknown=1")]
    [InlineData("Patient?_count=1")]
    [InlineData("Patient?family=x&_contained=true")]
    public async Task Criteria_that_say_nothing_or_are_not_understood_delete_nothing(string url)
    {
        var id = Sample.Id();
        await server.PutAsync($"Patient/{id}", Sample.Patient(id));
        (await server.DeleteAsync(url, "Prefer: handling=lenient")).IsRefused(400);
        Assert.Equal(200, (await server.GetAsync($"Patient/{id}")).Status);
    }

    [Fact]
    public async Task Several_are_deleted_and_counted_where_the_configuration_says_so()
    {
        await using var several = new RunningServer(postgres) { ConditionalDelete = ConditionalDelete.Multiple };
        await several.InitializeAsync();
        for (var place = 0; place < 3; place++) await several.PostAsync("Patient", Numbered.Patient("1"));
        var kept = await several.PostAsync("Patient", Numbered.Patient("2"));
        var deleted = await several.DeleteAsync("Patient?identifier=urn:n|1");
        Assert.Equal(200, deleted.Status);
        Assert.Equal("Deleted: 3.", (string?)deleted.Json["issue"]![0]!["diagnostics"]);
        Assert.Equal(0, (int)(await several.GetAsync("Patient?identifier=urn:n|1&_summary=count")).Json["total"]!);
        Assert.Equal(200, (await several.GetAsync($"Patient/{kept.Id}")).Status);
        Assert.Equal(204, (await several.DeleteAsync("Patient?identifier=urn:n|2", "Prefer: return=minimal")).Status);
        Assert.Equal("Deleted: 0.", (string?)(await several.DeleteAsync("Patient?identifier=urn:n|2")).Json["issue"]![0]!["diagnostics"]);
        Assert.Equal("multiple", await ClaimAsync(several));
    }

    private static async Task<string?> ClaimAsync(RunningServer of) =>
        (string?)(await of.GetAsync("metadata")).Json["rest"]![0]!["resource"]![0]!["conditionalDelete"];
}

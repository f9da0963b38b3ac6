using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests.Conditions;

/// <summary>PUT [base]/Type?criteria.</summary>
public sealed class UpdatingByCriteria(RunningServer server) : IClassFixture<RunningServer>
{
    [Fact]
    public async Task Without_match_and_id_the_server_gives_an_id()
    {
        var number = Sample.Id();
        var created = await UpdateAsync(number, Numbered.Patient(number));
        Assert.Equal((201, "W/\"1\""), (created.Status, created.ETag));
        var updated = await UpdateAsync(number, Numbered.Patient(number, family: "Huber"));
        Assert.Equal((200, "W/\"2\"", created.Id), (updated.Status, updated.ETag, updated.Id));
        Assert.Equal((200, "W/\"2\""), ((await UpdateAsync(number, updated.Text)).Status, (await UpdateAsync(number, updated.Text)).ETag));
    }

    [Fact]
    public async Task Without_match_the_id_of_the_body_is_taken_unless_somebody_has_it()
    {
        var (number, id) = (Sample.Id(), Sample.Id());
        var created = await UpdateAsync(number, Numbered.Patient(number, id));
        Assert.Equal((201, id), (created.Status, created.Id));
        (await UpdateAsync("another", Numbered.Patient("another", id))).IsRefused(409);
        (await UpdateAsync("another", Numbered.Patient("another", "not an id"))).IsRefused(422);
    }

    [Fact]
    public async Task The_id_of_the_body_must_be_that_of_the_match()
    {
        var (number, id) = (Sample.Id(), Sample.Id());
        await UpdateAsync(number, Numbered.Patient(number, id));
        Assert.Equal(200, (await UpdateAsync(number, Numbered.Patient(number, id, "Huber"))).Status);
        (await UpdateAsync(number, Numbered.Patient(number, "another"))).IsRefused(400);
    }

    [Fact]
    public async Task Several_matches_are_412()
    {
        var number = Sample.Id();
        await server.PostAsync("Patient", Numbered.Patient(number));
        await server.PostAsync("Patient", Numbered.Patient(number));
        (await UpdateAsync(number, Numbered.Patient(number))).IsRefused(412);
    }

    [Fact]
    public async Task If_Match_and_If_None_Match_concern_the_match()
    {
        var number = Sample.Id();
        (await UpdateAsync(number, Numbered.Patient(number), "If-Match: W/\"1\"")).IsRefused(412);
        Assert.Equal(201, (await UpdateAsync(number, Numbered.Patient(number), "If-None-Match: *")).Status);
        (await UpdateAsync(number, Numbered.Patient(number, family: "Huber"), "If-None-Match: *")).IsRefused(412);
        (await UpdateAsync(number, Numbered.Patient(number, family: "Huber"), "If-Match: W/\"2\"")).IsRefused(412);
        Assert.Equal(200, (await UpdateAsync(number, Numbered.Patient(number, family: "Huber"), "If-Match: W/\"1\"")).Status);
    }

    [Theory]
    [InlineData("Patient")]
    [InlineData("Patient?")]
    [InlineData("Patient?_format=json")]
    [InlineData("Patient?identifier=")]
    [InlineData("Patient?unknown=1")]
    [InlineData("Patient?identifier=a|b&_include=*")]
    public async Task Criteria_that_say_nothing_or_are_not_understood_are_refused(string url) =>
        (await server.PutAsync(url, Sample.Patient(), "Prefer: handling=lenient")).IsRefused(400);

    [Fact]
    public async Task Of_parallel_updates_by_the_same_criteria_each_is_a_version_of_one_resource()
    {
        var number = Sample.Id();
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(place => UpdateAsync(number, Numbered.Patient(number, family: $"N{place}"))));
        Assert.Single(answers.Select(answer => answer.Id).Distinct());
        Assert.Equal(Enumerable.Range(1, 20).Select(version => $"W/\"{version}\"").Order(), answers.Select(answer => answer.ETag).Order());
    }

    [Fact]
    public async Task Updates_by_criteria_and_by_id_do_not_get_in_each_others_way()
    {
        var (number, id) = (Sample.Id(), Sample.Id());
        await server.PutAsync($"Patient/{id}", Numbered.Patient(number, id));
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(place => place % 2 == 0
            ? UpdateAsync(number, Numbered.Patient(number, family: $"N{place}"))
            : server.PutAsync($"Patient/{id}", Numbered.Patient(number, id, $"N{place}"))));
        Assert.All(answers, answer => Assert.Equal(200, answer.Status));
        Assert.Equal("W/\"21\"", (await server.GetAsync($"Patient/{id}")).ETag);
    }

    private Task<HttpAnswer> UpdateAsync(string number, string body, params string[] headers) =>
        server.PutAsync($"Patient?identifier=urn:n|{number}", body, headers);
}

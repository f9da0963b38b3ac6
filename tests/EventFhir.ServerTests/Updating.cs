using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests;

/// <summary>PUT [base]/Type/id.</summary>
public sealed class Updating(RunningServer server) : IClassFixture<RunningServer>
{
    [Fact]
    public async Task An_update_of_what_does_not_exist_creates_it()
    {
        var id = Sample.Id();
        var created = await server.PutAsync($"Patient/{id}", Sample.Patient(id));
        Assert.Equal(201, created.Status);
        Assert.Equal(id, created.Id);
        Assert.EndsWith($"/Patient/{id}/_history/1", created.Headers["Location"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_update_makes_the_next_version()
    {
        var id = Sample.Id();
        await server.PutAsync($"Patient/{id}", Sample.Patient(id));
        var updated = await server.PutAsync($"Patient/{id}", Sample.Patient(id, "Huber"));
        Assert.Equal((200, "W/\"2\""), (updated.Status, updated.ETag));
        Assert.Equal("Huber", (string?)(await server.GetAsync($"Patient/{id}")).Json["name"]![0]!["family"]);
        Assert.Equal("Meier", (string?)(await server.GetAsync($"Patient/{id}/_history/1")).Json["name"]![0]!["family"]);
    }

    [Fact]
    public async Task Equal_content_makes_no_version()
    {
        var id = Sample.Id();
        var first = await server.PutAsync($"Observation/{id}", Sample.Observation(id));
        var again = await server.PutAsync($"Observation/{id}", first.Text);
        Assert.Equal((200, "W/\"1\""), (again.Status, again.ETag));
        Assert.Equal(first.Text, again.Text);
    }

    [Fact]
    public async Task More_digits_are_another_content()
    {
        var id = Sample.Id();
        await server.PutAsync($"Observation/{id}", Sample.Observation(id, "1.1"));
        Assert.Equal("W/\"2\"", (await server.PutAsync($"Observation/{id}", Sample.Observation(id, "1.10"))).ETag);
    }

    [Fact]
    public async Task The_id_in_the_body_must_be_that_of_the_url()
    {
        (await server.PutAsync($"Patient/{Sample.Id()}", Sample.Patient("another"))).IsRefused(400);
        (await server.PutAsync($"Patient/{Sample.Id()}", Sample.Patient())).IsRefused(400);
    }

    [Theory]
    [InlineData("W/\"1\"", 200)]
    [InlineData("\"1\"", 200)]
    [InlineData("W/\"7\", W/\"1\"", 200)]
    [InlineData("W/\"2\"", 412)]
    [InlineData("\"abc\"", 412)]
    [InlineData("W/\"01\"", 412)]
    [InlineData("*", 200)]
    [InlineData("", 400)]
    [InlineData("1", 400)]
    [InlineData("W/\"1", 400)]
    public async Task If_Match(string tags, int status)
    {
        var id = Sample.Id();
        await server.PutAsync($"Patient/{id}", Sample.Patient(id));
        var answer = await server.PutAsync($"Patient/{id}", Sample.Patient(id, "Huber"), $"If-Match: {tags}");
        Assert.Equal(status, answer.Status);
        if (status != 200) answer.IsRefused(status);
    }

    [Fact]
    public async Task If_Match_on_what_does_not_exist_is_412()
    {
        (await server.PutAsync("Patient/never", Sample.Patient("never"), "If-Match: W/\"1\"")).IsRefused(412);
        (await server.PutAsync("Patient/never", Sample.Patient("never"), "If-Match: *")).IsRefused(412);
    }

    [Fact]
    public async Task A_long_header_is_cut_between_characters()
    {
        var id = Sample.Id();
        // The pair of surrogates stands across the 500th character.
        Assert.Equal(201, (await server.PutAsync($"Patient/{id}", Sample.Patient(id), $"X-Provenance-Reason: {new string('a', 499)}\U0001F600")).Status);
    }

    [Fact]
    public async Task If_None_Match_star_creates_once()
    {
        var id = Sample.Id();
        Assert.Equal(201, (await server.PutAsync($"Patient/{id}", Sample.Patient(id), "If-None-Match: *")).Status);
        (await server.PutAsync($"Patient/{id}", Sample.Patient(id, "Huber"), "If-None-Match: *")).IsRefused(412);
        (await server.PutAsync($"Patient/{id}", Sample.Patient(id, "Huber"), "If-None-Match: W/\"1\"")).IsRefused(400);
    }

    [Fact]
    public async Task Of_20_parallel_updates_of_one_version_one_wins()
    {
        var id = Sample.Id();
        await server.PutAsync($"Patient/{id}", Sample.Patient(id));
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(number =>
            server.PutAsync($"Patient/{id}", Sample.Patient(id, $"N{number}"), "If-Match: W/\"1\"")));
        Assert.Equal(1, answers.Count(answer => answer.Status == 200));
        Assert.Equal(19, answers.Count(answer => answer.Status == 412));
        Assert.Equal("W/\"2\"", (await server.GetAsync($"Patient/{id}")).ETag);
    }

    [Fact]
    public async Task Of_20_parallel_updates_without_condition_all_become_versions()
    {
        var id = Sample.Id();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(number => server.PutAsync($"Patient/{id}", Sample.Patient(id, $"N{number}"))));
        Assert.Equal(Enumerable.Range(1, 20).Select(number => $"W/\"{number}\"").Order(), answers.Select(answer => answer.ETag).Order());
        Assert.Equal(1, answers.Count(answer => answer.Status == 201));
    }
}

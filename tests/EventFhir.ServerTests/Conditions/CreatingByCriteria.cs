using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests.Conditions;

/// <summary>POST [base]/Type with If-None-Exist.</summary>
public sealed class CreatingByCriteria(RunningServer server) : IClassFixture<RunningServer>
{
    [Fact]
    public async Task A_resource_is_created_once()
    {
        var number = Sample.Id();
        var first = await CreateAsync(number, $"identifier=urn:n|{number}");
        var again = await CreateAsync(number, $"identifier=urn:n|{number}");
        Assert.Equal((201, 200), (first.Status, again.Status));
        Assert.Equal((first.Text, first.ETag, first.Headers["Location"]), (again.Text, again.ETag, again.Headers["Location"]));
        Assert.Equal("", (await CreateAsync(number, $"identifier=urn:n|{number}", "Prefer: return=minimal")).Text);
        Assert.Equal(1, await CountAsync(number));
    }

    [Fact]
    public async Task Several_matches_are_412()
    {
        var number = Sample.Id();
        await server.PostAsync("Patient", Numbered.Patient(number));
        await server.PostAsync("Patient", Numbered.Patient(number));
        (await CreateAsync(number, $"identifier=urn:n|{number}")).IsRefused(412);
        Assert.Equal(2, await CountAsync(number));
    }

    [Fact]
    public async Task What_was_deleted_does_not_count()
    {
        var number = Sample.Id();
        var first = await CreateAsync(number, $"identifier=urn:n|{number}");
        await server.DeleteAsync($"Patient/{first.Id}");
        Assert.Equal(201, (await CreateAsync(number, $"identifier=urn:n|{number}")).Status);
    }

    [Fact]
    public async Task Any_search_can_be_the_criteria()
    {
        var number = Sample.Id();
        await server.PostAsync("Patient", Numbered.Patient(number));
        var criteria = $"?identifier=urn%3An%7C{number}&family=meier&birthdate=ge1900-01-01";
        Assert.Equal(200, (await CreateAsync(number, criteria)).Status);
        Assert.Equal(201, (await CreateAsync(number, criteria.Replace("meier", "huber", StringComparison.Ordinal))).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?")]
    [InlineData("identifier=")]
    [InlineData("identifier=a|b&family=")]
    [InlineData("unknown=1")]
    [InlineData("identifier=a|b&unknown=1")]
    [InlineData("identifier:wrong=a|b")]
    [InlineData("_count=5")]
    [InlineData("identifier=a|b&_sort=_id")]
    [InlineData("identifier=a|b&_format=json")]
    public async Task Criteria_that_say_nothing_or_are_not_understood_are_refused(string criteria)
    {
        (await CreateAsync("x", criteria)).IsRefused(400);
        (await CreateAsync("x", criteria, "Prefer: handling=lenient")).IsRefused(400);
    }

    [Fact]
    public async Task It_does_not_go_with_other_conditions()
    {
        (await CreateAsync("x", "identifier=a|b", "If-Match: W/\"1\"")).IsRefused(400);
        (await server.PutAsync("Patient/x", Sample.Patient("x"), "If-None-Exist: identifier=a|b")).IsRefused(400);
    }

    [Fact]
    public async Task The_body_is_checked_before_anything_is_looked_for()
    {
        var number = Sample.Id();
        await server.PostAsync("Patient", Numbered.Patient(number));
        const string Invalid = """{"resourceType":"Patient","gender":"mail"}""";
        (await server.PostAsync("Patient", Invalid, $"If-None-Exist: identifier=urn:n|{number}")).IsRefused(422);
    }

    private Task<HttpAnswer> CreateAsync(string number, string criteria, params string[] headers) =>
        server.PostAsync("Patient", Numbered.Patient(number), [$"If-None-Exist: {criteria}", .. headers]);

    private async Task<int> CountAsync(string number) =>
        (int)(await server.GetAsync($"Patient?identifier=urn:n|{number}&_summary=count")).Json["total"]!;
}

using EventFhir.ServerTests.Running;

using Xunit;

using static EventFhir.ServerTests.Bundles.Bundled;

namespace EventFhir.ServerTests.Bundles;

/// <summary>Conditional entries and conditional references of transactions (R4 http.html#trules).</summary>
public sealed class TransactionsByCriteria(RunningServer server) : IClassFixture<RunningServer>
{
    private readonly string number = Sample.Id();

    [Fact]
    public async Task A_create_by_criteria_creates_once_and_links_lead_to_what_there_is()
    {
        var patient = Uuid();
        var bundle = Transaction(Post(patient, Numbered(), IfNoneExist(Criteria)), Post(Uuid(), ObservationOf(patient)));
        var (first, second) = (await server.PostAsync("", bundle), await server.PostAsync("", bundle));
        Assert.Equal(["201", "201"], Enumerable.Range(0, 2).Select(first.StatusOf));
        Assert.Equal(["200", "201"], Enumerable.Range(0, 2).Select(second.StatusOf));
        Assert.Equal(first.KeyOf(0), second.KeyOf(0));
        Assert.Equal(first.KeyOf(0), await SubjectOf(second.KeyOf(1)));
    }

    [Fact]
    public async Task A_reference_by_criteria_leads_to_the_one_resource_that_meets_them()
    {
        var patient = (await server.PostAsync("Patient", Numbered())).Id;
        var answer = await server.PostAsync("", Transaction(Post(Uuid(), ObservationOf($"Patient?{Criteria}")), Post(Uuid(), ObservationOf($"Patient?{Criteria}"))));
        Assert.Equal(200, answer.Status);
        Assert.Equal($"Patient/{patient}", await SubjectOf(answer.KeyOf(0)));
        Assert.Equal($"Patient/{patient}", await SubjectOf(answer.KeyOf(1)));
    }

    [Fact]
    public async Task A_reference_by_criteria_that_nothing_or_too_much_meets_is_412_at_its_entry()
    {
        var bundle = Transaction(Post(Uuid(), Sample.Patient()), Post(Uuid(), ObservationOf($"Patient?{Criteria}")));
        Assert.Equal(["Bundle.entry[1].resource.subject.reference"], (await server.PostAsync("", bundle)).IsRefused(412).Expressions());
        await server.PostAsync("Patient", Numbered());
        await server.PostAsync("Patient", Numbered());
        Assert.Equal("multiple-matches", (await server.PostAsync("", bundle)).IsRefused(412).IssueCode);
    }

    [Fact]
    public async Task References_by_criteria_see_what_the_transaction_creates_and_not_what_it_deletes()
    {
        var old = (await server.PostAsync("Patient", Numbered())).Id;
        var answer = await server.PostAsync("", Transaction(
            Post(Uuid(), ObservationOf($"Patient?{Criteria}")), Post(Uuid(), Numbered()), Only("DELETE", $"Patient/{old}")));
        Assert.Equal(200, answer.Status);
        Assert.Equal(answer.KeyOf(1), await SubjectOf(answer.KeyOf(0)));
    }

    [Fact]
    public async Task A_delete_comes_before_a_create_by_criteria()
    {
        var old = (await server.PostAsync("Patient", Numbered())).Id;
        var answer = await server.PostAsync("", Transaction(Post(Uuid(), Numbered(), IfNoneExist(Criteria)), Only("DELETE", $"Patient/{old}")));
        Assert.Equal(["201", "204"], Enumerable.Range(0, 2).Select(answer.StatusOf));
    }

    [Fact]
    public async Task Updates_and_deletes_by_criteria_find_their_resource()
    {
        var updated = await server.PostAsync("", Transaction(Put($"Patient?{Criteria}", Numbered())));
        Assert.Equal("201", updated.StatusOf(0));
        var again = await server.PostAsync("", Transaction(Put($"Patient?{Criteria}", Numbered("Neu"))));
        Assert.Equal(("200", updated.KeyOf(0)), (again.StatusOf(0), again.KeyOf(0)));
        var deleted = await server.PostAsync("", Transaction(Only("DELETE", $"Patient?{Criteria}")));
        Assert.Equal("204", deleted.StatusOf(0));
        (await server.GetAsync(updated.KeyOf(0))).IsRefused(410);
        Assert.Equal("204", (await server.PostAsync("", Transaction(Only("DELETE", $"Patient?{Criteria}")))).StatusOf(0));
    }

    [Fact]
    public async Task Identities_that_overlap_by_criteria_are_refused()
    {
        var id = (await server.PostAsync("Patient", Numbered())).Id;
        var overlapping = await server.PostAsync("", Transaction(Put($"Patient?{Criteria}", Numbered()), Put($"Patient/{id}", Sample.Patient(id))));
        Assert.Equal(["Bundle.entry[1].request.url"], overlapping.IsRefused(400).Expressions());
        var twice = await server.PostAsync("", Transaction(Post(Uuid(), Numbered(), IfNoneExist("identifier=x")), Post(Uuid(), Numbered(), IfNoneExist("identifier=x"))));
        Assert.Equal(["Bundle.entry[1].request.ifNoneExist"], twice.IsRefused(400).Expressions());
    }

    [Fact]
    public async Task Criteria_that_cannot_be_read_are_refused()
    {
        (await server.PostAsync("", Transaction(Post(Uuid(), Numbered(), IfNoneExist("nonsense=1"))))).IsRefused(400);
        Assert.Equal(["Bundle.entry[0].resource.subject.reference"],
            (await server.PostAsync("", Transaction(Post(Uuid(), ObservationOf("Patient?nonsense=1"))))).IsRefused(400).Expressions());
    }

    [Fact]
    public async Task Parallel_transactions_with_the_same_criteria_create_one_resource()
    {
        var bundle = Transaction(Post(Uuid(), Numbered(), IfNoneExist(Criteria)), Post(Uuid(), Sample.Patient()));
        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => server.PostAsync("", bundle)));
        Assert.All(answers, answer => Assert.Equal(200, answer.Status));
        Assert.Single(answers, answer => answer.StatusOf(0) == "201");
        Assert.Single(answers.Select(answer => answer.KeyOf(0)).Distinct());
    }

    [Fact]
    public async Task A_batch_creates_by_criteria_too()
    {
        var bundle = Batch(Post(Uuid(), Numbered(), IfNoneExist(Criteria)));
        Assert.Equal("201", (await server.PostAsync("", bundle)).StatusOf(0));
        Assert.Equal("200", (await server.PostAsync("", bundle)).StatusOf(0));
    }

    private string Criteria => $"identifier=http://a.b/bundles|{number}";

    private static string IfNoneExist(string criteria) => $",\"ifNoneExist\":\"{criteria}\"";

    private string Numbered(string family = "Meier") =>
        $$"""{"resourceType":"Patient","identifier":[{"system":"http://a.b/bundles","value":"{{number}}"}],"name":[{"family":"{{family}}"}]}""";

    private async Task<string?> SubjectOf(string key) => (string?)(await server.GetAsync(key)).Json["subject"]!["reference"];
}

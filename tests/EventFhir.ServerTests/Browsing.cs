using System.Net;
using System.Text.RegularExpressions;

using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests;

/// <summary>Pages for people with a browser.</summary>
public sealed partial class Browsing(RunningServer server) : IClassFixture<RunningServer>
{
    /// <summary>What browsers send.</summary>
    private const string Browser = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";

    [Fact]
    public async Task A_resource_is_a_page_with_its_narrative_its_json_and_its_history()
    {
        var id = await CreateAsync("Patient", Narrated("<p>Ada <b>Meier</b><br/>\u00fc</p>"));
        var page = await PageAsync($"Patient/{id}");
        Assert.Contains($"<title>Patient/{id}</title>", page, StringComparison.Ordinal);
        Assert.Contains("<p>Ada <b>Meier</b><br>ü</p>", page, StringComparison.Ordinal);
        Assert.Contains("<span class=\"k\">\"birthDate\"</span>: <span class=\"s\">\"1990-02-03\"</span>", page, StringComparison.Ordinal);
        Assert.Contains($"<a href=\"{Base}/Patient/{id}/_history\">history</a>", page, StringComparison.Ordinal);
        var json = await server.GetAsync(LinkNamed(page, "JSON"), Browser);
        Assert.Equal((200, id), (json.Status, json.Id));
        Assert.StartsWith("application/fhir+xml", (await server.GetAsync(LinkNamed(page, "XML"), Browser)).Headers["Content-Type"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_in_the_data_becomes_markup()
    {
        var hostile = "<![CDATA[ > <script>alert(1)</script>]]><!-- > <script>alert(2)</script> --><p style=\\\"position:fixed\\\" title=\\\"&quot;&gt;&lt;script&gt;\\\">x</p>";
        var id = await CreateAsync("Patient", Narrated(hostile, family: "</pre><script>alert(3)</script>"));
        foreach (var path in new[] { $"Patient/{id}", $"Patient/{id}/_history", "Patient?family:contains=script", "Patient?_id=%22%3E%3Cscript%3E", "Patient/%22%3E%3Cscript%3E" })
        {
            var answer = await server.GetAsync(path, Browser);
            Assert.DoesNotContain("<script", answer.Text, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("style=\"", answer.Text, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task The_policy_lets_no_script_run_and_only_the_own_style_apply()
    {
        var answer = await server.GetAsync("metadata", Browser);
        var policy = answer.Headers["Content-Security-Policy"];
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        var style = Style().Match(answer.Text).Groups[1].Value;
        var hash = Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(style)));
        Assert.Contains($"'sha256-{hash}'", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", answer.Headers["X-Content-Type-Options"]);
    }

    [Fact]
    public async Task References_can_be_followed()
    {
        var patient = await CreateAsync("Patient", Sample.Patient());
        var observation = Sample.Observation().Replace("\"code\"", $"\"subject\":{{\"reference\":\"Patient/{patient}\"}},\"code\"", StringComparison.Ordinal);
        var page = await PageAsync($"Observation/{await CreateAsync("Observation", observation)}");
        Assert.Equal($"{Base}/Patient/{patient}", LinkNamed(page, $"Patient/{patient}"));
    }

    [Fact]
    public async Task Pages_of_a_search_lead_on_and_its_entries_to_the_resources()
    {
        var ids = new[] { await CreateAsync("Patient", Sample.Patient(family: "Blatt")), await CreateAsync("Patient", Sample.Patient(family: "Blatt")) };
        var first = await PageAsync("Patient?family=Blatt&_count=1&_sort=_lastUpdated");
        Assert.Contains("2 in total", first, StringComparison.Ordinal);
        Assert.Equal($"{Base}/Patient/{ids[0]}", LinkNamed(first, $"Patient/{ids[0]}"));
        var second = await PageAsync(LinkNamed(first, "next"));
        Assert.Equal($"{Base}/Patient/{ids[1]}", LinkNamed(second, $"Patient/{ids[1]}"));
    }

    [Fact]
    public async Task A_history_leads_to_its_versions()
    {
        var id = await CreateAsync("Patient", Sample.Patient());
        await server.PutAsync($"Patient/{id}", Sample.Patient(id, "Neu"));
        await server.DeleteAsync($"Patient/{id}");
        var page = await PageAsync($"Patient/{id}/_history");
        Assert.Contains($"<a href=\"{Base}/Patient/{id}/_history/2\">", page, StringComparison.Ordinal);
        Assert.Contains("DELETE", page, StringComparison.Ordinal);
        Assert.Contains("Neu", await PageAsync($"Patient/{id}/_history/2"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_relative_link_in_a_narrative_is_relative_to_the_base()
    {
        var page = await PageAsync($"Patient/{await CreateAsync("Patient", Narrated("<p><a href=\\\"Organization/7\\\">ward</a></p>"))}");
        Assert.Equal($"{Base}/Organization/7", LinkNamed(page, "ward"));
    }

    [Fact]
    public async Task A_table_says_what_each_resource_is_about_and_what_became_of_each_entry()
    {
        var id = await CreateAsync("Patient", Sample.Patient(family: "Tabelle"));
        Assert.Matches($"Patient/{id}</a></td><td>[^<]*Tabelle</td>", await PageAsync($"Patient?_id={id}"));
        var answer = await server.PostAsync("", Bundles.Bundled.Batch(Bundles.Bundled.Only("DELETE", $"Patient/{id}")), Browser);
        Assert.Contains("204", Regex.Match(answer.Text, "<table>.*?</table>", RegexOptions.Singleline).Value, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_CapabilityStatement_leads_to_every_type()
    {
        var page = await PageAsync("metadata");
        Assert.Equal($"{Base}/Observation", LinkNamed(page, "Observation"));
        Assert.Contains("combo-code-value-quantity", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Errors_are_pages_too()
    {
        var answer = await server.GetAsync("Patient/nobody", Browser);
        Assert.Equal((404, "text/html; charset=utf-8"), (answer.Status, answer.Headers["Content-Type"]));
        Assert.Contains("There is no such resource or version.", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_may_be_asked_for_by_format_and_is_kept_from_page_to_page()
    {
        await CreateAsync("Patient", Sample.Patient(family: "Format"));
        await CreateAsync("Patient", Sample.Patient(family: "Format"));
        var answer = await server.GetAsync("Patient?family=Format&_count=1&_format=html", "Accept: application/fhir+json");
        Assert.StartsWith("text/html", answer.Headers["Content-Type"], StringComparison.Ordinal);
        Assert.Contains("_format=html", LinkNamed(answer.Text, "next"), StringComparison.Ordinal);
        Assert.Equal($"{Base}/Patient?family=Format&_count=1&_format=json", LinkNamed(answer.Text, "JSON"));
    }

    [Fact]
    public async Task What_is_too_long_to_be_looked_at_is_a_link()
    {
        var photo = new string('A', 3 * 1024 * 1024);
        var id = await CreateAsync("Patient", $"{{\"resourceType\":\"Patient\",\"photo\":[{{\"contentType\":\"image/png\",\"data\":\"{photo}\"}}]}}");
        var page = await PageAsync($"Patient/{id}");
        Assert.True(page.Length < 10_000);
        Assert.Contains("too long to be shown", page, StringComparison.Ordinal);
    }

    private string Base => server.Http.BaseAddress!.ToString().TrimEnd('/');

    private async Task<string> CreateAsync(string type, string json)
    {
        var created = await server.PostAsync(type, json);
        Assert.Equal(201, created.Status);
        return created.Id;
    }

    private async Task<string> PageAsync(string path)
    {
        var answer = await server.GetAsync(path, Browser);
        Assert.Equal((200, "text/html; charset=utf-8"), (answer.Status, answer.Headers["Content-Type"]));
        return answer.Text;
    }

    private static string LinkNamed(string page, string name) =>
        WebUtility.HtmlDecode(Regex.Match(page, $"<a href=\"([^\"]*)\">{Regex.Escape(name)}</a>").Groups[1].Value);

    private static string Narrated(string content, string family = "Meier") => Sample.Patient(family: family).Replace(
        "\"name\"",
        $"\"text\":{{\"status\":\"generated\",\"div\":\"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\">{content}</div>\"}},\"name\"",
        StringComparison.Ordinal);

    [GeneratedRegex("<style>(.*?)</style>", RegexOptions.Singleline)]
    private static partial Regex Style();
}

using Xunit;

namespace EventFhir.PostgresTests.Specification;

/// <summary>The examples of R4 search.html#recursive, #versions and #mimetype: :above and :below on references, canonicals and media types.</summary>
public sealed class Hierarchies(Shelf shelf) : IClassFixture<Shelf>
{
    private static readonly string[] Resources =
    [
        Location("42", null), Location("ward", "42"), Location("bed", "http://here/fhir/Location/ward/_history/1"), Location("other", null),
        // Circles and parents that are not stored must end a walk, not break it.
        Location("chicken", "egg"), Location("egg", "chicken"), Location("orphan", "nowhere"),
        Procedure("inBuilding", "42"), Procedure("inWard", "ward"), Procedure("inBed", "bed"), Procedure("elsewhere", "other"), Procedure("circular", "egg"), Procedure("lost", "nowhere"),
        """{"resourceType":"Encounter","id":"stay","status":"finished","class":{"code":"IMP"}}""",
        """{"resourceType":"Encounter","id":"21","status":"finished","class":{"code":"IMP"},"partOf":{"reference":"Encounter/stay"}}""",
        """{"resourceType":"Encounter","id":"visit","status":"finished","class":{"code":"IMP"},"partOf":{"reference":"Encounter/21"}}""",
        Administration("duringStay", "Encounter/stay"), Administration("during21", "Encounter/21"), Administration("duringVisit", "Encounter/visit"),
        """{"resourceType":"CarePlan","id":"whole","status":"active","intent":"plan","subject":{"reference":"Patient/x"}}""",
        """{"resourceType":"CarePlan","id":"part","status":"active","intent":"plan","subject":{"reference":"Patient/x"},"partOf":[{"reference":"CarePlan/whole"},{"reference":"CarePlan/second"}]}""",
        """{"resourceType":"CarePlan","id":"piece","status":"active","intent":"plan","subject":{"reference":"Patient/x"},"partOf":[{"reference":"CarePlan/part"}]}""",
        Response("none", "http://acme.com/some-profile"), Response("v10", "http://acme.com/some-profile|1.0"), Response("v11", "http://acme.com/some-profile|1.1"),
        Response("v1", "http://acme.com/some-profile|1"), Response("v12", "http://acme.com/some-profile|12"), Response("v2", "http://acme.com/some-profile|2.0"), Response("more", "http://acme.com/some-profile/more|1.0"),
        Document("plain", "text/xml"), Document("charset", "text/xml; charset=UTF-8"), Document("tight", "TEXT/XML;charset=UTF-8"), Document("longer", "text/xml-dtd"),
        Document("png", "image/png"), Document("jpeg", "image/jpeg"),
    ];

    [Theory]
    [InlineData("Procedure", "location:below=42", "inBuilding inWard inBed")]
    [InlineData("Procedure", "location:below=Location/ward", "inWard inBed")]
    [InlineData("Procedure", "location:below=http://here/fhir/Location/bed", "inBed")]
    [InlineData("Procedure", "location:above=bed", "inBuilding inWard inBed")]
    [InlineData("Procedure", "location:above=42", "inBuilding")]
    [InlineData("Procedure", "location:below=chicken", "circular")]
    [InlineData("Procedure", "location:above=orphan", "lost")]
    [InlineData("Procedure", "location:below=nowhere,other", "elsewhere lost")]
    [InlineData("Procedure", "location:below=nobody", "")]
    [InlineData("Location", "partof:below=42", "ward bed")]
    [InlineData("Location", "partof:above=ward", "ward bed")]
    [InlineData("MedicationAdministration", "context:above=Encounter/21", "during21 duringStay")]
    [InlineData("MedicationAdministration", "context:below=21", "during21 duringVisit")]
    [InlineData("CarePlan", "part-of:below=whole", "part piece")]
    [InlineData("CarePlan", "part-of:above=piece", "part piece")]
    [InlineData("CarePlan", "part-of:above=second", "part")]
    public async Task Are_searched_above_and_below_a_place(string type, string query, string expected)
    {
        await shelf.HoldsAsync(Resources);
        await shelf.FindsAsync(type, query, expected);
    }

    [Theory]
    [InlineData("questionnaire:below=http://acme.com/some-profile", "none v1 v10 v11 v12 v2")]
    [InlineData("questionnaire:below=http://acme.com/some-profile|1", "v1 v10 v11")]
    [InlineData("questionnaire:below=http://acme.com/some-profile|1.0", "v10")]
    [InlineData("questionnaire:below=http://acme.com/some-profile|3", "")]
    [InlineData("questionnaire=http://acme.com/some-profile|1", "v1")]
    public async Task Versions_lie_below_a_canonical_url(string query, string expected)
    {
        await shelf.HoldsAsync(Resources);
        await shelf.FindsAsync("QuestionnaireResponse", query, expected);
    }

    [Theory]
    [InlineData("contenttype=text/xml", "plain")]
    [InlineData("contenttype:below=text/xml", "plain charset tight")]
    [InlineData("contenttype:below=Text/XML", "plain charset tight")]
    [InlineData("contenttype:below=image", "png jpeg")]
    [InlineData("contenttype:below=image,text/xml-dtd", "png jpeg longer")]
    public async Task Parameters_lie_below_a_media_type(string query, string expected)
    {
        await shelf.HoldsAsync(Resources);
        await shelf.FindsAsync("DocumentReference", query, expected);
    }

    [Theory]
    [InlineData("Procedure", "location:below=http://else.where/Location/1")]
    [InlineData("Procedure", "patient:below=1")]
    [InlineData("QuestionnaireResponse", "questionnaire:below=http://acme.com/some-profile|")]
    [InlineData("QuestionnaireResponse", "questionnaire:above=http://acme.com/some-profile")]
    public void What_makes_no_hierarchy_is_refused(string type, string query) => Shelf.IsRefused(type, query);

    private static string Location(string id, string? parent) =>
        $$$"""{"resourceType":"Location","id":"{{{id}}}"{{{(parent is null ? "" : $",\"partOf\":{{\"reference\":\"{(parent.Contains(':') ? parent : "Location/" + parent)}\"}}")}}}}""";

    private static string Procedure(string id, string location) =>
        $$$"""{"resourceType":"Procedure","id":"{{{id}}}","status":"completed","subject":{"reference":"Patient/x"},"location":{"reference":"Location/{{{location}}}"}}""";

    private static string Administration(string id, string context) =>
        $$$"""
        {"resourceType":"MedicationAdministration","id":"{{{id}}}","status":"completed","medicationCodeableConcept":{"text":"x"},"subject":{"reference":"Patient/x"},
         "context":{"reference":"{{{context}}}"},"effectiveDateTime":"2020"}
        """;

    private static string Response(string id, string questionnaire) => $$"""{"resourceType":"QuestionnaireResponse","id":"{{id}}","status":"completed","questionnaire":"{{questionnaire}}"}""";

    private static string Document(string id, string type) =>
        $$$"""{"resourceType":"DocumentReference","id":"{{{id}}}","status":"current","content":[{"attachment":{"contentType":"{{{type}}}","title":"x"}}]}""";
}

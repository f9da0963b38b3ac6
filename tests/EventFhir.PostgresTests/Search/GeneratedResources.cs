using System.Globalization;

using EventFhir.Model.Elements;

namespace EventFhir.PostgresTests.Search;

/// <summary>Resources with what the official examples hold too little of.</summary>
internal static class GeneratedResources
{
    /// <summary>Observations of all sorts of subject, with and without the parts of composites.</summary>
    public static IEnumerable<Resource> Subjects()
    {
        string[] subjects =
        [
            """{"reference":"Patient/example"}""", """{"reference":"Patient/nobody/_history/2"}""", """{"reference":"Group/101"}""",
            """{"reference":"http://there/fhir/Patient/1"}""", """{"reference":"http://there/fhir/Device/1/_history/3"}""",
            """{"reference":"urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7","type":"Patient"}""", """{"reference":"#own"}""",
            """{"type":"Patient","identifier":{"value":"x"}}""", """{"display":"somebody"}""",
        ];
        string[] codes = ["""{"text":"only text"}""", """{"coding":[{"code":"a"}]}""", """{"coding":[{"system":"http://s","display":"no code"}]}"""];
        string[] values = ["", ""","valueString":"text" """, ""","valueQuantity":{"value":5}""", ""","valueCodeableConcept":{"text":"text"}"""];
        for (var number = 0; number < 60; number++)
        {
            var subject = subjects[number % subjects.Length];
            var contained = subject.Contains('#', StringComparison.Ordinal) ? ",\"contained\":[{\"resourceType\":\"Patient\",\"id\":\"own\"}]" : "";
            yield return SearchFixture.Read(
                $$$"""
                {"resourceType":"Observation","id":"subject{{{number}}}"{{{contained}}},"status":"final","subject":{{{subject}}},
                 "code":{{{codes[number % 3]}}}{{{values[number % 4]}}},
                 "component":[{"code":{{{codes[number / 3 % 3]}}}{{{values[number / 4 % 4]}}}}]}
                """);
        }
    }

    /// <summary>Descriptions around and beyond the length at which the index cuts strings, of letters that fold to more and to fewer.</summary>
    public static IEnumerable<Resource> LongStrings()
    {
        string[] pieces = ["Straße ", "Ünïcode-", "ﬁle, ", "plain words ", "\U0001F600 ", "Ａｂ", "ćçě.", "(x)"];
        var random = new Random(20261121);
        for (var number = 0; number < 40; number++)
        {
            var length = number % 4 == 0 ? 250 + (number / 4) : random.Next(200, 5_000);
            var text = new System.Text.StringBuilder();
            while (text.Length < length) text.Append(pieces[random.Next(pieces.Length)]).Append(random.Next(10_000));
            yield return SearchFixture.Read($$"""{"resourceType":"PlanDefinition","id":"long{{number}}","status":"draft","description":"{{text}}","title":"{{text}}"}""");
        }
    }

    /// <summary>Locations in a few towns, all over Earth, around the poles and beside the antimeridian.</summary>
    public static IEnumerable<Resource> Places()
    {
        var random = new Random(20261121);
        (double Latitude, double Longitude, double Spread)[] centres = [(52.5, 13.4, 1), (0, 180, 2), (-17, -179.5, 1), (90, 0, 3), (-88, 40, 2), (0, 0, 180)];
        for (var number = 0; number < 120; number++)
        {
            var centre = centres[number % centres.Length];
            var latitude = Math.Clamp(centre.Latitude + ((random.NextDouble() - 0.5) * centre.Spread), -90, 90);
            var longitude = Math.IEEERemainder(centre.Longitude + ((random.NextDouble() - 0.5) * centre.Spread * (Math.Abs(centre.Latitude) > 80 ? 120 : 2)), 360);
            yield return SearchFixture.Read(string.Create(CultureInfo.InvariantCulture,
                $$$"""{"resourceType":"Location","id":"place{{{number}}}","position":{"latitude":{{{latitude:0.0000}}},"longitude":{{{longitude:0.0000}}}}}"""));
        }
    }

    /// <summary>Questionnaires in two versions and in none, and responses that name them by URL, with version and without.</summary>
    public static IEnumerable<Resource> Questionnaires()
    {
        yield return Questionnaire("q1", "http://q", ",\"version\":\"1\"", "first");
        yield return Questionnaire("q2", "http://q", ",\"version\":\"2\"", "second");
        yield return Questionnaire("plain", "http://plain", "", "plain");
        yield return Response("one", "http://q|1");
        yield return Response("two", "http://q|2");
        yield return Response("any", "http://q");
        yield return Response("lost", "http://q|3");
        yield return Response("plain", "http://plain");
    }

    /// <summary>Locations, encounters and care plans that are parts of each other, in circles too, and what refers to them; versions of one canonical
    /// URL; media types.</summary>
    public static IEnumerable<Resource> Hierarchies()
    {
        var random = new Random(20261121);
        for (var number = 0; number < 24; number++)
        {
            var (parent, other) = (random.Next(26), random.Next(26));
            yield return SearchFixture.Read($$$"""{"resourceType":"Location","id":"tree{{{number}}}","partOf":{"reference":"Location/tree{{{parent}}}"}}""");
            yield return SearchFixture.Read($$$"""{"resourceType":"Encounter","id":"tree{{{number}}}","status":"finished","class":{"code":"x"},"partOf":{"reference":"Encounter/tree{{{number / 2}}}"},"location":[{"location":{"reference":"Location/tree{{{other}}}"}}]}""");
            yield return SearchFixture.Read(
                $$$"""
                {"resourceType":"CarePlan","id":"tree{{{number}}}","status":"active","intent":"plan","subject":{"reference":"Patient/example"},
                 "encounter":{"reference":"Encounter/tree{{{other}}}"},"partOf":[{"reference":"CarePlan/tree{{{parent}}}"},{"reference":"CarePlan/tree{{{number / 3}}}"}]}
                """);
            yield return Response($"version{number}", $"http://v{(number % 4 == 0 ? "" : $"|{random.Next(1, 3)}{(number % 4 == 1 ? "" : $".{random.Next(12)}")}")}");
            yield return SearchFixture.Read(
                $$$"""{"resourceType":"DocumentReference","id":"media{{{number}}}","status":"current","content":[{"attachment":{"title":"x","contentType":"{{{(number % 2 == 0 ? "text" : "image")}}}/{{{(number % 3 == 0 ? "xml" : "png")}}}{{{(number % 5 == 0 ? "; charset=UTF-8" : "")}}}"}}]}""");
        }
    }

    private static Resource Questionnaire(string id, string url, string version, string title) => SearchFixture.Read(
        $$$"""{"resourceType":"Questionnaire","id":"{{{id}}}","url":"{{{url}}}"{{{version}}},"title":"{{{title}}}","status":"active"}""");

    private static Resource Response(string id, string questionnaire) => SearchFixture.Read(
        $$$"""{"resourceType":"QuestionnaireResponse","id":"{{{id}}}","questionnaire":"{{{questionnaire}}}","status":"completed"}""");
}

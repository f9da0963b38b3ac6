using System.Text;

using EventFhir.Model.Definitions;

namespace EventFhir.ServerTests.Hostile;

/// <summary>
/// Searches that nobody means well by: grammar turned inside out, what has broken other servers, and noise. The same number is the same request.
/// </summary>
internal static class HostileRequests
{
    private static readonly string[] Types =
        ["Patient", "Patient", "Observation", "Observation", "Encounter", "Location", "ValueSet", "DocumentReference", "RiskAssessment", "MolecularSequence", "Basic"];

    private static readonly string[] Prefixes = ["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap", "po", "EQ", "eqeq", "-"];

    private static readonly string[] Modifiers =
    [
        "missing", "exact", "contains", "text", "not", "above", "below", "in", "not-in", "of-type", "identifier", "code-text", "iterate", "Patient",
        "Nobody", "", "exact:exact", "missing:missing", "[type]", "EXACT", "not:not", "Patient:identifier", "text-advanced", "Patient.name", "\0",
    ];

    public static HostileRequest Of(int number)
    {
        var random = new Random(number);
        var type = Pick(random, Types);
        var (kind, query) = (number % 16) switch
        {
            0 => ("injection", Parameter(random, type) + "=" + Encode(Pick(random, HostileTexts.Injections), random)),
            1 => ("encoding", Parameter(random, type) + "=" + string.Concat(Several(random, HostileTexts.Encodings, 6))),
            2 => ("number", OfType(random, type, random.Next(2) == 0 ? SearchParameterType.Quantity : SearchParameterType.Number) + "=" + Encode(Pick(random, Prefixes) + Pick(random, HostileTexts.Numbers) + Pick(random, HostileTexts.Units), random)),
            3 => ("date", OfType(random, type, SearchParameterType.Date) + "=" + Encode(Pick(random, Prefixes) + Pick(random, HostileTexts.Dates), random)),
            4 => ("chain", Chain(random)),
            5 => ("list", Parameter(random, type) + "=" + Repeat(Pick(random, [",", "a,", "a\\,", "\\", "|,", "$,", "http://x|,", "ge2020,", "5||mg,", "Patient/x,"]), random.Next(1, 3_000))),
            6 => ("pattern", Parameter(random, type) + Pick(random, ["", ":contains", ":exact", ":text", ":below", ":code-text"]) + "=" + Encode(Pick(random, HostileTexts.Patterns), random)),
            7 => ("folding", OfType(random, type, SearchParameterType.String) + Pick(random, ["", ":exact", ":contains"]) + "=" + Encode(Pick(random, HostileTexts.Foldings), random)),
            8 => ("escape", Parameter(random, type) + "=" + Encode(string.Concat(Several(random, ["\\", "\\\\", "\\,", "\\$", "\\|", "$", "|", ",", "x", "\\x", "\"", "'"], 12)), random)),
            9 => ("repeat", string.Join('&', Enumerable.Repeat(Parameter(random, type) + "=" + Pick(random, ["x", "true", "1", "2020", ""]), random.Next(2, 400)))),
            10 => ("filter", "_filter=" + Encode(Filter(random), random)),
            11 => ("result", string.Join('&', Several(random, HostileTexts.Results, 4))),
            12 => ("modifier", Pick(random, HostileTexts.Names) + ":" + Encode(Pick(random, Modifiers), random) + "=" + Encode(Pick(random, HostileTexts.Values), random)),
            13 => ("reference", Pick(random, ["subject", "patient", "_has:Observation:subject:subject", "subject:identifier", "link", "_profile"]) + "=" + Encode(Pick(random, HostileTexts.References), random)),
            14 => ("mutation", Mutate(random)),
            _ => ("noise", Noise(random)),
        };
        return Request(random, type, kind, query);
    }

    private static HostileRequest Request(Random random, string type, string kind, string query)
    {
        var path = random.Next(12) switch
        {
            0 => "/fhir",
            1 => "/fhir/Patient/p1/" + Pick(random, ["*", type, "%2a", "Nobody", "..", "*/*"]),
            2 => "/fhir/" + Pick(random, HostileTexts.Paths),
            _ => "/fhir/" + type,
        };
        if (path == "/fhir" && random.Next(2) == 0) query = "_type=" + Pick(random, ["Patient", "Patient,Observation", "Patient,,", "Nobody", "*", Repeat("Patient,", 300)]) + "&" + query;
        // Latin-1 keeps each character one byte, so that bytes that are no UTF-8 reach the server as they are.
        var isPost = random.Next(3) == 0;
        var request = isPost && path != "/fhir/Patient/p1/*"
            ? new HostileRequest(kind, Encoding.Latin1.GetBytes(path + "/_search"), Encoding.Latin1.GetBytes(query))
            : new HostileRequest(kind, Encoding.Latin1.GetBytes($"{path}?{query}"), []);
        return request with { Prefer = random.Next(2) == 0 ? "handling=lenient" : "handling=strict" };
    }

    /// <summary>Mostly one that the type has, so that the value gets as far as it can.</summary>
    private static string Parameter(Random random, string type) => random.Next(6) == 0
        ? Pick(random, HostileTexts.Names)
        : Pick(random, Release.R4.SearchParametersOf(Release.R4.FindResourceType(type)!)).Code;

    private static string OfType(Random random, string type, SearchParameterType wanted)
    {
        var fitting = Release.R4.SearchParametersOf(Release.R4.FindResourceType(type)!).Where(parameter => parameter.Type == wanted).ToList();
        return fitting.Count > 0 ? Pick(random, fitting).Code : Parameter(random, type);
    }

    private static string Chain(Random random)
    {
        var step = Pick(random, ["subject.", "subject:Patient.", "link:Patient.", "_has:Observation:subject:", "_has:Patient:link:", "encounter.subject:Patient.", "general-practitioner.", ".", "a:b."]);
        return Repeat(step, random.Next(1, random.Next(2) == 0 ? 8 : 400)) + Pick(random, ["name", "", "_id", "name:exact", "code:in", "birthdate", "_has", "_lastUpdated"]) + "="
            + Encode(Pick(random, HostileTexts.Values), random);
    }

    private static string Filter(Random random)
    {
        var depth = random.Next(1, random.Next(2) == 0 ? 12 : 2_500);
        return random.Next(8) switch
        {
            0 => Repeat("(", depth) + "name eq \"x\"" + Repeat(")", depth),
            1 => Repeat("not(", depth) + "name eq x" + Repeat(")", random.Next(depth + 1)),
            2 => Repeat("name eq x and ", depth) + "name eq y",
            3 => Repeat("name co \"a\" or ", depth) + "birthdate gt 2000",
            4 => "name eq \"" + Pick(random, HostileTexts.Injections),
            5 => Repeat("subject[name eq ", depth) + "x" + Repeat("]", depth),
            6 => string.Join(' ', Several(random, ["and", "or", "not", "(", ")", "eq", "pr", "name", "\"", "\\\"", "[", "]", ".", "ap", "po", "ss", "2020", "x"], 40)),
            _ => Pick(random, HostileTexts.Names) + " " + Pick(random, ["eq", "ne", "co", "sw", "ew", "gt", "lt", "ge", "le", "ap", "sa", "eb", "pr", "po", "ss", "sb", "in", "ni", "re", "xx"]) + " " + Pick(random, HostileTexts.Values),
        };
    }

    private static string Mutate(Random random)
    {
        var text = new StringBuilder(Pick(random, HostileTexts.Sound));
        for (var count = random.Next(1, 8); count > 0 && text.Length > 0; count--)
        {
            var at = random.Next(text.Length);
            switch (random.Next(5))
            {
                case 0: text.Remove(at, 1); break;
                case 1: text.Insert(at, "=&:.,|$\\%+/?#[]()<>\"'"[random.Next(21)]); break;
                case 2: text[at] = (char)random.Next(0x21, 0x100); break;
                case 3: text.Insert(at, text.ToString(at, Math.Min(random.Next(1, 20), text.Length - at))); break;
                default: text.Insert(at, Encode(Pick(random, HostileTexts.Values), random)); break;
            }
        }
        return text.ToString().Replace(' ', '+');
    }

    private static string Noise(Random random) =>
        string.Concat(Enumerable.Range(0, random.Next(1, 300)).Select(_ => random.Next(4) == 0 ? "%" + random.Next(256).ToString("x2") : ((char)random.Next(0x21, 0x100)).ToString()));

    /// <summary>Mostly as a client would, sometimes byte for byte, sometimes twice.</summary>
    private static string Encode(string text, Random random) => random.Next(8) switch
    {
        0 => Uri.EscapeDataString(Uri.EscapeDataString(Sound(text))),
        1 => string.Concat(Encoding.UTF8.GetBytes(Sound(text)).Select(each => each is > 0x20 and not 0x7f ? ((char)each).ToString() : $"%{each:x2}")),
        2 => string.Concat(Encoding.Unicode.GetBytes(text).Select(each => $"%{each:X2}")),
        _ => Uri.EscapeDataString(Sound(text)),
    };

    /// <summary>Halves of surrogate pairs cannot be written in UTF-8; the encodings have their bytes.</summary>
    private static string Sound(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    private static string Repeat(string text, int times) => new StringBuilder().Insert(0, text, Math.Min(times, 12_000 / text.Length)).ToString();

    private static IEnumerable<string> Several(Random random, IReadOnlyList<string> texts, int most) => Enumerable.Range(0, random.Next(1, most + 1)).Select(_ => Pick(random, texts));

    private static T Pick<T>(Random random, IReadOnlyList<T> list) => list[random.Next(list.Count)];
}

using System.Globalization;
using System.Text;

namespace EventFhir.Benchmarks.Data;

/// <summary>Fills the holes of a template: values that were set (ids, references, the date) and values drawn at random.</summary>
public sealed class TemplateValues(Random random)
{
    private static readonly string[] Families = ["Abernathy", "Bergström", "Castellanos", "Dvořák", "Eriksen", "Fujimoto", "Grünwald", "Haddad", "Ivanova", "Jääskeläinen"];
    private static readonly string[] Givens = ["Amalia", "Benedikt", "Chiara", "Dmitri", "Élodie", "Farid", "Greta", "Hiroko", "Ingrid", "José"];
    private static readonly string[] Cities = ["Harwich", "Medford", "Norwood", "Otis", "Pembroke", "Quincy", "Rehoboth", "Sandwich"];
    private static readonly string[] Loincs = ["8867-4", "9279-1", "8302-2", "29463-7", "39156-5", "2339-0", "6299-2", "38483-4", "2947-0", "6298-4", "2069-3", "20565-8", "4548-4", "2093-3", "2571-8", "18262-6", "2085-9", "33914-3", "14959-1", "718-7"];
    private static readonly string[] Units = ["mg/dL", "kg", "cm", "mmol/L", "%", "/min"];
    private static readonly string[] Words = ["patient", "presents", "without", "acute", "distress", "history", "reviewed", "plan", "continue", "medication", "follow", "week"];

    private readonly Dictionary<string, string> set = new(StringComparer.Ordinal);

    public void Set(string name, string value) => set[name] = value;

    public string Get(string name) => set[name];

    /// <summary>The value of a hole: a name, or a kind and a length (<c>digits:4</c>, <c>note:900</c> in bytes before Base64).</summary>
    public string ValueOf(string hole)
    {
        if (set.TryGetValue(hole, out var value)) return value;
        var (kind, length) = hole.Split(':') is [var name, var size] ? (name, int.Parse(size, CultureInfo.InvariantCulture)) : (hole, 0);
        return kind switch
        {
            "digits" => Digits(length),
            "note" => Note(length),
            "minute" => random.Next(10, 60).ToString(CultureInfo.InvariantCulture),
            "birthdate" => $"{random.Next(1930, 2020)}-{random.Next(10, 13)}-{random.Next(10, 29)}",
            "gender" => random.Next(2) == 0 ? "female" : "male",
            "family" => Pick(Families),
            "given" => Pick(Givens),
            "city" => Pick(Cities),
            "loinc" => Pick(Loincs),
            "unit" => Pick(Units),
            "uuid" => $"{Hex(8)}-{Hex(4)}-4{Hex(3)}-8{Hex(3)}-{Hex(12)}",
            "encounterType" => $"1853{random.Next(45, 50)}001",
            "conditionCode" => $"4436{random.Next(10, 90)}005",
            "procedureCode" => $"4301{random.Next(10, 90)}004",
            "rxnorm" => $"19{random.Next(7000, 7100)}",
            _ => throw new InvalidDataException($"The template asks for an unknown value {hole}."),
        };
    }

    private string Digits(int length)
    {
        var text = new StringBuilder(length);
        for (var index = 0; index < length; index++) text.Append((char)('0' + random.Next(10)));
        return text.ToString();
    }

    private string Hex(int length) => random.NextInt64(1L << (4 * length)).ToString($"x{length}", CultureInfo.InvariantCulture);

    private string Note(int bytes)
    {
        var target = random.Next(bytes / 3, bytes * 5 / 3);
        var text = new StringBuilder(target);
        while (text.Length < target) text.Append(Pick(Words)).Append(' ');
        return Convert.ToBase64String(Encoding.UTF8.GetBytes(text.ToString()));
    }

    private string Pick(string[] choices) => choices[random.Next(choices.Length)];
}

using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Xml.Linq;

using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.FhirPath;
using EventFhir.Model.Json;
using EventFhir.Model.Xml;
using EventFhir.Tests;

using Xunit;

namespace EventFhir.SpecTests.FhirPath;

/// <summary>
/// The suite of HL7 (github.com/FHIR/fhir-test-cases, r4/fhirpath). Cases that differ on purpose are in exceptions.json with the reason.
/// </summary>
public sealed class OfficialFhirPathSuite(ITestOutputHelper output)
{
    private static readonly string Folder = Path.Combine(OfficialPackages.Root, "tests/EventFhir.SpecTests/FhirPath");
    private static readonly DateTimeOffset Now = new(2024, 5, 17, 10, 30, 15, 250, TimeSpan.FromHours(2));
    private readonly Dictionary<string, Element> inputs = [];

    [Fact]
    public void Every_case_passes_or_is_listed_with_its_reason()
    {
        var exceptions = JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllText(Path.Combine(Folder, "exceptions.json")))!;
        var cases = ReadCases();
        var failures = cases.Where(pair => Fault(pair.Value) is not null).ToDictionary(pair => pair.Key, pair => Fault(pair.Value)!);
        output.WriteLine($"{cases.Count - failures.Count} of {cases.Count} cases of the FHIRPath suite pass.");

        foreach (var (name, fault) in failures) output.WriteLine($"{name}: {fault}");

        var unlisted = failures.Where(failure => !exceptions.ContainsKey(failure.Key)).Select(failure => $"{failure.Key}: {failure.Value}");
        Assert.Equal("", string.Join('\n', unlisted));
        Assert.Equal([], exceptions.Keys.Except(failures.Keys));
        Assert.Equal(935, cases.Count);
    }

    private static Dictionary<string, XElement> ReadCases()
    {
        var cases = new Dictionary<string, XElement>();
        foreach (var test in XDocument.Load(Path.Combine(Folder, "suite/tests-fhir-r4.xml")).Descendants("test"))
        {
            var name = $"{(string?)test.Parent!.Attribute("name")}/{(string?)test.Attribute("name")}";
            for (var copy = 2; !cases.TryAdd(name, test); copy++) name = $"{name.Split('#')[0]}#{copy}";
        }
        return cases;
    }

    /// <summary>What is wrong; null if the case passes.</summary>
    private string? Fault(XElement test)
    {
        var expression = test.Element("expression")!;
        var (values, error) = Run(expression.Value, Input((string?)test.Attribute("inputfile")), (string?)test.Attribute("mode") == "strict");
        if (expression.Attribute("invalid") is not null) return error is null ? $"no error, but {Show(values)}" : null;
        if (error is not null) return $"{expression.Value} → {error}";
        if ((string?)test.Attribute("predicate") == "true") values = [FhirPathValue.Of(values.Count > 0)];
        var expected = test.Elements("output").ToList();
        var isRight = values.Count == expected.Count && ((string?)test.Attribute("ordered") == "false"
            ? expected.All(item => values.Any(value => Matches(value, item)))
            : values.Zip(expected).All(pair => Matches(pair.First, pair.Second)));
        return isRight ? null : $"{expression.Value} → {Show(values)}, expected {string.Join(", ", expected.Select(item => item.Value))}";
    }

    private static (IReadOnlyList<FhirPathValue> Values, FhirPathError? Error) Run(string expression, Element focus, bool strict)
    {
        FhirPathExpression? compiled;
        FhirPathError? error;
        var isCompiled = strict
            ? FhirPathExpression.TryCompileStrictly(expression, focus.Type, Release.R4, out compiled, out error)
            : FhirPathExpression.TryCompile(expression, Release.R4, out compiled, out error);
        if (!isCompiled) return ([], error);
        var outcome = compiled!.Evaluate(focus, new EvaluationContext { Now = Now });
        return (outcome.Values, outcome.Error);
    }

    private Element Input(string? file)
    {
        file ??= "patient-example.xml";
        if (inputs.TryGetValue(file, out var input)) return input;
        var bytes = File.ReadAllBytes(Path.Combine(Folder, "suite/input", file));
        var result = file.EndsWith(".xml", StringComparison.Ordinal)
            ? ResourceXmlReader.Read(ExtensionsInFront(bytes), Release.R4)
            : ResourceJsonReader.Read(bytes, Release.R4);
        if (result.Resource is not { } resource) throw new InvalidDataException($"{file}: {string.Join("; ", result.Issues)}");
        return inputs[file] = resource.Root;
    }

    /// <summary>One file of the suite has an extension behind the status, where R4 does not allow it (xml.html), and ours refuses it.</summary>
    private static byte[] ExtensionsInFront(byte[] xml)
    {
        var document = XDocument.Load(new MemoryStream(xml), LoadOptions.PreserveWhitespace);
        var text = document.Root!.Element(document.Root.Name.Namespace + "text");
        foreach (var extension in document.Root.Elements(document.Root.Name.Namespace + "extension").Reverse().ToList())
        {
            if (text is null) break;
            extension.Remove();
            text.AddAfterSelf(extension);
        }
        return Encoding.UTF8.GetBytes(document.ToString(SaveOptions.DisableFormatting));
    }

    private static bool Matches(FhirPathValue value, XElement expected)
    {
        var type = (string?)expected.Attribute("type");
        var comparison = value.IsElement ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
        if (type is not null && !string.Equals(type, value.TypeInfo.Name, comparison)) return false;
        var text = expected.Value;
        if (text.Length == 0) return type is not "string" || value.ToString().Length == 0;
        if (value.IsNumber) return decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && value.Number == number;
        if (text.StartsWith('@')) return value.ToString() == text[1..].TrimStart('T');
        return value.ToString() == text;
    }

    private static string Show(IEnumerable<FhirPathValue> values) =>
        $"[{string.Join(", ", values.Select(value => $"{value.TypeInfo.Name} {value}"))}]";
}

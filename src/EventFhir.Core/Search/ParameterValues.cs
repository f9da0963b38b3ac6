using System.Collections.Concurrent;
using System.Text;

using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.FhirPath;
using EventFhir.Model.Json;

namespace EventFhir.Core.Search;

/// <summary>The elements that a search parameter's FHIRPath expression finds.</summary>
internal sealed class ParameterValues
{
    private readonly Release release;
    private readonly EvaluationContext context;
    private readonly ConcurrentDictionary<string, FhirPathExpression> expressions = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<TypeDefinition, Element?> stand = new();

    public ParameterValues(Release release)
    {
        this.release = release;
        context = new EvaluationContext { Resolver = Resolve };
    }

    public IEnumerable<Element> Of(SearchParameterDefinition parameter, Resource resource) => Of(parameter.Expression, resource.Root);

    public IEnumerable<Element> Of(string expression, Element focus)
    {
        var compiled = expressions.GetOrAdd(expression, static (text, release) => FhirPathExpression.Compile(text, release), release);
        foreach (var value in compiled.Evaluate(focus, context).Values)
        {
            if (value.IsElement) yield return value.Element;
            else if (value.Kind is FhirPathKind.Boolean) yield return Truth(value.Boolean);
        }
    }

    public static DateInterval? LastUpdated(Resource resource)
    {
        if (resource.Root.FirstChild("meta")?.FirstChild("lastUpdated") is not { HasValue: true } updated) return null;
        return DateInterval.TryParse(updated.RawValue, out var interval) ? interval : null;
    }

    /// <summary>
    /// For "resolve() is Patient": whether a reference is one to a Patient is told by its URL, so that the answer does not change when the
    /// target arrives. A resource with nothing but its type stands for the target.
    /// </summary>
    private Element? Resolve(string reference)
    {
        var literal = reference;
        if (literal.LastIndexOf("/_history/", StringComparison.Ordinal) is > 0 and var history) literal = literal[..history];
        var parts = literal.Split('/');
        if (parts.Length < 2 || release.FindResourceType(parts[^2]) is not { } type) return null;
        return stand.GetOrAdd(type, StandIn);
    }

    private Element? StandIn(TypeDefinition type) =>
        ResourceJsonReader.Read(Encoding.UTF8.GetBytes($$"""{"resourceType":"{{type.Name}}"}"""), release).Resource?.Root;

    /// <summary>An expression such as deceased.exists() gives a truth that is no element of the resource; this one has it as value.</summary>
    private Element Truth(bool value)
    {
        var json = Encoding.UTF8.GetBytes(
            $$"""{"resourceType":"Parameters","parameter":[{"name":"x","valueBoolean":{{(value ? "true" : "false")}}}]}""");
        var resource = ResourceJsonReader.Read(json, release).Resource
            ?? throw new InvalidOperationException("A Parameters resource cannot be read.");
        return resource.Root.FirstChild("parameter")!.Value.FirstChild("value")!.Value;
    }
}

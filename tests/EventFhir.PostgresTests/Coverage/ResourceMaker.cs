using System.Text;
using System.Text.Json.Nodes;

using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.Json;
using EventFhir.Model.Validation;

namespace EventFhir.PostgresTests.Coverage;

/// <summary>
/// Makes a valid resource with a value where a parameter's expression leads: an example of its type, or an empty resource, with what the path
/// names put into it and what the definitions require filled in.
/// </summary>
internal sealed class ResourceMaker(Release release)
{
    private readonly SampleValues samples = new(release);
    private readonly TypeDefinition extension = release.FindType("Extension")!;
    private HashSet<JsonObject> made = [];
    private Way way;

    /// <summary>Whether elements on the way to the value are new ones, or those that the example has.</summary>
    private enum Way { New, There }

    /// <param name="examples">Valid resources of the type to start from; an empty one is tried last.</param>
    /// <returns>Null if no path gives a valid resource.</returns>
    public Resource? Make(TypeDefinition type, SearchParameterDefinition parameter, string id, IEnumerable<Resource> examples)
    {
        // Those without expression are about the text of the resource.
        var paths = SearchExpression.Of(release, parameter.Expression is "" ? $"{type.Name}.text" : parameter.Expression).Paths;
        string[] starts = [.. examples.Select(example => Encoding.UTF8.GetString(example.Json.Span)), $$"""{"resourceType":"{{type.Name}}"}"""];
        foreach (var start in starts)
            foreach (var path in paths)
                foreach (var way in Enum.GetValues<Way>())
                    if (Make(type, parameter, path, id, start, way) is { } resource)
                        return resource;
        return null;
    }

    private Resource? Make(TypeDefinition type, SearchParameterDefinition parameter, SearchPath path, string id, string start, Way way)
    {
        (made, this.way) = (new(ReferenceEqualityComparer.Instance), way);
        var root = JsonNode.Parse(start)!.AsObject();
        root["id"] = id;
        if (!Set(root, type, path, parameter)) return null;
        Fill(root, type);
        return Read(root);
    }

    private Resource? Read(JsonObject root)
    {
        var read = ResourceJsonReader.Read(Encoding.UTF8.GetBytes(root.ToJsonString()), release);
        return read is { Verdict: ReadVerdict.Valid, Resource: { } resource } && !ResourceValidator.Validate(resource).Any(issue => issue.IsError) ? resource : null;
    }

    private bool Set(JsonObject root, TypeDefinition type, SearchPath path, SearchParameterDefinition parameter)
    {
        if (parameter.Type is not SearchParameterType.Composite) return Set(root, type, [.. path.Steps], parameter);
        foreach (var component in parameter.Components)
        {
            var definition = release.FindSearchParameter(component.Definition)!;
            var branches = SearchExpression.Of(release, component.Expression).Paths;
            if (!branches.Any(branch => Set(root, type, [.. path.Then(branch).Steps], definition))) return false;
        }
        return true;
    }

    /// <summary>False if the definitions have no such place.</summary>
    private bool Set(JsonObject parent, TypeDefinition type, ReadOnlySpan<PathStep> steps, SearchParameterDefinition parameter)
    {
        if (steps.IsEmpty) return true;
        if (steps[0] is PathStep.Extension named) return SetExtension(parent, named.Url, parameter);
        if (steps[0] is PathStep.WhereHasExtension marked) return SetExtension(parent, marked.Url, parameter) && Set(parent, type, steps[1..], parameter);
        if (steps[0] is PathStep.WhereChildIs condition)
        {
            parent[condition.Name] = condition.Text;
            return Set(parent, type, steps[1..], parameter);
        }
        if (steps[0] is PathStep.As) return Set(parent, type, steps[1..], parameter);
        if (steps[0] is not PathStep.Child child || type.FindElement(child.Name) is not { } element) return false;

        var rest = steps[1..];
        if (Choose(element, rest, parameter) is not { } property) return false;
        var target = rest is [PathStep.WhereResolvesTo resolves, ..] ? resolves.Type : null;
        if (target is not null || !Leads(rest))
        {
            var value = samples.Of(element, property.Type, parameter, target);
            if (value is JsonObject complex && !Set(complex, property.Type.Type, Conditions(rest), parameter)) return false;
            Put(parent, element, property, value, child.Index);
            return true;
        }
        var existing = (parent[property.Name] as JsonArray)?.LastOrDefault() ?? parent[property.Name];
        var inner = existing is JsonObject own && (way is Way.There || made.Contains(own)) ? own : New(parent, element, property, child.Index);
        if (!Set(inner, property.Type.Type, rest, parameter)) return false;
        Fill(inner, property.Type.Type);
        return true;
    }

    private JsonObject New(JsonObject parent, ElementDefinition element, JsonProperty property, int? index)
    {
        var inner = new JsonObject();
        made.Add(inner);
        if (property.Type.Type.IsResource) inner["resourceType"] = property.Type.Type.Name;
        Put(parent, element, property, inner, index);
        return inner;
    }

    private static bool Leads(ReadOnlySpan<PathStep> steps)
    {
        foreach (var step in steps)
            if (step is PathStep.Child or PathStep.Extension) return true;
        return false;
    }

    private static PathStep[] Conditions(ReadOnlySpan<PathStep> steps)
    {
        var conditions = new List<PathStep>();
        foreach (var step in steps)
            if (step is PathStep.WhereChildIs or PathStep.WhereHasExtension) conditions.Add(step);
        return [.. conditions];
    }

    /// <summary>The type that the path casts to, or the first that the parameter can find something in.</summary>
    private static JsonProperty? Choose(ElementDefinition element, ReadOnlySpan<PathStep> rest, SearchParameterDefinition parameter)
    {
        if (rest is [PathStep.As cast, ..]) return element.Properties.FirstOrDefault(property => cast.Takes(property.Type.Type));
        return element.Properties.OrderByDescending(property => SampleValues.Suits(parameter.Type, property.Type.Type)).FirstOrDefault();
    }

    private static void Put(JsonObject parent, ElementDefinition element, JsonProperty property, JsonNode value, int? index)
    {
        foreach (var other in element.Properties)
        {
            if (other == property) continue;
            parent.Remove(other.Name);
            parent.Remove("_" + other.Name);
        }
        if (!element.IsRepeating) parent[property.Name] = value;
        else if (index is not null || parent[property.Name] is not JsonArray list) parent[property.Name] = new JsonArray(value);
        else list.Add(value);
        // Ids and extensions of primitives would stand beside the wrong values.
        parent.Remove("_" + property.Name);
    }

    private bool SetExtension(JsonObject parent, string url, SearchParameterDefinition parameter)
    {
        var value = extension.FindElement("value")!;
        var type = parameter.Type switch
        {
            SearchParameterType.String => "string",
            SearchParameterType.Token => "CodeableConcept",
            SearchParameterType.Reference => "Reference",
            SearchParameterType.Date => "dateTime",
            _ => "decimal",
        };
        var property = value.Properties.First(each => each.Type.Type.Name == type);
        var extended = new JsonObject { ["url"] = url, [property.Name] = samples.Of(value, property.Type, parameter, null) };
        if (parent["extension"] is JsonArray list) list.Add(extended);
        else parent["extension"] = new JsonArray(extended);
        return true;
    }

    /// <summary>What has to be there and is not.</summary>
    private void Fill(JsonObject parent, TypeDefinition type)
    {
        foreach (var element in type.Elements)
        {
            if (element.Min == 0 || element.Properties.Any(property => parent.ContainsKey(property.Name) || parent.ContainsKey("_" + property.Name))) continue;
            var property = element.Properties[0];
            var value = samples.Of(element, property.Type, null, null);
            if (value is JsonObject complex) Fill(complex, property.Type.Type);
            parent[property.Name] = element.IsRepeating ? new JsonArray(value) : value;
        }
    }
}

using EventFhir.Model.Definitions;

namespace EventFhir.Server.Rest;

/// <summary>Lets {type} in a path match the resource types of a release and nothing else, so that "/metadata" is no type without a POST.</summary>
public sealed class ResourceTypeConstraint(Release release) : IRouteConstraint
{
    public bool Match(HttpContext? httpContext, IRouter? route, string routeKey, RouteValueDictionary values, RouteDirection routeDirection) =>
        values[routeKey] is string name && release.FindResourceType(name) is not null;
}

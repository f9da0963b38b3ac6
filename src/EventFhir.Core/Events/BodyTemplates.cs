using EventFhir.Model.Elements;
using EventFhir.Model.Json;

namespace EventFhir.Core.Events;

/// <summary>Makes the <see cref="BodyTemplate"/> of a resource.</summary>
public static class BodyTemplates
{
    extension(BodyTemplate)
    {
        public static BodyTemplate Of(Resource resource, ResourceId id)
        {
            var text = StoredText.Of(resource, id.Value);
            return new BodyTemplate(text.Head, text.Tail, text.Digest);
        }
    }
}

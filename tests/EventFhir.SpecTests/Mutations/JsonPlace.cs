using System.Text;

using EventFhir.Model.Elements;

namespace EventFhir.SpecTests.Mutations;

/// <summary>Where an element stands in the JSON text: byte offsets of its value, of the array around it and of the member that holds it.</summary>
internal readonly struct JsonPlace(Element element)
{
    private readonly Node node = element.Resource.Nodes[element.Index];
    private readonly ReadOnlyMemory<byte> json = element.Resource.Json;

    private bool IsString => (node.Flags & NodeFlags.IsString) != 0;

    public int Start => IsString ? node.Start - 1 : node.Start;
    public int End => node.Start + node.Length + (IsString ? 1 : 0);
    public string Text => Encoding.UTF8.GetString(json.Span[Start..End]);

    /// <summary>The value, or the array that holds it and its siblings.</summary>
    public (int Start, int End) Whole
    {
        get
        {
            if (!element.Definition!.IsRepeating) return (Start, End);
            var (from, to) = (Start, End);
            foreach (var sibling in element.Parent.ChildrenNamed(element.Name))
            {
                var place = new JsonPlace(sibling);
                (from, to) = (Math.Min(from, place.Start), Math.Max(to, place.End));
            }
            return (json.Span[..from].LastIndexOf((byte)'['), to + json.Span[to..].IndexOf((byte)']') + 1);
        }
    }

    /// <summary>The offset of the opening quote of the member's name.</summary>
    public int NameStart
    {
        get
        {
            var before = json.Span[..Whole.Start];
            var close = before[..before.LastIndexOf((byte)':')].LastIndexOf((byte)'"');
            return before[..close].LastIndexOf((byte)'"');
        }
    }

    /// <summary>The name in JSON, "valueQuantity" for value.</summary>
    public string Name
    {
        get
        {
            var name = json.Span[(NameStart + 1)..];
            return Encoding.UTF8.GetString(name[..name.IndexOf((byte)'"')]);
        }
    }

    /// <summary>The member with the comma that belongs to it, so that the rest is correct without it.</summary>
    public (int Start, int End) Member
    {
        get
        {
            var (start, end) = (NameStart, Whole.End);
            var after = end + json.Span[end..].IndexOfAnyExcept(" \t\r\n"u8);
            if (json.Span[after] == ',') return (start, after + 1);
            var before = json.Span[..start].LastIndexOfAnyExcept(" \t\r\n"u8);
            return (json.Span[before] == ',' ? before : start, end);
        }
    }
}

using EventFhir.Model.Validation;

namespace EventFhir.Model.Xml;

/// <summary>
/// Where in XML the parts of the JSON come from that was made of it. That JSON is one line, so that a column tells the place.
/// </summary>
public sealed class XmlPlaces
{
    private readonly List<(int Offset, int Line, int Column)> places = [];

    /// <param name="offset">In the JSON, in bytes; never less than the one before.</param>
    internal void Add(int offset, int line, int column) => places.Add((offset, line, column));

    /// <summary>The issue with the place in the XML instead of that in the JSON.</summary>
    public Issue Translate(Issue issue)
    {
        if (issue.Line == 0 || places.Count == 0) return issue;
        var (low, high) = (0, places.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (places[middle].Offset < issue.Column) low = middle;
            else high = middle - 1;
        }
        return issue with { Line = places[low].Line, Column = places[low].Column };
    }
}

using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace EventFhir.Generator;

/// <summary>JSON files with one row on each line, so that a diff shows which facts changed.</summary>
internal static class Rows
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Write(IEnumerable<JsonObject> rows)
    {
        var text = new StringBuilder("[");
        var separator = "\n";
        foreach (var row in rows)
        {
            text.Append(separator).Append(row.ToJsonString(Options));
            separator = ",\n";
        }
        return text.Append("\n]\n").ToString();
    }

    public static IReadOnlyList<T> Read<T>(string text) => JsonSerializer.Deserialize<List<T>>(text, Options)!;

    public static T FromJson<T>(JsonObject row) => row.Deserialize<T>(Options)!;

    public static JsonObject ToJson<T>(T row) => JsonSerializer.SerializeToNode(row, Options)!.AsObject();
}

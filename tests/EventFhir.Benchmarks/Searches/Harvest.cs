using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using EventFhir.Model.Definitions;
using Npgsql;

namespace EventFhir.Benchmarks.Searches;

/// <summary>
/// Values that the loaded data holds, taken from a sample of its resources: the same for the same data, whatever order it was loaded in.
/// </summary>
public sealed class Harvest
{
    private const int SampleSize = 1_500;
    private readonly Dictionary<string, ImmutableArray<JsonElement>> samples = new(StringComparer.Ordinal);

    /// <summary>When the newest resources were stored, newest first.</summary>
    public ImmutableArray<DateTime> Stored { get; private set; } = [];

    public static async Task<Harvest> OfAsync(NpgsqlDataSource database, params string[] types)
    {
        var harvest = new Harvest();
        foreach (var type in types) harvest.samples[type] = await SampleAsync(database, type);
        await using var command = database.CreateCommand(BaselineSql.Named("harvest-times"));
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = NumberOf("Observation") });
        await using var row = await command.ExecuteReaderAsync();
        var stored = ImmutableArray.CreateBuilder<DateTime>();
        while (await row.ReadAsync()) stored.Add(row.GetDateTime(0));
        harvest.Stored = stored.ToImmutable();
        return harvest;
    }

    /// <summary>The number of a type in es.stream.</summary>
    public static short NumberOf(string type) => (short)Release.R4.FindResourceType(type)!.Number;

    /// <summary>A random resource of the sample that has a value.</summary>
    /// <param name="read">Null where a resource has none.</param>
    public T Draw<T>(Random random, string type, Func<JsonElement, T?> read)
        where T : class
    {
        var sample = samples[type];
        for (var attempt = 0; attempt < 100 * SampleSize && sample.Length > 0; attempt++)
            if (read(sample[random.Next(sample.Length)]) is { } value) return value;
        throw new InvalidDataException($"The data has no {type} with a value to search for.");
    }

    public string Id(Random random, string type) => Draw(random, type, static resource => resource.GetProperty("id").GetString());

    private static async Task<ImmutableArray<JsonElement>> SampleAsync(NpgsqlDataSource database, string type)
    {
        await using var command = database.CreateCommand(BaselineSql.Named("harvest"));
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = NumberOf(type) });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = SampleSize });
        await using var row = await command.ExecuteReaderAsync();
        var sample = ImmutableArray.CreateBuilder<JsonElement>();
        while (await row.ReadAsync()) sample.Add(JsonElement.Parse(row.GetString(0)));
        return sample.ToImmutable();
    }
}

/// <summary>Shorthands for what the scenarios read in resources.</summary>
public static class JsonReading
{
    public static JsonElement? At(this JsonElement element, string path)
    {
        foreach (var step in path.Split('.'))
        {
            if (int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out var index))
            {
                if (element.ValueKind is not JsonValueKind.Array || element.GetArrayLength() <= index) return null;
                element = element[index];
            }
            else if (element.ValueKind is not JsonValueKind.Object || !element.TryGetProperty(step, out element))
            {
                return null;
            }
        }
        return element;
    }

    public static string? Text(this JsonElement element, string path) => element.At(path)?.GetString();

    /// <summary>The id of a literal reference: "Patient/x" gives "x".</summary>
    public static string? Target(this JsonElement element, string path) => element.Text($"{path}.reference")?.Split('/')[^1];
}

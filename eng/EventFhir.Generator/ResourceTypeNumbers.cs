namespace EventFhir.Generator;

/// <summary>
/// eng/definitions/resource-types.json, the register of numbers under which the store keeps resource types. It only grows: a new release adds its
/// new types at the end. What the committed tables already say is never contradicted.
/// </summary>
internal sealed class ResourceTypeNumbers
{
    private readonly Dictionary<string, int> numbers = new(StringComparer.Ordinal);

    public ResourceTypeNumbers(string json)
    {
        foreach (var row in Rows.Read<ResourceTypeNumber>(json))
            if (row.Number is < 1 or > short.MaxValue || numbers.ContainsValue(row.Number) || !numbers.TryAdd(row.Name, row.Number))
                throw new InvalidDataException($"resource-types.json: {row} repeats a name or a number, or leaves the range of smallint.");
    }

    public int Of(string name) => numbers.GetValueOrDefault(name);

    public void Register(IEnumerable<CuratedType> types)
    {
        foreach (var type in types.Where(type => type.Kind == "resource" && !type.Abstract).OrderBy(type => type.Name, StringComparer.Ordinal))
            if (!numbers.ContainsKey(type.Name)) numbers.Add(type.Name, numbers.Values.DefaultIfEmpty(0).Max() + 1);
    }

    /// <summary>Refuses when earlier tables give a type another number: stored rows would change their type.</summary>
    public void RequireAgreement(string earlierTables)
    {
        foreach (var (name, number) in TableWriter.NumbersIn(earlierTables))
            if (Of(name) != number)
                throw new InvalidDataException($"{name} has the number {number} for ever, but resource-types.json says {Of(name)}.");
    }

    public string ToJson() => Rows.Write(
        numbers.OrderBy(entry => entry.Value).Select(entry => Rows.ToJson(new ResourceTypeNumber(entry.Value, entry.Key))));
}

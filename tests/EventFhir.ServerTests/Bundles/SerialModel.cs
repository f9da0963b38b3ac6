namespace EventFhir.ServerTests.Bundles;

/// <summary>What the server should hold if transactions came one after the other.</summary>
internal sealed class SerialModel
{
    private readonly Dictionary<string, (long Version, bool IsDeleted)> heads = [];

    /// <summary>By identifier: the one live resource that has it.</summary>
    private readonly Dictionary<int, string> numbered = [];

    /// <summary>Carries out a transaction that was accepted; returns what of its answer cannot be so here, or null.</summary>
    /// <param name="versions">Gets the versions that it has written.</param>
    public string? Apply(OverlappingTransaction transaction, List<(string Key, long Version)> versions)
    {
        for (var place = 0; place < transaction.Acts.Count; place++)
        {
            var (act, told) = (transaction.Acts[place], transaction.Told[place]);
            var expected = Expect(act, told, out var key, out var isWritten);
            if (expected != told) return $"entry {place}, {act}: {told} in place of {expected}";
            if (!isWritten) continue;
            var isDeleted = told.Status == 204;
            heads[key] = (told.Version, isDeleted);
            versions.Add((key, told.Version));
            if (act.Deed is Deed.CreateByCriteria or Deed.PutByCriteria) numbered[act.Target] = key;
            if (act.Deed is Deed.DeleteByCriteria) numbered.Remove(act.Target);
        }
        return null;
    }

    /// <summary>True if a transaction would be refused here.</summary>
    public bool Refuses(OverlappingTransaction transaction) => transaction.Acts.Any(act => act.Deed is Deed.PutMatching && !Matches(act));

    private bool Matches(Act act) => heads.TryGetValue($"Patient/{Act.IdOf(act.Target)}", out var head) && !head.IsDeleted && head.Version == act.Version;

    /// <param name="told">Tells the keys that the server gives.</param>
    private Told Expect(Act act, Told told, out string key, out bool isWritten)
    {
        isWritten = true;
        var found = act.Deed is Deed.CreateByCriteria or Deed.PutByCriteria or Deed.DeleteByCriteria ? numbered.GetValueOrDefault(act.Target) : null;
        key = act.Deed switch
        {
            Deed.Put or Deed.PutMatching or Deed.Delete => $"Patient/{Act.IdOf(act.Target)}",
            Deed.DeleteByCriteria => found ?? "",
            _ => found ?? told.Key ?? "",
        };
        var head = heads.GetValueOrDefault(key);
        var isThere = head.Version > 0 && !head.IsDeleted;
        switch (act.Deed)
        {
            case Deed.PutMatching when !Matches(act):
                return new Told(412, null, 0);
            case Deed.CreateByCriteria when found is not null:
                isWritten = false;
                // The version is that of the search, and may be older.
                return new Told(200, key, Math.Min(told.Version, head.Version));
            case Deed.Delete or Deed.DeleteByCriteria when !isThere:
                isWritten = false;
                return new Told(204, null, head.Version);
            case Deed.Delete or Deed.DeleteByCriteria:
                return new Told(204, null, head.Version + 1);
            default:
                return new Told(isThere ? 200 : 201, key, head.Version + 1);
        }
    }
}

using EventFhir.Core.Events;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;

namespace EventFhir.Core.Search.Indexing;

/// <summary>Composites on repeating elements: each combination of component values within one element (R4 search.html#composite).</summary>
internal sealed class CompositeWriter(ParameterPlacement.Composite placement, ReadOnlyMemory<byte> baseUrl) : ValueWriter
{
    private static readonly long SystemCode = Hashing.Component(TermForm.SystemCode);
    private static readonly long Code = Hashing.Component(TermForm.Code);
    private static readonly long Uri = Hashing.Component(TermForm.Uri);

    private readonly string code = placement.Parameter.Code;
    private readonly long start = Hashing.Start(placement.Parameter.Code, TermForm.Composite);
    private readonly int hashedParts = placement.Parts.Length - placement.Last switch
    {
        CompositeEnd.Token or CompositeEnd.Reference => 0,
        CompositeEnd.NumberPair => 2,
        _ => 1,
    };

    public override bool Write(Element value, EntryBuilder into)
    {
        List<long> keys = [start];
        for (var part = 0; part < hashedParts; part++) keys = Extend(keys, Hashes(placement.Parts[part].Parameter, Collect(part, value)));
        var written = false;
        foreach (var key in keys) written |= WriteEnd(key, value, into);
        // A code without a coding, for example, is a value that no composite can be asked for; :missing=false finds it.
        return written || HasAll(value);
    }

    private bool HasAll(Element context)
    {
        for (var part = 0; part < placement.Parts.Length; part++)
        {
            var parameter = placement.Parts[part].Parameter;
            if (!Collect(part, context).Exists(value => ElementMatcher.IsSearchable(parameter, value))) return false;
        }
        return true;
    }

    private List<Element> Collect(int part, Element context)
    {
        List<Element> values = [];
        foreach (var path in placement.Parts[part].Compiled.Paths) PathWalk.Collect(path, context, values);
        return values;
    }

    private static List<long> Extend(List<long> keys, List<long> hashes)
    {
        List<long> extended = new(keys.Count * hashes.Count);
        foreach (var key in keys)
            foreach (var hash in hashes) extended.Add(Hashing.With(key, hash));
        return extended;
    }

    /// <param name="component">A token has no reference for a value, though the path of the component may lead to one (Group's value[x]).</param>
    private List<long> Hashes(SearchParameterDefinition component, List<Element> values)
    {
        List<long> hashes = [];
        foreach (var value in values)
            if (component.Type is SearchParameterType.Reference || value.Type.Name != "Reference") AddHashes(Unwrap(value), hashes);
        return hashes;
    }

    private void AddHashes(Element value, List<long> hashes)
    {
        switch (value.Type)
        {
            case { IsPrimitive: true } when value.HasValue:
                AddToken(TokenWriter.SystemOf(value) is { } system ? System.Text.Encoding.UTF8.GetBytes(system) : [], value.Utf8(), hashes);
                hashes.Add(Hashing.With(Uri, value.Utf8()));
                break;
            case { Name: "Reference" }:
                AddReference(value.ValueOf("reference"), hashes);
                break;
            case { Name: "CodeableConcept" }:
                foreach (var coding in value.ChildrenNamed("coding")) AddHashes(coding, hashes);
                break;
            case { Name: "Identifier" } when value.ValueOf("value") is { Resource: not null } own:
                AddToken(value.ValueOf("system").Utf8OrEmpty(), own.Utf8(), hashes);
                break;
            case { IsPrimitive: false } when value.ValueOf("code") is { Resource: not null } own:
                var codeSystem = value.ValueOf("system").Utf8OrEmpty();
                AddToken(codeSystem, TokenCase.Fold(codeSystem, own.Utf8()), hashes);
                break;
        }
    }

    private static void AddToken(ReadOnlySpan<byte> system, ReadOnlySpan<byte> token, List<long> hashes)
    {
        hashes.Add(Hashing.With(Hashing.With(SystemCode, system), token));
        hashes.Add(Hashing.With(Code, token));
    }

    private void AddReference(Element literal, List<long> hashes)
    {
        if (!literal.Exists()) return;
        var target = ReferenceTarget.Of(literal.Resource.Release, baseUrl.Span, literal.Utf8());
        hashes.Add(target.Scope is ReferenceScope.Local or ReferenceScope.LocalVersion
            ? Hashing.With(Uri, target.Key.ToString())
            : Hashing.With(Uri, literal.Utf8()));
    }

    private bool WriteEnd(long key, Element context, EntryBuilder into)
    {
        switch (placement.Last)
        {
            case CompositeEnd.Token:
                into.Term(key);
                return true;
            case CompositeEnd.Reference:
                into.Identifier(key);
                return true;
            case CompositeEnd.NumberPair:
                return WritePair(key, context, into);
        }
        var written = false;
        foreach (var value in Collect(hashedParts, context)) written |= WriteLast(key, Unwrap(value), into);
        return written;
    }

    private bool WriteLast(long key, Element value, EntryBuilder into)
    {
        switch (placement.Last)
        {
            case CompositeEnd.Date:
                if (!DateWriter.TryInterval(value, out var interval)) return false;
                into.Date(key, interval);
                return true;
            case CompositeEnd.String:
                return new StringWriter(Hashing.Parameter(code, key)).Write(value, into);
            default:
                if (!QuantityValue.TryRead(value, out var quantity)) return false;
                WriteQuantity(key, quantity, into);
                return true;
        }
    }

    private void WriteQuantity(long key, QuantityValue quantity, EntryBuilder into)
    {
        into.Number(key, quantity.Low, quantity.High);
        if (placement.Last is CompositeEnd.Number) return;
        var unit = into.UnitOf(quantity);
        if (unit.Canonical is { } canonical) into.Number(Hashing.With(key, canonical), unit.Low, unit.High);
        else if (unit.HasSystem) into.Number(quantity.SystemCode(key), quantity.Low, quantity.High);
    }

    private bool WritePair(long key, Element context, EntryBuilder into)
    {
        var written = false;
        foreach (var first in Collect(hashedParts, context))
        {
            if (!first.TryNumber(out var low)) continue;
            foreach (var second in Collect(hashedParts + 1, context))
            {
                if (!second.TryNumber(out var high)) continue;
                into.Number(key, low, high);
                written = true;
            }
        }
        return written;
    }
}

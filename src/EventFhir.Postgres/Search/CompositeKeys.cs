using System.Diagnostics;

using EventFhir.Core.Search;
using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;

namespace EventFhir.Postgres.Search;

/// <summary>The hashes K of a composite's leading components, as ParameterPlacement.Composite defines them; several if a component leaves the
/// type of a reference open.</summary>
internal static class CompositeKeys
{
    public static long[] Of(ParameterPlacement.Composite composite, SearchValue.Composite value)
    {
        var hashed = composite.Parts.Length - composite.Last switch
        {
            CompositeEnd.Token or CompositeEnd.Reference => 0,
            CompositeEnd.NumberPair => 2,
            _ => 1,
        };
        long[] keys = [Hashing.Start(composite.Parameter.Code, TermForm.Composite)];
        for (var part = 0; part < hashed; part++)
        {
            var components = Hashes(composite.Parts[part].Parameter, value.Components[part]).ToList();
            keys = [.. keys.SelectMany(key => components.Select(component => Hashing.With(key, component)))];
        }
        return keys;
    }

    private static IEnumerable<long> Hashes(SearchParameterDefinition parameter, SearchValue value) => value switch
    {
        SearchValue.Token { LowerCode: { } lower } cased =>
            [.. Hashes(parameter, cased with { LowerCode = null }), .. Hashes(parameter, cased with { Code = lower, LowerCode = null })],
        SearchValue.Token { System: { } system, Code: { } code } =>
            [TokenHashes.With(TokenHashes.With(Hashing.Component(TermForm.SystemCode), system), code)],
        SearchValue.Token { Code: { } code } => [TokenHashes.With(Hashing.Component(TermForm.Code), code)],
        SearchValue.Uri uri => [TokenHashes.With(Hashing.Component(TermForm.Uri), uri.Value)],
        SearchValue.ReferenceUrl url => [TokenHashes.With(Hashing.Component(TermForm.Uri), url.Url)],
        SearchValue.Reference { Type: { } type } reference => [TokenHashes.With(Hashing.Component(TermForm.Uri), $"{type.Name}/{reference.Id}")],
        SearchValue.Reference reference =>
            parameter.Targets.Select(target => TokenHashes.With(Hashing.Component(TermForm.Uri), $"{target.Name}/{reference.Id}")),
        _ => throw new UnreachableException($"{value.GetType().Name} cannot be hashed into a composite."),
    };
}

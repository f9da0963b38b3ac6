using System.Collections.Immutable;

using EventFhir.Core.Events;
using EventFhir.Model.Elements;

namespace EventFhir.Core.Search.Indexing;

/// <summary>References: local ones as keys that the store resolves, all others as terms (R4 search.html#reference).</summary>
/// <param name="column">Null for rows.</param>
/// <param name="aliases">Parameters that take the references to one type out of these.</param>
/// <param name="baseUrl">UTF-8 of this server's base URL, without a slash at the end.</param>
internal sealed class ReferenceWriter(
    string parameter, int? column, ImmutableArray<ParameterPlacement.SameAs> aliases, ReadOnlyMemory<byte> baseUrl) : ValueWriter
{
    private readonly int hash = Hashing.Parameter(parameter);
    private readonly long present = Hashing.Start(parameter, TermForm.Present);
    private readonly long uri = Hashing.Start(parameter, TermForm.Uri);
    private readonly long identifierSystemCode = Hashing.Start(parameter, TermForm.IdentifierSystemCode);
    private readonly long identifierCode = Hashing.Start(parameter, TermForm.IdentifierCode);

    public override bool Write(Element value, EntryBuilder into)
    {
        value = Unwrap(value);
        var hasKey = value.Type switch
        {
            { IsPrimitive: true } => WriteUri(value, into),
            { IsResource: true } => WriteResource(value, into),
            { Name: "CodeableReference" } => WriteChild(value, into),
            _ => WriteReference(value, into),
        };
        if (hasKey) return true;
        into.Term(present);
        if (!aliases.IsEmpty && !value.Type.IsPrimitive) WriteAliases(value, into);
        return true;
    }

    /// <summary>That there is a patient whose key is not known; of keys the store knows the type.</summary>
    private void WriteAliases(Element reference, EntryBuilder into)
    {
        if (ReferenceTarget.TypeByUrl(reference) is not { } type) return;
        foreach (var alias in aliases)
            if (alias.Target == type) into.Term(Hashing.Term(alias.Parameter.Code, TermForm.Present));
    }

    private bool WriteUri(Element value, EntryBuilder into)
    {
        if (value.HasValue) UriTermWriter.WriteUri(uri, value.Utf8(), into);
        return false;
    }

    /// <summary>A resource that stands where others have a reference: the first entry of a document.</summary>
    private bool WriteResource(Element value, EntryBuilder into) =>
        value.ValueOf("id") is { Resource: not null } id && ResourceId.TryParse(id.Text, out var parsed) && Add(new(value.Type, parsed), into);

    private bool WriteChild(Element value, EntryBuilder into)
    {
        foreach (var child in value.ChildrenNamed("reference")) return WriteReference(child, into);
        return true;
    }

    private bool WriteReference(Element reference, EntryBuilder into)
    {
        var hasKey = false;
        foreach (var child in reference.Children)
        {
            if (child.Name == "reference" && child.HasValue) hasKey = WriteLiteral(child, into);
            else if (child.Name == "identifier") WriteIdentifier(child, into);
        }
        return hasKey;
    }

    private bool WriteLiteral(Element literal, EntryBuilder into)
    {
        var text = literal.Utf8();
        var target = ReferenceTarget.Of(literal.Resource.Release, baseUrl.Span, text);
        if (target.Scope is ReferenceScope.LocalVersion or ReferenceScope.Elsewhere) UriTermWriter.WriteUri(uri, text, into);
        return target.Scope is ReferenceScope.Local or ReferenceScope.LocalVersion && Add(target.Key, into);
    }

    private void WriteIdentifier(Element identifier, EntryBuilder into)
    {
        if (identifier.ValueOf("value") is not { Resource: not null } value) return;
        into.Identifier(Hashing.With(Hashing.With(identifierSystemCode, identifier.ValueOf("system").Utf8OrEmpty()), value.Utf8()));
        into.Identifier(Hashing.With(identifierCode, value.Utf8()));
    }

    private bool Add(ResourceKey target, EntryBuilder into)
    {
        if (column is { } place) into.Column(place, ColumnValue.Of(target));
        else into.Reference(hash, target);
        return true;
    }
}

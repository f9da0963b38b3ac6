using System.Text;

using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;

namespace EventFhir.Core.Search.Indexing;

/// <summary>Where a token's own hashes go; those of systems and texts are always terms.</summary>
internal enum TokenDestination { Terms, Identifiers }

/// <summary>Tokens of all types (R4 search.html#token): code, Coding, CodeableConcept, Identifier, ContactPoint, boolean, string, uri.</summary>
internal sealed class TokenWriter(string parameter, TokenDestination destination) : ValueWriter
{
    private readonly long systemCode = Hashing.Start(parameter, TermForm.SystemCode);
    private readonly long systemNone = Hashing.With(Hashing.Start(parameter, TermForm.SystemCode), default(ReadOnlySpan<byte>));
    private readonly long code = Hashing.Start(parameter, TermForm.Code);
    private readonly long system = Hashing.Start(parameter, TermForm.System);
    private readonly long text = Hashing.Start(parameter, TermForm.Text);
    private readonly int texts = LexiconEntry.NumberOf(parameter, LexiconKind.Display);
    private readonly int codes = LexiconEntry.NumberOf(parameter, LexiconKind.Code);
    private readonly long ofType = Hashing.Start(parameter, TermForm.OfType);

    public override bool Write(bool value, EntryBuilder into)
    {
        var word = value ? "true" : "false";
        if (destination is TokenDestination.Terms) into.Word(LexiconKind.Code, codes, Hashing.With(code, word), word);
        return WritePrimitive(value ? "true"u8 : "false"u8, null, into);
    }

    public override bool Write(Element value, EntryBuilder into)
    {
        value = Unwrap(value);
        if (value.Type.IsPrimitive) return value.HasValue && WriteCode(value, into);
        return value.Type.Name switch
        {
            "Coding" => WriteCoding(value, into),
            "CodeableConcept" => WriteConcept(value, into),
            "Identifier" => WriteIdentifier(value, into),
            "ContactPoint" => WriteContact(value, into),
            "CodeableReference" => WriteChildren(value, "concept", into),
            "Quantity" or "Money" => WriteCoding(value, into),
            _ => false,
        };
    }

    /// <summary>The system that a code has by its required binding (R4 search.html#token).</summary>
    public static string? SystemOf(Element value) =>
        value.Type.Primitive is PrimitiveKind.Code ? value.Definition?.Binding?.Codes?.SystemOf(value.Utf8()) : null;

    /// <summary>R4 search.html#token: "If the underlying data type is string then the search is not case sensitive."</summary>
    public static bool IgnoresCase(TypeDefinition value) => value.Primitive is PrimitiveKind.String;

    private bool WriteCode(Element value, EntryBuilder into)
    {
        var utf8 = IgnoresCase(value.Type) ? Encoding.UTF8.GetBytes(value.Text.ToLowerInvariant()) : value.Utf8();
        WritePrimitive(utf8, SystemOf(value), into);
        if (destination is TokenDestination.Terms) into.Word(LexiconKind.Code, codes, Hashing.With(code, utf8), value);
        return true;
    }

    private bool WritePrimitive(ReadOnlySpan<byte> value, string? codeSystem, EntryBuilder into)
    {
        if (codeSystem is null)
        {
            Add(Hashing.With(systemNone, value), into);
        }
        else
        {
            Add(Hashing.With(Hashing.With(systemCode, codeSystem), value), into);
        }
        Add(Hashing.With(code, value), into);
        return true;
    }

    private bool WriteConcept(Element concept, EntryBuilder into)
    {
        var written = false;
        foreach (var child in concept.Children)
        {
            if (child.Name == "coding") written |= WriteCoding(child, into);
            else if (child.Name == "text" && child.HasValue)
            {
                WriteText(child, into);
                written = true;
            }
        }
        return written;
    }

    private bool WriteCoding(Element coding, EntryBuilder into)
    {
        Element codingSystem = default, codingCode = default;
        var written = false;
        foreach (var child in coding.Children)
        {
            if (!child.HasValue) continue;
            switch (child.Name)
            {
                case "system":
                    codingSystem = child;
                    break;
                case "code":
                    codingCode = child;
                    break;
                case "display":
                    WriteText(child, into);
                    written = true;
                    break;
            }
        }
        var codeUtf8 = codingCode.Exists() ? TokenCase.Fold(codingSystem.Utf8OrEmpty(), codingCode.Utf8()) : default;
        return WriteSystemCode(codingSystem, codingCode, codeUtf8, into) || written;
    }

    private bool WriteSystemCode(Element tokenSystem, Element tokenCode, EntryBuilder into) =>
        WriteSystemCode(tokenSystem, tokenCode, tokenCode.Utf8OrEmpty(), into);

    /// <param name="codeUtf8">The code as it is compared.</param>
    private bool WriteSystemCode(Element tokenSystem, Element tokenCode, ReadOnlySpan<byte> codeUtf8, EntryBuilder into)
    {
        var systemUtf8 = tokenSystem.Utf8OrEmpty();
        if (tokenSystem.Exists()) into.Term(Hashing.With(system, systemUtf8));
        if (!tokenCode.Exists()) return tokenSystem.Exists();
        Add(Hashing.With(tokenSystem.Exists() ? Hashing.With(systemCode, systemUtf8) : systemNone, codeUtf8), into);
        if (destination is TokenDestination.Terms) into.Word(LexiconKind.Code, codes, Hashing.With(code, codeUtf8), tokenCode);
        else into.Identifier(Hashing.With(code, codeUtf8));
        return true;
    }

    private bool WriteIdentifier(Element identifier, EntryBuilder into)
    {
        Element identifierSystem = default, value = default, type = default;
        foreach (var child in identifier.Children)
        {
            switch (child.Name)
            {
                case "system" when child.HasValue:
                    identifierSystem = child;
                    break;
                case "value" when child.HasValue:
                    value = child;
                    break;
                case "type":
                    type = child;
                    break;
            }
        }
        var written = WriteSystemCode(identifierSystem, value, into);
        if (type.Exists()) WriteIdentifierType(type, value, into);
        return written;
    }

    private void WriteIdentifierType(Element type, Element value, EntryBuilder into)
    {
        foreach (var child in type.Children)
        {
            if (child.Name == "text" && child.HasValue) WriteText(child, into);
            if (child.Name != "coding") continue;
            if (child.ValueOf("display") is { Resource: not null } display) WriteText(display, into);
            if (!value.Exists() || child.ValueOf("code") is not { Resource: not null } typeCode) continue;
            var typed = Hashing.With(Hashing.With(ofType, child.ValueOf("system").Utf8OrEmpty()), typeCode.Utf8());
            into.Identifier(Hashing.With(typed, value.Utf8()));
        }
    }

    /// <summary>The value is the code; the kind of contact (phone, email) stands where others have a system.</summary>
    private bool WriteContact(Element contact, EntryBuilder into) => WriteSystemCode(contact.ValueOf("system"), contact.ValueOf("value"), into);

    private bool WriteChildren(Element value, string name, EntryBuilder into)
    {
        var written = false;
        foreach (var child in value.ChildrenNamed(name)) written |= Write(child, into);
        return written;
    }

    private void WriteText(Element display, EntryBuilder into) => into.Word(LexiconKind.Display, texts, StringFolding.Hash(text, display), display);

    private void Add(long hash, EntryBuilder into)
    {
        if (destination is TokenDestination.Terms) into.Term(hash);
        else into.Identifier(hash);
    }
}

using System.Collections.Immutable;

namespace EventFhir.Model.Definitions;

/// <summary>Reads the generated tables of a release from the assembly. The generator's TableWriter describes the rows.</summary>
internal sealed class ReleaseLoader
{
    private readonly SharedStrings strings = new();
    private readonly Utf8NameMap<TypeDefinition> types = new(capacity: 1_024);
    private readonly Utf8NameMap<Invariant> invariants = new(capacity: 512);
    private readonly Utf8NameMap<CodeList> codeLists = new(capacity: 512);
    private readonly ImmutableArray<TypeDefinition>.Builder allTypes = ImmutableArray.CreateBuilder<TypeDefinition>(1_024);
    private readonly ImmutableArray<CodeList>.Builder allCodeLists = ImmutableArray.CreateBuilder<CodeList>(512);
    private readonly ImmutableArray<SearchParameterDefinition>.Builder parameters = ImmutableArray.CreateBuilder<SearchParameterDefinition>(2_048);
    private readonly ImmutableArray<OperationDefinition>.Builder operations = ImmutableArray.CreateBuilder<OperationDefinition>(64);
    private readonly List<(TypeDefinition Compartment, CompartmentEntry Entry)> compartmentEntries = [];

    public static Release Load(string name)
    {
        using var stream = typeof(ReleaseLoader).Assembly.GetManifestResourceStream($"{name}.tables")
            ?? throw new InvalidOperationException($"The tables of {name} are not generated; run ./eng/generate.");
        var tables = new byte[stream.Length];
        stream.ReadExactly(tables);
        return new ReleaseLoader().Read(tables);
    }

    private Release Read(ReadOnlySpan<byte> tables)
    {
        DeclareTypes(tables);
        var (name, version) = ("", "");
        ElementReader? elements = null;
        var row = new TableRow(tables, strings);
        while (row.Next())
        {
            switch (row.Kind)
            {
                case (byte)'R': (name, version) = (row.Text(), row.Text()); break;
                case (byte)'I': ReadInvariant(ref row); break;
                case (byte)'C': ReadCodeList(ref row); break;
                case (byte)'T':
                    elements?.Finish();
                    elements = ReadType(ref row);
                    break;
                case (byte)'E': elements!.Read(ref row); break;
                case (byte)'S': ReadSearchParameter(ref row); break;
                case (byte)'K': compartmentEntries.Add((Type(row.Bytes()), new CompartmentEntry(Type(row.Bytes()), Words(row.Bytes())))); break;
                case (byte)'O': ReadOperation(ref row); break;
                default: throw new InvalidOperationException($"The tables hold a row of unknown kind {(char)row.Kind}; run ./eng/generate.");
            }
        }
        elements?.Finish();
        allTypes.Sort(static (one, other) => string.CompareOrdinal(one.Name, other.Name));
        var types = allTypes.ToImmutable();
        return new Release(name, version, types, parameters.ToImmutable(), Compartments(), allCodeLists.ToImmutable(), operations.ToImmutable());
    }

    /// <summary>Types refer to each other in circles (an Extension may hold any type), so all exist before the first is filled.</summary>
    private void DeclareTypes(ReadOnlySpan<byte> tables)
    {
        var row = new TableRow(tables, strings);
        while (row.Next())
        {
            if (row.Kind != 'T') continue;
            var name = row.Bytes();
            var kind = row.Bytes();
            var isAbstract = row.Bytes().Length > 0;
            var type = new TypeDefinition(strings.Of(name), KindOf(kind), isAbstract, row.Number());
            if (type.IsPrimitive) type.Primitive = Enum.Parse<PrimitiveKind>(type.Name, ignoreCase: true);
            types.AddNew(name.ToArray(), type);
            allTypes.Add(type);
        }
    }

    private static TypeKind KindOf(ReadOnlySpan<byte> kind) => kind[0] switch
    {
        (byte)'p' => TypeKind.Primitive,
        (byte)'c' => TypeKind.Complex,
        (byte)'b' => TypeKind.Backbone,
        _ => TypeKind.Resource,
    };

    private void ReadInvariant(ref TableRow row)
    {
        var id = row.Bytes();
        var key = row.Text();
        var severity = row.Bytes()[0] == 'e' ? InvariantSeverity.Error : InvariantSeverity.Warning;
        var isStructural = row.Bytes().Length > 0;
        invariants.AddNew(id.ToArray(), new Invariant(key, severity, row.Text(), row.Text()) { IsStructural = isStructural });
    }

    private void ReadCodeList(ref TableRow row)
    {
        var url = row.Bytes();
        var codes = ImmutableArray.CreateBuilder<(string, string)>();
        while (row.HasMore)
        {
            var system = row.Text();
            var list = row.Bytes();
            while (TableRow.NextWord(ref list, out var code)) codes.Add((system, strings.Of(code)));
        }
        var codeList = new CodeList(strings.Of(url), codes.ToImmutable());
        codeLists.AddNew(url.ToArray(), codeList);
        allCodeLists.Add(codeList);
    }

    private ElementReader ReadType(ref TableRow row)
    {
        var type = Type(row.Bytes());
        row.Skip(fields: 3);
        var baseName = row.Bytes();
        if (baseName.Length > 0) type.Base = Type(baseName);
        type.Invariants = [.. type.Base?.Invariants ?? [], .. Invariants(row.Bytes())];
        return new ElementReader(this, type);
    }

    private void ReadSearchParameter(ref TableRow row)
    {
        var type = Type(row.Bytes());
        var code = row.Text();
        var kind = row.Bytes();
        var (url, expression) = (row.Text(), row.Text());
        var targets = Types(row.Bytes());
        var components = ImmutableArray<CompositeComponent>.Empty;
        while (row.HasMore) components = components.Add(new CompositeComponent(row.Text(), row.Text()));
        parameters.Add(new SearchParameterDefinition(type, code, url, ParameterType(kind), expression, targets, components));
    }

    private static SearchParameterType ParameterType(ReadOnlySpan<byte> name) => (name[0], name[1]) switch
    {
        ((byte)'n', _) => SearchParameterType.Number,
        ((byte)'d', _) => SearchParameterType.Date,
        ((byte)'s', (byte)'t') => SearchParameterType.String,
        ((byte)'t', _) => SearchParameterType.Token,
        ((byte)'r', _) => SearchParameterType.Reference,
        ((byte)'c', _) => SearchParameterType.Composite,
        ((byte)'q', _) => SearchParameterType.Quantity,
        ((byte)'u', _) => SearchParameterType.Uri,
        _ => SearchParameterType.Special,
    };

    private void ReadOperation(ref TableRow row)
    {
        var (code, url) = (row.Text(), row.Text());
        var levels = row.Bytes();
        var (system, type, instance) = (levels.Contains((byte)'s'), levels.Contains((byte)'t'), levels.Contains((byte)'i'));
        operations.Add(new OperationDefinition(code, url, system, type, instance, Types(row.Bytes())));
    }

    private ImmutableArray<CompartmentDefinition> Compartments()
    {
        var compartments = ImmutableArray.CreateBuilder<CompartmentDefinition>();
        for (var start = 0; start < compartmentEntries.Count;)
        {
            var type = compartmentEntries[start].Compartment;
            var entries = ImmutableArray.CreateBuilder<CompartmentEntry>();
            for (; start < compartmentEntries.Count && compartmentEntries[start].Compartment == type; start++)
                entries.Add(compartmentEntries[start].Entry);
            compartments.Add(new CompartmentDefinition(type, entries.ToImmutable()));
        }
        return compartments.ToImmutable();
    }

    internal TypeDefinition Type(ReadOnlySpan<byte> name) =>
        types.Find(name) ?? throw new InvalidOperationException($"The tables name an unknown type {strings.Of(name)}; run ./eng/generate.");

    internal string Text(ReadOnlySpan<byte> utf8) => strings.Of(utf8);

    internal CodeList? CodeList(ReadOnlySpan<byte> url) => codeLists.Find(url);

    internal ImmutableArray<Invariant> Invariants(ReadOnlySpan<byte> ids)
    {
        var found = ImmutableArray<Invariant>.Empty;
        while (TableRow.NextWord(ref ids, out var id)) found = found.Add(invariants.Find(id)!);
        return found;
    }

    private ImmutableArray<TypeDefinition> Types(ReadOnlySpan<byte> names)
    {
        if (names.IsEmpty) return [];
        var found = ImmutableArray.CreateBuilder<TypeDefinition>();
        while (TableRow.NextWord(ref names, out var name)) found.Add(Type(name));
        return found.ToImmutable();
    }

    private ImmutableArray<string> Words(ReadOnlySpan<byte> list)
    {
        var words = ImmutableArray.CreateBuilder<string>();
        while (TableRow.NextWord(ref list, out var word)) words.Add(strings.Of(word));
        return words.ToImmutable();
    }
}

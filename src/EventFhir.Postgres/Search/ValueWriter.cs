using System.Collections.Immutable;
using System.Diagnostics;

using EventFhir.Core.Search;
using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Sql;

namespace EventFhir.Postgres.Search;

/// <summary>The condition that a parameter has one of some values: one rule for each <see cref="ParameterPlacement"/>.</summary>
/// <param name="sourcesOf">Where the versions of a type's resources that are read have their rows; none if the type was never written.</param>
internal sealed class ValueWriter(SqlBuilder sql, Release release, Func<TypeDefinition, ImmutableArray<TableNames>> sourcesOf)
{
    public void Write(TableNames tables, ParameterPlacement placement, ImmutableArray<SearchValue> values)
    {
        switch (placement)
        {
            case ParameterPlacement.SameAs { Target: { } target } same:
                Write(tables, same.Of, ReferenceKeys.Narrow(values, target));
                break;
            case ParameterPlacement.SameAs same:
                Write(tables, same.Of, values);
                break;
            case ParameterPlacement.UnionOf union:
                WriteEither(union.Parts, part => Write(tables, part, values));
                break;
            case ParameterPlacement.TokenTerms or ParameterPlacement.TokenIdentifiers when values.Any(value => value is SearchValue.TokenIn):
                new CodeSetWriter(sql).Write(tables, placement, values);
                break;
            case ParameterPlacement.TokenTerms or ParameterPlacement.TokenIdentifiers or ParameterPlacement.UriTerms when values.Any(IsText):
                WriteEither(values, value => new TextWriter(sql).WriteTerms(tables, placement, value));
                break;
            case ParameterPlacement.TokenTerms:
                WriteTerms(tables, placement, [.. values.SelectMany(value => TokenHashes.AllOf(release, placement.Parameter.Code, value))]);
                break;
            case ParameterPlacement.TokenIdentifiers:
                WriteIdentifiers(tables, placement, values);
                break;
            case ParameterPlacement.UriTerms:
                WriteTerms(tables, placement, [.. values.SelectMany(value => UriForms.Hashes(placement.Parameter.Code, value))]);
                break;
            case ParameterPlacement.UriRows:
                WriteEither(values, value => new TextWriter(sql).WriteUri(tables, placement.Parameter.Code, value));
                break;
            case ParameterPlacement.StringRows:
                var parameter = Hashing.Parameter(placement.Parameter.Code);
                WriteEither(values, value => new TextWriter(sql).WriteText(tables, [parameter], (SearchValue.Text)value));
                break;
            case ParameterPlacement.ReferenceColumn or ParameterPlacement.ReferenceRows:
                WriteReferences(tables, placement, values);
                break;
            case ParameterPlacement.DateColumns columns:
                WriteEither(values, value => WriteDate(
                    (SearchValue.Date)value, Of(tables.Column(columns.Low)), Of(tables.Column(columns.High))));
                break;
            case ParameterPlacement.DateRows:
                WriteEither(values, value => WriteDateRows(tables, [Hashing.Term(placement.Parameter.Code, TermForm.Any)], (SearchValue.Date)value));
                break;
            case ParameterPlacement.NumberColumns columns:
                WriteEither(values, value => WriteNumber((SearchValue.Number)value, tables, columns.Low, columns.High));
                break;
            case ParameterPlacement.NumberRows:
                WriteEither(values, value =>
                    WriteNumberRows(tables, [Hashing.Term(placement.Parameter.Code, TermForm.Any)], (SearchValue.Number)value));
                break;
            case ParameterPlacement.QuantityColumns columns:
                WriteEither(values, value => WriteQuantity(tables, columns, (SearchValue.Quantity)value));
                break;
            case ParameterPlacement.QuantityRows:
                WriteEither(values, value => WriteQuantityRows(tables, placement.Parameter.Code, (SearchValue.Quantity)value));
                break;
            case ParameterPlacement.Coordinates at:
                WriteEither(values, value => new NearWriter(sql).Write(tables, at, ((SearchValue.Near)value).Circle));
                break;
            case ParameterPlacement.Conjunction conjunction:
                WriteEither(values, value => WriteConjunction(tables, conjunction, (SearchValue.Composite)value));
                break;
            case ParameterPlacement.Composite composite:
                WriteEither(values, value => WriteComposite(tables, composite, (SearchValue.Composite)value));
                break;
            default:
                throw new UnreachableException($"No SQL is defined for {placement.GetType().Name}.");
        }
    }

    private static bool IsText(SearchValue value) => value is SearchValue.TokenText or SearchValue.CodeText or SearchValue.Continued;

    private void WriteEither<T>(ImmutableArray<T> alternatives, Action<T> write)
    {
        sql.Append($"(");
        for (var place = 0; place < alternatives.Length; place++)
        {
            if (place > 0) sql.Append($" or ");
            write(alternatives[place]);
        }
        sql.Append($")");
    }

    /// <summary>One term is asked with "contains", which the statistics of the array answer best; several with "overlaps".</summary>
    private void WriteTerms(TableNames tables, ParameterPlacement placement, long[] hashes)
    {
        if (placement.Home is TermHome.Identifiers) WriteHashes(tables.Identifiers, hashes);
        else if (hashes.Length == 1) sql.Append($"x.terms @> {hashes}");
        else sql.Append($"x.terms && {hashes}");
    }

    /// <summary>One hash is compared with "=": of an array whose length it does not know the planner expects ten times as many rows.</summary>
    private void WriteHashes(SqlText table, long[] hashes)
    {
        if (hashes.Length == 1) sql.Append($"x.rid in (select t.rid from {table} t where t.hash = {hashes[0]})");
        else sql.Append($"x.rid in (select t.rid from {table} t where t.hash = any({hashes}))");
    }

    private void WriteIdentifiers(TableNames tables, ParameterPlacement placement, ImmutableArray<SearchValue> values)
    {
        var code = placement.Parameter.Code;
        var systems = values.OfType<SearchValue.Token>().Where(token => token.Code is null).ToList();
        var others = values.Except(systems).SelectMany(value => TokenHashes.AllOf(release, placement.Parameter.Code, value)).ToArray();
        sql.Append($"(");
        if (systems.Count > 0)
            WriteTerms(tables, placement, [.. systems.SelectMany(token => TokenHashes.AllOf(release, placement.Parameter.Code, token))]);
        if (systems.Count > 0 && others.Length > 0) sql.Append($" or ");
        if (others.Length > 0) WriteHashes(tables.Identifiers, others);
        sql.Append($")");
    }

    private void WriteReferences(TableNames tables, ParameterPlacement placement, ImmutableArray<SearchValue> values)
    {
        var code = placement.Parameter.Code;
        var keys = ReferenceKeys.Of(release, placement.Parameter, values);
        var urls = values.OfType<SearchValue.ReferenceUrl>().Select(url => Hashing.Term(code, TermForm.Uri, url.Url)).ToArray();
        var identifiers = values.OfType<SearchValue.ReferenceIdentifier>().Select(identifier => identifier.System is { } system
            ? Hashing.Term(code, TermForm.IdentifierSystemCode, system, identifier.Value)
            : Hashing.Term(code, TermForm.IdentifierCode, identifier.Value)).ToArray();
        sql.Append($"(false");
        if (keys.Ids.Length > 0)
        {
            sql.Append($" or ");
            WriteKeys(tables, placement, keys);
        }
        foreach (var lineage in values.OfType<SearchValue.Lineage>()) WriteLineage(tables, placement, lineage);
        if (urls.Length > 0)
        {
            sql.Append($" or ");
            WriteTerms(tables, placement, urls);
        }
        if (identifiers.Length > 0)
        {
            sql.Append($" or ");
            WriteHashes(tables.Identifiers, identifiers);
        }
        sql.Append($")");
    }

    private void WriteKeys(TableNames tables, ParameterPlacement placement, (short[] Types, string[] Ids) keys)
    {
        WriteTarget(tables, placement);
        // Of one key the planner takes the average number of rows; of an array it would take ten times as many, and walk the table instead.
        if (keys.Ids.Length == 1)
            sql.Append($"(select s.rid from es.stream s where s.tenant = {Tenant.Text} and s.type = {keys.Types[0]} and s.id = {keys.Ids[0]})");
        else
            sql.Append($"""
                any(array(select s.rid from unnest({keys.Types}, {keys.Ids}) k(type, id)
                join es.stream s on s.tenant = {Tenant.Text} and s.type = k.type and s.id = k.id))
                """);
        sql.Append($")");
    }

    /// <summary>"(… =", for the rids of targets to follow, and a bracket.</summary>
    private void WriteTarget(TableNames tables, ParameterPlacement placement)
    {
        if (placement is ParameterPlacement.ReferenceColumn column)
        {
            WriteNotNull(tables.Column(column.Column));
            return;
        }
        sql.Append($"x.rid in (select t.rid from {tables.References} t where t.parameter = {Hashing.Parameter(placement.Parameter.Code)}");
        sql.Append($" and t.target = ");
    }

    private void WriteLineage(TableNames tables, ParameterPlacement placement, SearchValue.Lineage lineage)
    {
        var alone = lineage.Places.Where(place => place.Parent is null).ToList();
        if (alone.Count > 0)
        {
            sql.Append($" or ");
            WriteKeys(tables, placement, ([.. alone.Select(place => (short)place.Type.Number)], [.. alone.Select(place => place.Id)]));
        }
        foreach (var place in lineage.Places)
        {
            if (place.Parent is null) continue;
            sql.Append($" or ");
            WriteTarget(tables, placement);
            sql.Append($"any(");
            new LineageWriter(sql, sourcesOf).WriteArray(place, lineage.Direction);
            sql.Append($"))");
        }
    }

    /// <summary>False rather than null where there is no value, so that "not" turns it round; in a form that an index can serve.</summary>
    private void WriteNotNull(SqlName column) => sql.Append($"(x.{column} is not null and x.{column} = ");

    /// <summary>A missing value makes the comparison null, which "not" would not turn round.</summary>
    private void WriteDate(SearchValue.Date value, SqlText low, SqlText high)
    {
        sql.Append($"({low} is not null and ");
        Comparison.Write(sql, value, low, high);
        sql.Append($")");
    }

    private void WriteDateRows(TableNames tables, long[] hashes, SearchValue.Date value)
    {
        sql.Append($"x.rid in (select t.rid from {tables.Dates} t where t.hash = any({hashes}) and ");
        Comparison.Write(sql, value, new SqlText("t.low"), new SqlText("t.high"));
        sql.Append($")");
    }

    private void WriteNumber(SearchValue.Number value, TableNames tables, int lowColumn, int highColumn)
    {
        var (low, high) = (Of(tables.Column(lowColumn)), Of(tables.Column(highColumn)));
        sql.Append($"({low} is not null and ");
        if (value.Prefix is Prefix.Greater or Prefix.GreaterOrEqual)
        {
            // Each of the two has an index.
            var (beyond, bound) = (new SqlText(value.Prefix is Prefix.Greater ? ">" : ">="), sql.Value(value.Value));
            sql.Append($"(({high} is null and {low} {beyond} {bound}) or ({high} is not null and {high} {beyond} {bound}))");
        }
        else Comparison.Write(sql, value, low, SqlWriter.Text($"coalesce({high}, {low})"));
        sql.Append($")");
    }

    private void WriteNumberRows(TableNames tables, long[] hashes, SearchValue.Number value)
    {
        sql.Append($"x.rid in (select t.rid from {tables.Numbers} t where t.hash = any({hashes}) and ");
        Comparison.Write(sql, value, new SqlText("t.low"), new SqlText("t.high"));
        sql.Append($")");
    }

    private void WriteQuantity(TableNames tables, ParameterPlacement.QuantityColumns columns, SearchValue.Quantity value)
    {
        var code = columns.Parameter.Code;
        if (CanonicalQuantity.TryOf(value, out var canonical))
        {
            var unit = Hashing.Term(code, TermForm.CanonicalUnit, canonical.Unit);
            sql.Append($"({Of(tables.Column(columns.Unit))} is not null and {Of(tables.Column(columns.Unit))} = {unit} and ");
            WriteNumber(canonical.Number, tables, columns.CanonicalLow, columns.CanonicalHigh);
            sql.Append($")");
            return;
        }
        sql.Append($"(");
        if (value.Unit is not null)
        {
            WriteTerms(tables, columns, [UnitHash(code, value)]);
            sql.Append($" and ");
        }
        WriteNumber(value.Amount, tables, columns.Low, columns.High);
        sql.Append($")");
    }

    private void WriteQuantityRows(TableNames tables, string code, SearchValue.Quantity value)
    {
        if (CanonicalQuantity.TryOf(value, out var canonical))
            WriteNumberRows(tables, [Hashing.Term(code, TermForm.CanonicalUnit, canonical.Unit)], canonical.Number);
        else WriteNumberRows(tables, [value.Unit is null ? Hashing.Term(code, TermForm.Any) : UnitHash(code, value)], value.Amount);
    }

    private static long UnitHash(string code, SearchValue.Quantity value) => value.System is { } system
        ? Hashing.Term(code, TermForm.SystemCode, system, value.Unit!)
        : Hashing.Term(code, TermForm.Code, value.Unit!);

    private void WriteConjunction(TableNames tables, ParameterPlacement.Conjunction conjunction, SearchValue.Composite value)
    {
        sql.Append($"(true");
        for (var part = 0; part < conjunction.Components.Length; part++)
        {
            sql.Append($" and ");
            Write(tables, conjunction.Components[part], [value.Components[part]]);
        }
        sql.Append($")");
    }

    private void WriteComposite(TableNames tables, ParameterPlacement.Composite composite, SearchValue.Composite value)
    {
        var keys = CompositeKeys.Of(composite, value);
        var last = value.Components[^1];
        switch (composite.Last)
        {
            case CompositeEnd.Token:
                WriteTerms(tables, composite, keys);
                break;
            case CompositeEnd.Reference:
                WriteHashes(tables.Identifiers, keys);
                break;
            case CompositeEnd.Number:
                WriteNumberRows(tables, keys, (SearchValue.Number)last);
                break;
            case CompositeEnd.NumberPair:
                sql.Append($"x.rid in (select t.rid from {tables.Numbers} t where t.hash = any({keys}) and ");
                Comparison.Write(sql, (SearchValue.Number)value.Components[^2], new SqlText("t.low"), new SqlText("t.low"));
                sql.Append($" and ");
                Comparison.Write(sql, (SearchValue.Number)last, new SqlText("t.high"), new SqlText("t.high"));
                sql.Append($")");
                break;
            case CompositeEnd.Quantity:
                WriteCompositeQuantity(tables, keys, (SearchValue.Quantity)last);
                break;
            case CompositeEnd.Date:
                WriteDateRows(tables, keys, (SearchValue.Date)last);
                break;
            case CompositeEnd.String:
                var parameters = keys.Select(key => Hashing.Parameter(composite.Parameter.Code, key)).ToArray();
                new TextWriter(sql).WriteText(tables, parameters, (SearchValue.Text)last);
                break;
            default:
                throw new UnreachableException($"No SQL is defined for a composite that ends in {composite.Last}.");
        }
    }

    private void WriteCompositeQuantity(TableNames tables, long[] keys, SearchValue.Quantity value)
    {
        if (CanonicalQuantity.TryOf(value, out var canonical))
            WriteNumberRows(tables, [.. keys.Select(key => TokenHashes.With(key, canonical.Unit))], canonical.Number);
        else if (value is { System: { } system, Unit: { } unit })
            WriteNumberRows(tables, [.. keys.Select(key => TokenHashes.With(TokenHashes.With(key, system), unit))], value.Amount);
        else WriteNumberRows(tables, keys, value.Amount);
    }

    private static SqlText Of(SqlName column) => SqlWriter.Text($"x.{column}");
}

using System.Collections.Immutable;

using EventFhir.Model;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.FhirPath;

namespace EventFhir.Core.Search.Indexing;

/// <summary>The extraction of one resource type, compiled from its <see cref="TypeLayout"/>. Hot path, measured by Benchmarks.</summary>
internal sealed class TypeExtractor
{
    /// <summary>Of no parameter, so that no custom one can have it.</summary>
    private static readonly int ContainedNumber = LexiconEntry.NumberOf("", LexiconKind.Contained);

    private readonly ImmutableArray<ParameterExtractor> parameters;
    private readonly int columnCount;
    private readonly bool hasNarrative;
    private readonly bool hasContent;
    private readonly bool hasUrl;

    public TypeExtractor(Release release, TypeLayout layout, ReadOnlyMemory<byte> baseUrl)
    {
        columnCount = layout.Columns.Length;
        hasUrl = layout.Type.FindElement("url") is not null && layout.Type.FindElement("version") is not null;
        hasNarrative = layout.SideTables.HasFlag(SideTables.Text);
        hasContent = layout.SideTables.HasFlag(SideTables.Content);
        parameters =
        [
            .. layout.Placements.Select(placement => ParameterExtractor.Of(release, layout, placement, baseUrl)).OfType<ParameterExtractor>(),
        ];
    }

    public void Extract(Element root, EntryBuilder into)
    {
        into.Start(columnCount);
        foreach (var parameter in parameters) parameter.Extract(root, into);
        into.Home = TermHome.Terms;
        if (hasUrl) CanonicalNames.Write(root, into);
        foreach (var contained in root.ChildrenNamed("contained"))
            into.Word(LexiconKind.Contained, ContainedNumber, Hashing.Contains(contained.Type.Name), contained.Type.Name);
        if (hasNarrative) into.Narrative = NarrativeText.WordsOf(root);
        if (hasContent) into.Content = ContentText.WordsOf(root);
    }
}

/// <summary>One parameter that has storage of its own.</summary>
internal sealed class ParameterExtractor
{
    private readonly ImmutableArray<SearchPath> paths;
    private readonly FhirPathExpression? fallback;
    private readonly ValueWriter writer;
    private readonly MarkWriter? mark;
    private readonly TermHome home;

    private ParameterExtractor(Release release, ParameterPlacement placement, ValueWriter writer, MarkWriter? mark)
    {
        (paths, this.writer, this.mark, home) = (placement.Expression.Paths, writer, mark, placement.Home);
        if (!placement.Expression.IsCompiled) fallback = FhirPathExpression.Compile(placement.Expression.Text, release);
    }

    /// <summary>Null if the parameter is stored by others or not at all.</summary>
    public static ParameterExtractor? Of(Release release, TypeLayout layout, ParameterPlacement placement, ReadOnlyMemory<byte> baseUrl)
    {
        var code = placement.Parameter.Code;
        ParameterExtractor With(ValueWriter writer, ValueMark? mark = null) =>
            new(release, placement, writer, mark is { } kind ? new MarkWriter(code, kind) : null);

        ImmutableArray<ParameterPlacement.SameAs> Aliases() =>
        [
            .. layout.Placements.OfType<ParameterPlacement.SameAs>().Where(alias => alias is { Target: not null } && alias.Stored == placement),
        ];

        return placement switch
        {
            ParameterPlacement.ReferenceColumn column => With(new ReferenceWriter(code, column.Column, Aliases(), baseUrl)),
            ParameterPlacement.ReferenceRows => With(new ReferenceWriter(code, null, Aliases(), baseUrl)),
            ParameterPlacement.DateColumns columns => With(new DateWriter(columns.Low, columns.High)),
            ParameterPlacement.DateRows => With(new DateWriter(code)),
            ParameterPlacement.NumberColumns columns => With(new NumberWriter(columns.Low, columns.High)),
            ParameterPlacement.NumberRows => With(new NumberWriter(code)),
            ParameterPlacement.QuantityColumns columns => With(new QuantityWriter(code, columns)),
            ParameterPlacement.QuantityRows => With(new QuantityWriter(code, null)),
            ParameterPlacement.TokenTerms token => With(new TokenWriter(code, TokenDestination.Terms), token.Mark),
            ParameterPlacement.TokenIdentifiers token => With(new TokenWriter(code, TokenDestination.Identifiers), token.Mark),
            ParameterPlacement.StringRows => With(new StringWriter(code)),
            ParameterPlacement.UriRows => With(new UriRowWriter(code)),
            ParameterPlacement.UriTerms uri => With(new UriTermWriter(code, placement.Parameter.Type), uri.Mark),
            ParameterPlacement.Coordinates at => With(new CoordinatesWriter(at.Latitude, at.Longitude)),
            ParameterPlacement.Composite composite => With(new CompositeWriter(composite, baseUrl), ValueMark.Present),
            _ => null,
        };
    }

    public void Extract(Element root, EntryBuilder into)
    {
        into.Home = home;
        var hasValue = fallback is null ? ExtractPaths(root, into) : ExtractFallback(fallback, root, into);
        mark?.Write(hasValue, into);
    }

    private bool ExtractPaths(Element root, EntryBuilder into)
    {
        var values = into.Values;
        values.Clear();
        foreach (var path in paths) PathWalk.Collect(path, root, values);
        var hasValue = false;
        foreach (var value in values) hasValue |= writer.Write(value, into);
        return hasValue;
    }

    /// <summary>The expression is a client's, and every write waits for it.</summary>
    private static readonly EvaluationContext Custom = EvaluationContext.Default with { StepsMax = Limits.CustomExpressionStepsMax };

    private bool ExtractFallback(FhirPathExpression expression, Element root, EntryBuilder into)
    {
        var hasValue = false;
        foreach (var value in expression.Evaluate(root, home is TermHome.Terms ? EvaluationContext.Default : Custom).Values)
        {
            hasValue |= value.Kind switch
            {
                FhirPathKind.Element => writer.Write(value.Element, into),
                FhirPathKind.Boolean => writer.Write(value.Boolean, into),
                _ => false,
            };
        }
        return hasValue;
    }
}

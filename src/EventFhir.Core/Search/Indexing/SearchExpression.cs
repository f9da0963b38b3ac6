using System.Collections.Immutable;

using EventFhir.Model.Definitions;
using EventFhir.Model.FhirPath;

namespace EventFhir.Core.Search.Indexing;

/// <summary>The expression of a search parameter: its branches as compiled paths, or for the rare form that is none, the FHIRPath itself.</summary>
/// <param name="Paths">Empty if the expression is not a union of paths.</param>
internal sealed record SearchExpression(string Text, ImmutableArray<SearchPath> Paths)
{
    public bool IsCompiled => Paths.Length > 0;

    /// <summary>Compiles an expression on a resource type, or on an element (the components of composites).</summary>
    public static SearchExpression Of(Release release, string text)
    {
        if (!FhirPathSyntax.TryParse(text, out var node, out _)) return new(text, []);
        var paths = new PathReader(release).Read(node);
        return new(text, paths is null ? [] : [.. paths.Distinct()]);
    }

    private sealed class PathReader(Release release)
    {
        private static readonly SearchPath Context = new(PathOrigin.Context, []);
        private static readonly SearchPath Resource = new(PathOrigin.Resource, []);

        /// <summary>Null if the node is no union of paths.</summary>
        public IReadOnlyList<SearchPath>? Read(FhirPathNode node) => node switch
        {
            FhirPathNode.This => [Context],
            FhirPathNode.Variable { Name: "resource" or "context" } => [Resource],
            FhirPathNode.Member { Source: null } member => [Start(member.Name)],
            FhirPathNode.Member { Source: { } source } member => Then(source, new PathStep.Child(member.Name)),
            FhirPathNode.Typed { Test: TypeTest.As } typed => As(typed.Operand, typed.Type.Name),
            FhirPathNode.Binary { Operator: FhirPathOperator.Union } union => Union(union),
            FhirPathNode.Indexer indexer => At(indexer),
            FhirPathNode.Call { Arguments.Length: 1 } call => Call(call, call.Arguments[0]),
            _ => null,
        };

        private SearchPath Start(string name) => release.FindType(name) is { IsResource: true } ? Resource : Context.Then(new PathStep.Child(name));

        private IReadOnlyList<SearchPath>? Then(FhirPathNode? source, PathStep step) =>
            (source is null ? [Context] : Read(source)) is { } paths ? [.. paths.Select(path => path.Then(step))] : null;

        private IReadOnlyList<SearchPath>? Union(FhirPathNode.Binary union) =>
            Read(union.Left) is { } left && Read(union.Right) is { } right ? [.. left, .. right] : null;

        // Some definitions write DateTime for dateTime.
        private TypeDefinition? FindType(string name) => release.FindType(name) ?? release.FindType(char.ToLowerInvariant(name[0]) + name[1..]);

        private IReadOnlyList<SearchPath>? As(FhirPathNode? operand, string type) =>
            FindType(type) is { } found ? Then(operand, new PathStep.As(found)) : null;

        private IReadOnlyList<SearchPath>? At(FhirPathNode.Indexer indexer)
        {
            // The index counts over the whole list, so nothing before the step may repeat: the step is the first.
            if (indexer.At is not FhirPathNode.Literal { Value: { Kind: FhirPathKind.Integer } index }) return null;
            if (Read(indexer.Source) is not [{ Steps: [PathStep.Child { Index: null } only] } path]) return null;
            return [path with { Steps = [only with { Index = index.Integer }] }];
        }

        private IReadOnlyList<SearchPath>? Call(FhirPathNode.Call call, FhirPathNode argument) => (call.Name, argument) switch
        {
            ("as" or "ofType", FhirPathNode.Member type) => As(call.Source, type.Name),
            ("extension", FhirPathNode.Literal { Value: { Kind: FhirPathKind.String } url }) => Then(call.Source, new PathStep.Extension(url.Text)),
            ("where", _) when Condition(argument) is { } step => Then(call.Source, step),
            _ => null,
        };

        private PathStep? Condition(FhirPathNode node) => node switch
        {
            FhirPathNode.Binary
            {
                Operator: FhirPathOperator.Equal,
                Left: FhirPathNode.Member { Source: null } child,
                Right: FhirPathNode.Literal { Value: { Kind: FhirPathKind.String } text },
            } => new PathStep.WhereChildIs(child.Name, text.Text),
            FhirPathNode.Typed
            {
                Test: TypeTest.Is,
                Operand: FhirPathNode.Call { Source: null, Name: "resolve", Arguments.Length: 0 },
            } typed => FindType(typed.Type.Name) is { } type ? new PathStep.WhereResolvesTo(type) : null,
            FhirPathNode.Call
            {
                Source: null, Name: "hasExtension", Arguments: [FhirPathNode.Literal { Value: { Kind: FhirPathKind.String } url }],
            } => new PathStep.WhereHasExtension(url.Text),
            FhirPathNode.Call
            {
                Name: "exists", Arguments.Length: 0,
                Source: FhirPathNode.Call
                {
                    Source: null, Name: "extension", Arguments: [FhirPathNode.Literal { Value: { Kind: FhirPathKind.String } url }],
                },
            } => new PathStep.WhereHasExtension(url.Text),
            _ => null,
        };
    }
}

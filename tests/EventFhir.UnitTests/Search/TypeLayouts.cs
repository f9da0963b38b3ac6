using EventFhir.Core.Search;
using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;

using Xunit;

namespace EventFhir.UnitTests.Search;

public sealed class TypeLayouts
{
    public static TheoryData<string> Releases => ["R4", "R5"];

    [Fact]
    public void Every_parameter_of_every_type_has_a_placement()
    {
        var lost = from type in Release.R4.ResourceTypes
                   from parameter in Release.R4.SearchParametersOf(type)
                   where SearchDefinitions.R4.LayoutOf(type).Find(parameter.Code) is null or ParameterPlacement.Nowhere && parameter.Expression.Length > 0
                   select $"{type.Name}.{parameter.Code}";
        Assert.Empty(lost);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public void Column_names_are_distinct_and_short_enough_for_PostgreSQL(string release)
    {
        foreach (var type in Of(release).ResourceTypes)
        {
            var names = SearchDefinitions.Of(Of(release)).LayoutOf(type).Columns.Select(column => column.Name).ToList();
            Assert.Equal(names.Distinct(StringComparer.Ordinal), names);
            Assert.All(names, name => Assert.Matches("^[a-z_][a-z0-9_]{0,62}$", name));
        }
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public void Parameter_hashes_do_not_collide_within_a_type(string release)
    {
        foreach (var type in Of(release).ResourceTypes)
        {
            var codes = Of(release).SearchParametersOf(type).Select(parameter => parameter.Code).Distinct(StringComparer.Ordinal).ToList();
            Assert.Equal(codes.Count, codes.Select(code => Hashing.Parameter(code)).Distinct().Count());
        }
    }

    [Fact]
    public void Only_what_the_specification_gives_no_expression_for_is_stored_nowhere()
    {
        var nowhere = from type in Release.R4.ResourceTypes
                      from placement in SearchDefinitions.R4.LayoutOf(type).Placements.OfType<ParameterPlacement.Nowhere>()
                      select placement.Parameter.Code;
        Assert.Equal(["_filter", "_query", "age", "birthOrderBoolean"], nowhere.Distinct().Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("Observation", "patient", "SameAs")]
    [InlineData("Observation", "subject", "ReferenceColumn")]
    [InlineData("Observation", "performer", "ReferenceRows")]
    [InlineData("Observation", "date", "DateColumns")]
    [InlineData("Observation", "value-quantity", "QuantityColumns")]
    [InlineData("Observation", "component-value-quantity", "QuantityRows")]
    [InlineData("Observation", "combo-code", "UnionOf")]
    [InlineData("Observation", "code", "TokenTerms")]
    [InlineData("Observation", "identifier", "TokenIdentifiers")]
    [InlineData("Observation", "code-value-quantity", "Conjunction")]
    [InlineData("Observation", "component-code-value-quantity", "Composite")]
    [InlineData("Observation", "combo-code-value-quantity", "UnionOf")]
    [InlineData("Observation", "_profile", "UriTerms")]
    [InlineData("Observation", "_text", "Narrative")]
    [InlineData("Observation", "_id", "Head")]
    [InlineData("Patient", "name", "StringRows")]
    [InlineData("Patient", "phonetic", "SameAs")]
    [InlineData("ValueSet", "url", "UriRows")]
    [InlineData("Location", "near", "Coordinates")]
    [InlineData("QuestionnaireResponse", "questionnaire", "UriTerms")]
    [InlineData("DocumentReference", "relationship", "Composite")]
    public void Placements(string type, string code, string placement) =>
        Assert.Equal(placement, SearchDefinitions.R4.LayoutOf(Release.R4.FindResourceType(type)!).Find(code)?.GetType().Name);

    [Fact]
    public void An_alias_says_whose_values_it_shows_and_of_which_target()
    {
        var alias = Assert.IsType<ParameterPlacement.SameAs>(SearchDefinitions.R4.LayoutOf(Release.R4.FindResourceType("Observation")!).Find("patient"));
        Assert.Equal(("subject", "Patient"), (alias.Of.Parameter.Code, alias.Target?.Name));
    }

    private static Release Of(string name) => name == "R4" ? Release.R4 : Release.R5;
}

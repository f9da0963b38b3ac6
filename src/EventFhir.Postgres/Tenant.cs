using System.Globalization;

using EventFhir.Postgres.Sql;

namespace EventFhir.Postgres;

/// <summary>The tenant that every key starts with. There is one until tenancy is switched on.</summary>
internal static class Tenant
{
    public const short Only = 0;

    /// <summary>The same in SQL text: as a literal, which plans that are kept know as well.</summary>
    public static readonly SqlText Text = new(Only.ToString(CultureInfo.InvariantCulture));
}

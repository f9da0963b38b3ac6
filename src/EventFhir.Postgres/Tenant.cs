namespace EventFhir.Postgres;

/// <summary>The tenant that every key starts with. There is one until tenancy is switched on.</summary>
internal static class Tenant
{
    public const short Only = 0;
}

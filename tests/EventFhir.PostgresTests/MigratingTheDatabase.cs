using EventFhir.Model.Definitions;
using EventFhir.Postgres;
using EventFhir.Postgres.Migrations;
using EventFhir.Tests;

using Npgsql;

using Xunit;

namespace EventFhir.PostgresTests;

public sealed class MigratingTheDatabase(TestCluster cluster)
{
    [Fact]
    public async Task Many_nodes_at_once_apply_each_step_once()
    {
        var connectionString = await cluster.NewDatabaseAsync();
        var databases = Enumerable.Range(0, 4).Select(_ => new EventDatabase(connectionString)).ToList();
        var applied = await Task.WhenAll(databases.Select(database => database.Migrator.ApplyAsync(default)));
        Assert.Equal(Migration.All.Select(step => step.Number), applied.SelectMany(steps => steps).Select(step => step.Number).Order());
        foreach (var database in databases) await database.DisposeAsync();
    }

    [Fact]
    public async Task The_state_of_each_step_is_told()
    {
        await using var database = new EventDatabase(await cluster.NewDatabaseAsync());
        Assert.All(await database.Migrator.StatusAsync(default), step => Assert.Equal(MigrationState.Pending, step.State));
        await database.Migrator.ApplyAsync(default);
        Assert.All(await database.Migrator.StatusAsync(default), step => Assert.Equal(MigrationState.Applied, step.State));
    }

    [Theory]
    [InlineData("update es.migration set checksum = 'x' where number = 1", "another text")]
    [InlineData("insert into es.migration (number, name, checksum) values (9999, '9999_later', 'x')", "newer build")]
    public async Task A_database_that_does_not_fit_is_refused(string change, string reason)
    {
        await using var database = new EventDatabase(await cluster.NewDatabaseAsync());
        await database.Migrator.ApplyAsync(default);
        await using (var connection = new NpgsqlConnection(database.ConnectionString))
        {
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand(change, connection);
            await command.ExecuteNonQueryAsync();
        }
        var refusal = await Assert.ThrowsAsync<MigrationException>(() => database.Migrator.ApplyAsync(default));
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_keeps_the_release_with_which_it_was_first_opened()
    {
        await using var database = new EventDatabase(await cluster.NewDatabaseAsync());
        await database.Migrator.ApplyAsync(default);
        var claim = new ReleaseClaim(database);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => claim.MakeAsync(Release.R5, default)));
        var refusal = await Assert.ThrowsAsync<OtherReleaseException>(() => claim.MakeAsync(Release.R4, default));
        Assert.Contains("holds FHIR R5", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("--fhir R5", refusal.Message, StringComparison.Ordinal);
        await claim.MakeAsync(Release.R5, default);
    }

    [Fact]
    public void Steps_are_numbered_without_gaps() =>
        Assert.Equal(Enumerable.Range(1, Migration.All.Length), Migration.All.Select(step => step.Number));
}

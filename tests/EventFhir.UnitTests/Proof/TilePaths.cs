using EventFhir.Core.Proof;

using Xunit;

namespace EventFhir.UnitTests.Proof;

public sealed class TilePaths
{
    [Theory]
    [InlineData(0, "000")]
    [InlineData(999, "999")]
    [InlineData(1_000, "x001/000")]
    [InlineData(1_234_067, "x001/x234/067")]
    public void Numbers_are_written_in_groups_of_three_digits(long number, string path)
    {
        Assert.Equal("2/" + path, new TileAddress(2, number).ToString());
        Assert.True(TileAddress.TryParse("2", path, out var address, out var width));
        Assert.Equal((new TileAddress(2, number), 256), (address, width));
    }

    [Theory]
    [InlineData("067.p/12", 67, 12)]
    [InlineData("x001/x234/067.p/255", 1_234_067, 255)]
    public void A_partial_tile_says_its_width(string path, long number, int expected)
    {
        Assert.True(TileAddress.TryParse("0", path, out var address, out var width));
        Assert.Equal((new TileAddress(0, number), expected), (address, width));
    }

    [Theory]
    [InlineData("0", "67")]
    [InlineData("0", "x067")]
    [InlineData("0", "001/067")]
    [InlineData("0", "x000/067")]
    [InlineData("0", "x001/x067")]
    [InlineData("0", "067.p/0")]
    [InlineData("0", "067.p/256")]
    [InlineData("0", "067.p/012")]
    [InlineData("0", "067.p/")]
    [InlineData("0", "x999/x999/x999/x999/x999/x999/x999/999")]
    [InlineData("0", "")]
    [InlineData("0", "-01")]
    [InlineData("64", "000")]
    [InlineData("00", "000")]
    [InlineData("x", "000")]
    public void Everything_else_is_no_tile(string level, string path) => Assert.False(TileAddress.TryParse(level, path, out _, out _));

    // The examples of C2SP tlog-tiles.
    [Theory]
    [InlineData(70_000, 0, 272, 256)]
    [InlineData(70_000, 0, 273, 112)]
    [InlineData(70_000, 0, 274, 0)]
    [InlineData(70_000, 1, 0, 256)]
    [InlineData(70_000, 1, 1, 17)]
    [InlineData(70_000, 2, 0, 1)]
    [InlineData(256, 0, 0, 256)]
    [InlineData(256, 1, 0, 1)]
    [InlineData(256, 63, 0, 0)]
    public void The_size_of_the_tree_says_how_wide_a_tile_is(long size, int level, long number, int width) =>
        Assert.Equal(width, new TileAddress(level, number).WidthIn(size));
}

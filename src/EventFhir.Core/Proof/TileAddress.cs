using System.Globalization;

namespace EventFhir.Core.Proof;

/// <summary>
/// A tile of the tree: 256 hashes of one level beside each other, of the last one in a level as many as there are (C2SP tlog-tiles).
/// </summary>
/// <param name="Level">0: the hashes are those of leaves; 1: of full tiles of level 0, and so on.</param>
/// <param name="Number">Of the tile within the level, from 0.</param>
public readonly record struct TileAddress(int Level, long Number)
{
    /// <summary>Hashes in a full tile.</summary>
    public const int Width = 256;

    public const int LevelMax = 63;

    /// <summary>Levels of the tree from one level of tiles to the next.</summary>
    public const int Height = 8;

    /// <summary>How many hashes the tile has in a tree of so many leaves; 0 if it is not there.</summary>
    public int WidthIn(long size) =>
        Level * Height >= 63 ? 0 : (int)Math.Clamp((size >> (Level * Height)) - (Number * Width), 0, Width);

    /// <summary>"1/x001/x234/067" for number 1,234,067 of level 1.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Level}/{PathOf(Number)}");

    /// <summary>Reads a level and a path such as "x001/234" or "067.p/12".</summary>
    /// <param name="width">As the path says, 256 for a full tile.</param>
    public static bool TryParse(string level, string path, out TileAddress address, out int width)
    {
        address = default;
        return TryParseNumber(path, out var number, out width)
            && TryParseDecimal(level, out var parsed) && parsed <= LevelMax && (address = new TileAddress((int)parsed, number)).Number >= 0;
    }

    /// <summary>Reads the part behind the level: "x001/234" or "067.p/12".</summary>
    public static bool TryParseNumber(string path, out long number, out int width)
    {
        (number, width) = (0, Width);
        var partial = path.IndexOf(".p/", StringComparison.Ordinal);
        if (partial >= 0)
        {
            if (!TryParseDecimal(path[(partial + 3)..], out var parsed) || parsed is < 1 or >= Width) return false;
            (width, path) = ((int)parsed, path[..partial]);
        }
        foreach (var element in path.Split('/'))
        {
            var digits = element.StartsWith('x') ? element[1..] : element;
            if (digits.Length != 3 || !digits.All(char.IsAsciiDigit) || number > long.MaxValue / 1_000_000) return false;
            number = (number * 1_000) + int.Parse(digits, CultureInfo.InvariantCulture);
        }
        return PathOf(number) == path;
    }

    private static string PathOf(long number)
    {
        var path = (number % 1_000).ToString("D3", CultureInfo.InvariantCulture);
        for (var rest = number / 1_000; rest > 0; rest /= 1_000)
            path = string.Create(CultureInfo.InvariantCulture, $"x{rest % 1_000:D3}/{path}");
        return path;
    }

    private static bool TryParseDecimal(string text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number)
        && number.ToString(CultureInfo.InvariantCulture) == text;
}

namespace EventFhir.Model.Patching;

/// <summary>
/// What of two lists belongs together: the longest common subsequence, between whose items there are gaps. A gap has items of both lists, of one,
/// or none.
/// </summary>
internal static class ListAlignment
{
    /// <summary>Beyond so many pairs of items they are not compared each with each: what lies between the equal ends is one gap.</summary>
    private const long PairsMax = 1_000_000;

    /// <summary>From OldStart up to before OldEnd, and the same of the new list.</summary>
    public readonly record struct Gap(int OldStart, int OldEnd, int NewStart, int NewEnd)
    {
        public int Olds => OldEnd - OldStart;
        public int News => NewEnd - NewStart;
    }

    /// <summary>In ascending order.</summary>
    /// <param name="old">Numbers that are equal where the items are.</param>
    public static List<Gap> GapsOf(int[] old, int[] @new)
    {
        var start = 0;
        while (start < old.Length && start < @new.Length && old[start] == @new[start]) start++;
        var (oldEnd, newEnd) = (old.Length, @new.Length);
        while (oldEnd > start && newEnd > start && old[oldEnd - 1] == @new[newEnd - 1]) (oldEnd, newEnd) = (oldEnd - 1, newEnd - 1);
        var gaps = new List<Gap>();
        if ((long)(oldEnd - start) * (newEnd - start) > PairsMax)
        {
            gaps.Add(new Gap(start, oldEnd, start, newEnd));
            return gaps;
        }

        var common = new int[oldEnd - start + 1, newEnd - start + 1];
        for (var i = oldEnd - start - 1; i >= 0; i--)
            for (var j = newEnd - start - 1; j >= 0; j--)
                common[i, j] = old[start + i] == @new[start + j] ? common[i + 1, j + 1] + 1 : Math.Max(common[i + 1, j], common[i, j + 1]);

        var (a, b) = (start, start);
        var (gapOld, gapNew) = (a, b);
        while (a < oldEnd && b < newEnd)
        {
            if (old[a] == @new[b])
            {
                Close(a, b);
                (a, b) = (a + 1, b + 1);
                (gapOld, gapNew) = (a, b);
            }
            else if (common[a - start + 1, b - start] >= common[a - start, b - start + 1]) a++;
            else b++;
        }
        Close(oldEnd, newEnd);
        return gaps;

        void Close(int upToOld, int upToNew)
        {
            if (upToOld > gapOld || upToNew > gapNew) gaps.Add(new Gap(gapOld, upToOld, gapNew, upToNew));
        }
    }
}

using System.Buffers;

using EventFhir.Model.Elements;

namespace EventFhir.Model.Json;

/// <summary>
/// JSON splits a primitive with an id or extensions into "name" and "_name", in any order and as two arrays where it repeats
/// (R4 json.html#primitive). While an object is read, the items of "_name" are nodes of their own; when it ends, their children move under the
/// primitives they belong to.
/// </summary>
internal ref partial struct StructureReader
{
    private const string LengthFault = "The arrays with and without \"_\" have the same length; null fills the gaps.";
    private const string NoValueFault = "null or an id alone is no value; a primitive has a value or extensions (ele-1).";

    /// <summary>Takes time in proportion to the nodes of the object, however the arrays are mixed.</summary>
    private void Pair(int self, scoped Span<Slot> slots)
    {
        var from = self + 1;
        var paired = ArrayPool<Node>.Shared.Rent(count - from + 1);
        var written = from;
        for (var index = from; index < count;)
        {
            var (node, next) = (index, nodes[index].End);
            index = next;
            var isCompanion = (nodes[node].Flags & NodeFlags.IsCompanion) != 0;
            ref var slot = ref slots[nodes[node].Definition!.Order];
            if (isCompanion && slot.Values > 0) continue;
            var target = written;
            Move(node, next, paired, ref written, from);
            paired[target - from].Flags &= ~NodeFlags.IsCompanion;
            if (!isCompanion && slot.Companions > 0)
            {
                if (nodes[node].Ordinal == 0 && slot.Companions != slot.Values)
                    ReportAt(self, nodes[node].Definition!, "structure", LengthFault, nodes[node].Start);
                TakeCompanion(ref slot, target, paired, ref written, from);
            }
            CheckNotEmpty(self, paired.AsSpan(target - from, written - target));
        }
        paired.AsSpan(0, written - from).CopyTo(nodes.AsSpan(from));
        count = written;
        ArrayPool<Node>.Shared.Return(paired);
    }

    /// <summary>Moves the id and extensions of the next "_name" item under the primitive at <paramref name="target"/>.</summary>
    private readonly void TakeCompanion(ref Slot slot, int target, Node[] paired, ref int written, int from)
    {
        if (slot.CompanionsTaken++ >= slot.Companions) return;
        var companion = slot.FirstCompanion;
        slot.FirstCompanion = nodes[companion].End;
        paired[target - from].Flags |= nodes[companion].Flags & NodeFlags.IsFaulty;
        for (var child = companion + 1; child < nodes[companion].End;)
        {
            var next = nodes[child].End;
            var moved = written;
            Move(child, next, paired, ref written, from);
            paired[moved - from].Parent = target;
            child = next;
        }
        paired[target - from].End = written;
    }

    private readonly void Move(int node, int end, Node[] paired, ref int written, int from)
    {
        var shift = written - node;
        for (var index = node; index < end; index++)
        {
            var moved = nodes[index];
            moved.End += shift;
            if (index > node) moved.Parent += shift;
            paired[written++ - from] = moved;
        }
    }

    /// <summary>A primitive without a value must have an extension: null in one array needs its counterpart in the other (ele-1).</summary>
    private void CheckNotEmpty(int self, scoped ReadOnlySpan<Node> primitive)
    {
        if (!primitive[0].Type.IsPrimitive || (primitive[0].Flags & (NodeFlags.HasValue | NodeFlags.IsFaulty)) != 0) return;
        foreach (ref readonly var child in primitive[1..])
            if (child.Definition!.Name == "extension" && ReferenceEquals(child.Type, rules.Extension)) return;
        var index = (primitive[0].Flags & NodeFlags.IsIndexed) != 0 ? $"[{primitive[0].Ordinal}]" : "";
        Report("structure", NoValueFault, $"{PathOf(self)}.{primitive[0].Definition!.Name}{index}", primitive[0].Start);
    }
}

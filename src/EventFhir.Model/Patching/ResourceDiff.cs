using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;

using EventFhir.Model.Definitions;

namespace EventFhir.Model.Patching;

/// <summary>
/// The difference of two versions of a resource as a FHIRPath Patch: applied to the old one, it gives the new one, but for the order of members, the
/// id, and the version and time of meta, which no patch may change. Values are different if their text is: 1.0 and 1.00 are.
/// </summary>
public sealed class ResourceDiff
{
    /// <summary>Names that FHIRPath takes for an operator.</summary>
    private static readonly ImmutableArray<string> Operators = ["and", "as", "contains", "div", "implies", "in", "is", "mod", "or", "xor"];

    private readonly Release release;

    /// <summary>Objects that nest deeper are replaced as a whole.</summary>
    private readonly int depthMax;

    private readonly ImmutableArray<DiffOperation>.Builder operations = ImmutableArray.CreateBuilder<DiffOperation>();

    private ResourceDiff(Release release, int depthMax) => (this.release, this.depthMax) = (release, depthMax);

    /// <summary>The operations, in the order in which they are applied. Where there would be more than a patch may have, they are coarser.</summary>
    /// <param name="before">A stored resource.</param>
    /// <param name="after">Another of the same type.</param>
    public static ImmutableArray<DiffOperation> Between(
        ReadOnlyMemory<byte> before, ReadOnlyMemory<byte> after, TypeDefinition type, Release release)
    {
        var (old, @new) = (Parse(before), Parse(after));
        KeepIdentity(old, @new);
        for (var depth = Limits.DepthMax; ; depth = depth > 4 ? 4 : depth - 1)
        {
            var diff = new ResourceDiff(release, depth);
            diff.Compare(old, @new, type, type.Name, depth: 0);
            if (depth == 0 || CanBeApplied(diff.operations.Count, before.Length, after.Length)) return diff.operations.DrainToImmutable();
        }
    }

    private static bool CanBeApplied(int operations, int oldBytes, int newBytes) =>
        operations <= Limits.PatchOperationsMax && (long)Math.Max(oldBytes, newBytes) * operations <= Limits.PatchWorkBytesMax;

    private static JsonPart.Members Parse(ReadOnlyMemory<byte> json) => (JsonPart.Members)(JsonPart.Parse(json, out var fault)
        ?? throw new ArgumentException(fault, nameof(json)));

    /// <summary>The new one gets from the old what cannot be patched.</summary>
    private static void KeepIdentity(JsonPart.Members old, JsonPart.Members @new)
    {
        foreach (var name in (string[])["id", "_id"]) Keep(old, @new, name);
        var was = old.Find("meta"u8) as JsonPart.Members;
        if (was is null && @new.Find("meta"u8) is null) return;
        if (@new.Find("meta"u8) is not JsonPart.Members meta) @new.Set("meta"u8.ToArray(), meta = new JsonPart.Members());
        foreach (var name in (string[])["versionId", "_versionId", "lastUpdated", "_lastUpdated"]) Keep(was ?? new JsonPart.Members(), meta, name);
        if (meta.Entries.Count == 0) @new.Remove("meta"u8);
    }

    private static void Keep(JsonPart.Members old, JsonPart.Members @new, string name)
    {
        var key = Encoding.UTF8.GetBytes(name);
        if (old.Find(key) is { } value) @new.Set(key, value);
        else @new.Remove(key);
    }

    /// <summary>
    /// What goes away goes last: an object that has lost all it had would go too. Both objects have something, so none is empty in between.
    /// </summary>
    private void Compare(JsonPart.Members old, JsonPart.Members @new, TypeDefinition type, string path, int depth)
    {
        foreach (var element in type.Elements)
        {
            var (was, now) = (Values.Of(old, element), Values.Of(@new, element));
            if (now.Property is null) continue;
            if (was.Property is null) AddAll(path, element, now);
            else if (element.IsRepeating) CompareLists(was, now, element, $"{path}.{NameOf(element)}", depth);
            else if (!was.IsSameAt(0, now, 0)) Change(was, 0, now, 0, element, $"{path}.{NameOf(element)}", depth);
        }
        foreach (var element in type.Elements)
        {
            var was = Values.Of(old, element);
            if (was.Property is null || Values.Of(@new, element).Property is not null) continue;
            if (!element.IsRepeating) Emit("delete", $"{path}.{NameOf(element)}");
            else for (var index = was.List!.Count - 1; index >= 0; index--) Emit("delete", At($"{path}.{NameOf(element)}", index));
        }
    }

    private void CompareLists(Values was, Values now, ElementDefinition element, string path, int depth)
    {
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        var gaps = ListAlignment.GapsOf(was.Number(numbers), now.Number(numbers));
        // From the end, so that places before are not moved.
        for (var at = gaps.Count - 1; at >= 0; at--)
        {
            var gap = gaps[at];
            var pairs = Math.Min(gap.Olds, gap.News);
            for (var pair = 0; pair < pairs; pair++)
            {
                var (one, other) = (gap.OldStart + pair, gap.NewStart + pair);
                if (!was.IsSameAt(one, now, other)) Change(was, one, now, other, element, At(path, one), depth);
            }
            for (var index = gap.OldEnd - 1; index >= gap.OldStart + pairs; index--) Emit("delete", At(path, index));
            for (var index = gap.NewStart + pairs; index < gap.NewEnd; index++)
                Emit("insert", path, value: now.Part(index, release), index: gap.OldStart + index - gap.NewStart);
        }
    }

    private void AddAll(string path, ElementDefinition element, Values now)
    {
        for (var index = 0; index < now.List!.Count; index++) Emit("add", path, element.Name, now.Part(index, release));
    }

    private void Change(Values was, int one, Values now, int other, ElementDefinition element, string path, int depth)
    {
        if (depth < depthMax && was.Property == now.Property
            && was.List!.ValueAt(one) is JsonPart.Members old && now.List!.ValueAt(other) is JsonPart.Members @new
            && TypeOf(was.Property!, old) is { } type && type == TypeOf(now.Property!, @new) && HaveSomethingInCommon(old, @new))
        {
            Compare(old, @new, type, path, depth + 1);
            return;
        }
        Emit("replace", path, value: now.Part(other, release));
    }

    /// <summary>Of a contained resource, the type that it names.</summary>
    private TypeDefinition? TypeOf(JsonProperty property, JsonPart.Members value) =>
        property.Type.Type is { IsResource: true }
            ? PatchValue.TextOf(value, "resourceType"u8) is { } name ? release.FindResourceType(name) : null
            : property.Type.Type;

    /// <summary>Where nothing stays as it is, the whole is easier to read than its parts.</summary>
    private static bool HaveSomethingInCommon(JsonPart.Members old, JsonPart.Members @new)
    {
        foreach (var member in old.Entries)
            if (@new.Find(member.Name.Span) is { } other
                && (member.Value is not JsonPart.Scalar || Values.TextOf(member.Value) == Values.TextOf(other)))
                return true;
        return false;
    }

    private void Emit(string verb, string path, string name = "", JsonPart.Members? value = null, int? index = null) =>
        operations.Add(new DiffOperation(verb, path, name, index, value));

    private static string NameOf(ElementDefinition element) => Operators.Contains(element.Name) ? $"`{element.Name}`" : element.Name;

    private static string At(string path, int index) => string.Create(CultureInfo.InvariantCulture, $"{path}[{index}]");

    /// <summary>The values of one element: those of the one property of a choice that is there.</summary>
    /// <param name="Property">Null if the element has no value.</param>
    private readonly record struct Values(JsonProperty? Property, PatchedList? List)
    {
        public static Values Of(JsonPart.Members members, ElementDefinition element)
        {
            foreach (var property in element.Properties)
            {
                if (members.Find(Encoding.UTF8.GetBytes(property.Name)) is null && members.Find(Encoding.UTF8.GetBytes("_" + property.Name)) is null)
                    continue;
                var list = new PatchedList(members, property.Name, element);
                if (list.Count > 0) return new Values(property, list);
            }
            return default;
        }

        public JsonPart.Members Part(int index, Release release) =>
            DiffValue.Of("value", Property!, List!.ValueAt(index), List.CompanionAt(index), release);

        public bool IsSameAt(int index, Values other, int otherIndex) =>
            Property == other.Property && TextAt(index) == other.TextAt(otherIndex);

        /// <summary>For each value a number; equal ones have the same.</summary>
        public int[] Number(Dictionary<string, int> numbers)
        {
            var result = new int[List!.Count];
            for (var index = 0; index < result.Length; index++)
            {
                var text = TextAt(index);
                if (!numbers.TryGetValue(text, out var number)) numbers.Add(text, number = numbers.Count);
                result[index] = number;
            }
            return result;
        }

        private string TextAt(int index) => $"{TextOf(List!.ValueAt(index))}\n{TextOf(List.CompanionAt(index))}";

        public static string TextOf(JsonPart? part)
        {
            if (part is null) return "";
            var target = new ArrayBufferWriter<byte>();
            part.Write(target);
            return Encoding.UTF8.GetString(target.WrittenSpan);
        }
    }
}

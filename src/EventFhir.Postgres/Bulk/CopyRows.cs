using System.Buffers.Binary;
using System.Text;

using Npgsql;

namespace EventFhir.Postgres.Bulk;

/// <summary>
/// The rows of one table in PostgreSQL's binary COPY format (manual, COPY, "Binary Format"), in one buffer that is kept and refilled.
/// Hot path, measured by bulk-import.
/// </summary>
internal sealed class CopyRows
{
    private const short NumericNegative = 0x4000;
    private const int NumericBase = 10_000;

    /// <summary>A decimal has 29 digits, so 8 groups of four, and one more when the point does not fall between two groups.</summary>
    private const int NumericGroupsMax = 9;

    private static readonly long Epoch = new DateTime(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks;
    private byte[] buffer = new byte[1 << 20];
    private int length;

    private static ReadOnlySpan<byte> Signature => [0x50, 0x47, 0x43, 0x4F, 0x50, 0x59, 0x0A, 0xFF, 0x0D, 0x0A, 0x00];

    public bool IsEmpty { get; private set; } = true;

    /// <summary>Forgets the rows of the table before.</summary>
    public void Clear()
    {
        (length, IsEmpty) = (0, true);
        Signature.CopyTo(Take(Signature.Length));
        // No flags, no extension of the header.
        Take(8).Clear();
    }

    public void StartRow(int columns)
    {
        IsEmpty = false;
        BinaryPrimitives.WriteInt16BigEndian(Take(2), (short)columns);
    }

    public void AddNull() => BinaryPrimitives.WriteInt32BigEndian(Take(4), -1);
    public void AddFalse() => Field(1)[0] = 0;
    public void Add(short value) => BinaryPrimitives.WriteInt16BigEndian(Field(2), value);
    public void Add(int value) => BinaryPrimitives.WriteInt32BigEndian(Field(4), value);
    public void Add(long value) => BinaryPrimitives.WriteInt64BigEndian(Field(8), value);
    public void Add(double value) => BinaryPrimitives.WriteDoubleBigEndian(Field(8), value);

    public void Add(Guid value)
    {
        if (!value.TryWriteBytes(Field(16), bigEndian: true, out _)) throw new InvalidOperationException("A UUID has 16 bytes.");
    }

    public void Add(ReadOnlySpan<byte> value) => value.CopyTo(Field(value.Length));

    /// <summary>A timestamptz; the ends of the calendar are infinities, as Npgsql sends them in parameters.</summary>
    /// <param name="value">In UTC.</param>
    public void Add(DateTime value) => Add(
        value == DateTime.MaxValue ? long.MaxValue
        : value == DateTime.MinValue ? long.MinValue
        : (value.Ticks - Epoch) / TimeSpan.TicksPerMicrosecond);

    public void Add(string? value)
    {
        if (value is null)
        {
            AddNull();
            return;
        }
        Reserve(4 + Encoding.UTF8.GetMaxByteCount(value.Length));
        var bytes = Encoding.UTF8.GetBytes(value, buffer.AsSpan(length + 4));
        BinaryPrimitives.WriteInt32BigEndian(buffer.AsSpan(length), bytes);
        length += 4 + bytes;
    }

    /// <summary>One text in parts.</summary>
    /// <returns>Where it is until the next row is begun.</returns>
    public ReadOnlySpan<byte> Add(ReadOnlySpan<byte> head, ReadOnlySpan<byte> middle, ReadOnlySpan<byte> tail)
    {
        var field = Field(head.Length + middle.Length + tail.Length);
        head.CopyTo(field);
        middle.CopyTo(field[head.Length..]);
        tail.CopyTo(field[(head.Length + middle.Length)..]);
        return field;
    }

    /// <summary>A numeric with as many digits behind the point as the decimal has.</summary>
    public void Add(decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        var scale = (bits[3] >> 16) & 0xff;
        var rest = new UInt128((uint)bits[2], ((ulong)(uint)bits[1] << 32) | (uint)bits[0]);
        // Groups of four digits, the last first; the point must fall between two groups.
        var behind = (scale + 3) / 4;
        for (var digit = scale; digit < behind * 4; digit++) rest *= 10;
        Span<short> groups = stackalloc short[NumericGroupsMax];
        var count = 0;
        while (rest > ulong.MaxValue)
        {
            groups[count++] = (short)(rest % NumericBase);
            rest /= NumericBase;
        }
        for (var small = (ulong)rest; small > 0; small /= NumericBase) groups[count++] = (short)(small % NumericBase);

        var field = Field(8 + (2 * count));
        BinaryPrimitives.WriteInt16BigEndian(field, (short)count);
        BinaryPrimitives.WriteInt16BigEndian(field[2..], (short)(count == 0 ? 0 : count - behind - 1));
        BinaryPrimitives.WriteInt16BigEndian(field[4..], value < 0 ? NumericNegative : (short)0);
        BinaryPrimitives.WriteInt16BigEndian(field[6..], (short)scale);
        for (var group = 0; group < count; group++) BinaryPrimitives.WriteInt16BigEndian(field[(8 + (2 * group))..], groups[count - 1 - group]);
    }

    /// <summary>A bigint[] without nulls.</summary>
    public void Add(ReadOnlySpan<long> values)
    {
        const int BigintType = 20;
        var field = Field(values.IsEmpty ? 12 : 20 + (12 * values.Length));
        BinaryPrimitives.WriteInt32BigEndian(field, values.IsEmpty ? 0 : 1);
        BinaryPrimitives.WriteInt32BigEndian(field[4..], 0);
        BinaryPrimitives.WriteInt32BigEndian(field[8..], BigintType);
        if (values.IsEmpty) return;
        BinaryPrimitives.WriteInt32BigEndian(field[12..], values.Length);
        BinaryPrimitives.WriteInt32BigEndian(field[16..], 1);
        for (var index = 0; index < values.Length; index++)
        {
            BinaryPrimitives.WriteInt32BigEndian(field[(20 + (12 * index))..], 8);
            BinaryPrimitives.WriteInt64BigEndian(field[(24 + (12 * index))..], values[index]);
        }
    }

    /// <param name="copy">copy … from stdin (format binary), with the columns in the order they were added.</param>
    public async Task SendAsync(NpgsqlConnection connection, string copy, CancellationToken cancellationToken)
    {
        BinaryPrimitives.WriteInt16BigEndian(Take(2), -1);
        await using var stream = await connection.BeginRawBinaryCopyAsync(copy, cancellationToken);
        await stream.WriteAsync(buffer.AsMemory(0, length), cancellationToken);
    }

    private Span<byte> Field(int bytes)
    {
        var field = Take(4 + bytes);
        BinaryPrimitives.WriteInt32BigEndian(field, bytes);
        return field[4..];
    }

    private Span<byte> Take(int bytes)
    {
        Reserve(bytes);
        var taken = buffer.AsSpan(length, bytes);
        length += bytes;
        return taken;
    }

    private void Reserve(int bytes)
    {
        if (buffer.Length - length < bytes) Array.Resize(ref buffer, Math.Max(buffer.Length * 2, length + bytes));
    }
}

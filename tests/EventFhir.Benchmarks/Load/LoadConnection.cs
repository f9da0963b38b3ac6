using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace EventFhir.Benchmarks.Load;

/// <summary>One keep-alive connection with at most one request in flight.</summary>
public sealed class LoadConnection : IDisposable
{
    private readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly ArrayBufferWriter<byte> request = new(16 * 1024);
    private byte[] received = new byte[64 * 1024];
    private int receivedLength;

    public LoadConnection(IPEndPoint server) => socket.Connect(server);

    public nint Descriptor => socket.Handle;

    public bool IsBusy { get; private set; }

    public int Tag { get; private set; }

    public long Number { get; private set; }

    /// <summary>When the request was due (open loop) or sent (closed loop), in Stopwatch ticks.</summary>
    public long Due { get; private set; }

    public void Send(Workload workload, long number, long due)
    {
        request.ResetWrittenCount();
        Tag = workload.Write(request, number);
        Number = number;
        Due = due;
        IsBusy = true;
        var unsent = request.WrittenSpan;
        while (unsent.Length > 0)
            unsent = unsent[socket.Send(unsent)..];
    }

    /// <summary>Reads what has arrived; false while the answer is incomplete.</summary>
    public bool TryReceive(out HttpAnswer answer)
    {
        if (receivedLength == received.Length) Array.Resize(ref received, received.Length * 2);
        var count = socket.Receive(received.AsSpan(receivedLength));
        if (count == 0) throw new IOException("The server closed a connection during the run.");
        receivedLength += count;
        if (!HttpAnswer.TryRead(received.AsSpan(0, receivedLength), out answer, out var length)) return false;
        if (length != receivedLength) throw new InvalidDataException("The server sent more than one answer to one request.");
        receivedLength = 0;
        IsBusy = false;
        return true;
    }

    public void Dispose() => socket.Dispose();
}

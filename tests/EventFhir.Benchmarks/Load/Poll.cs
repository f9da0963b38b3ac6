using System.Diagnostics;
using System.Runtime.InteropServices;

namespace EventFhir.Benchmarks.Load;

/// <summary>
/// Waits for any of many sockets with the precision of the kernel. .NET's own asynchronous sockets cost a thread hop per
/// answer, and Socket.Select rounds to milliseconds: both would be visible beside a request of 50 µs on two cores.
/// </summary>
public static class Poll
{
    private const short Readable = 1;

    public static Descriptor Watch(nint socket) => new() { Socket = (int)socket, Events = Readable };

    /// <summary>Returns how many descriptors have something to read (or have failed); 0 after the time-out.</summary>
    public static int Wait(Descriptor[] descriptors, TimeSpan timeout)
    {
        var span = new Timespec { Seconds = timeout.Ticks / TimeSpan.TicksPerSecond, Nanoseconds = timeout.Ticks % TimeSpan.TicksPerSecond * 100 };
        var ready = PollPrecisely(descriptors, (nuint)descriptors.Length, span, 0);
        Debug.Assert(ready >= -1, "ppoll returns a count or -1 after a signal.");
        return Math.Max(ready, 0);
    }

    [DllImport("libc", EntryPoint = "ppoll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int PollPrecisely([In, Out] Descriptor[] descriptors, nuint count, in Timespec timeout, nint signalMask);

    [StructLayout(LayoutKind.Sequential)]
    public struct Descriptor
    {
        public int Socket;
        public short Events;
        public short Found;

        public readonly bool IsReady => Found != 0;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Timespec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}

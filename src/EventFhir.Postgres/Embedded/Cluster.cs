using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

using Microsoft.Extensions.Logging;

namespace EventFhir.Postgres.Embedded;

/// <summary>The files and programs of one private cluster: create, start, stop.</summary>
internal sealed class Cluster(EmbeddedOptions options, PostgresBinaries binaries, ClusterAccount account, ILogger logger)
{
    public const string SuperUser = "eventfhir";
    private static readonly TimeSpan StartTimeMax = TimeSpan.FromMinutes(5);
    private readonly string folder = account.ClusterFolder(options.DataFolder);
    private string PasswordFile => Path.Combine(options.DataFolder, "postgres-password");

    /// <summary>Where to connect: the socket folder if there is one, since it costs less than TCP; else the loopback address.</summary>
    public string Host { get; private set; } = "127.0.0.1";

    public string Password => PrivateFile.TryRead(PasswordFile) ?? "";

    public async Task CreateIfMissingAsync(CancellationToken cancellationToken)
    {
        if (File.Exists(Path.Combine(folder, "PG_VERSION"))) return;
        Log.CreatingCluster(logger, folder);
        // Made under another name and renamed when complete, so that a crash in between leaves nothing half-made behind.
        var fresh = folder + ".new";
        if (Directory.Exists(fresh)) Directory.Delete(fresh, recursive: true);
        CreateFolder(fresh);
        if (PrivateFile.TryRead(PasswordFile) is null)
            PrivateFile.Write(PasswordFile, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24)));
        var handedOver = fresh + ".pw";
        PrivateFile.Write(handedOver, Password);
        try
        {
            await account.OwnAsync(fresh, cancellationToken);
            await account.OwnAsync(handedOver, cancellationToken);
            var result = await InitializeAsync(fresh, handedOver, "C.UTF-8", cancellationToken);
            if (!result.Succeeded) result = await InitializeAsync(fresh, handedOver, "C", cancellationToken);
            if (!result.Succeeded) throw new EmbeddedPostgresException($"initdb failed: {result.Output}");
        }
        finally
        {
            File.Delete(handedOver);
        }
        await File.AppendAllTextAsync(
            Path.Combine(fresh, "postgresql.conf"), $"\ninclude '{ClusterSettings.FileName}'\n", cancellationToken);
        Directory.Move(fresh, folder);
    }

    /// <summary>Starts the server and returns its process id. Port is the wished one; a taken port is an error.</summary>
    public async Task<int> StartAsync(int port, CancellationToken cancellationToken)
    {
        await StopOrphanAsync(cancellationToken);
        var sockets = await SocketFolderAsync(port, cancellationToken);
        Host = sockets.Length > 0 ? sockets : "127.0.0.1";
        var settings = Path.Combine(folder, ClusterSettings.FileName);
        await File.WriteAllTextAsync(settings, ClusterSettings.Text(options, port, "", lz4: false), cancellationToken);
        await account.OwnAsync(settings, cancellationToken);
        var lz4 = await account.RunAsync(
            binaries["postgres"], ["-D", folder, "-c", "default_toast_compression=lz4", "-C", "default_toast_compression"], cancellationToken);
        await File.WriteAllTextAsync(settings, ClusterSettings.Text(options, port, sockets, lz4.Succeeded), cancellationToken);

        var deadline = TimeSpan.Zero;
        while (true)
        {
            var log = Path.Combine(folder, "start.log");
            File.Delete(log);
            var wait = StartTimeMax.TotalSeconds.ToString(CultureInfo.InvariantCulture);
            var result = await account.RunAsync(
                binaries["pg_ctl"], ["-D", folder, "-l", log, "-w", "-t", wait, "start"], cancellationToken);
            var processId = await Postmaster.FindAsync(folder, cancellationToken);
            if (result.Succeeded && processId != 0)
            {
                Log.ClusterStarted(logger, port, processId);
                return processId;
            }
            var reason = File.Exists(log) ? await File.ReadAllTextAsync(log, cancellationToken) : result.Output;
            // After kill -9 of the server process its children need a moment to notice and leave.
            var childrenLeaving = reason.Contains("shared memory block", StringComparison.Ordinal);
            if (!childrenLeaving || deadline > TimeSpan.FromMinutes(1))
                throw new EmbeddedPostgresException($"PostgreSQL does not start in {folder}: {reason.Trim()}");
            await Task.Delay(TimeSpan.FromMilliseconds(500), cancellationToken);
            deadline += TimeSpan.FromMilliseconds(500);
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        var result = await account.RunAsync(binaries["pg_ctl"], ["-D", folder, "-m", "fast", "-w", "-t", "60", "stop"], cancellationToken);
        if (!result.Succeeded && await Postmaster.FindAsync(folder, cancellationToken) != 0)
            await account.RunAsync(binaries["pg_ctl"], ["-D", folder, "-m", "immediate", "-w", "-t", "60", "stop"], cancellationToken);
    }

    public static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    public static bool IsTaken(int port)
    {
        using var probe = new TcpListener(IPAddress.Loopback, port);
        try
        {
            probe.Start();
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    /// <summary>A server that outlived its owner may run with other settings and other binaries, so it is stopped, not adopted.</summary>
    public async Task StopOrphanAsync(CancellationToken cancellationToken)
    {
        if (await Postmaster.FindAsync(folder, cancellationToken) is var orphan and not 0)
        {
            Log.StoppingOrphan(logger, orphan);
            await StopAsync(cancellationToken);
        }
        await Postmaster.RemoveStrayPidFileAsync(folder, cancellationToken);
    }

    private Task<ExternalProgram.Result> InitializeAsync(string fresh, string passwordFile, string locale, CancellationToken cancellationToken)
    {
        string[] arguments =
        [
            "-D", fresh, "-U", SuperUser, $"--pwfile={passwordFile}", "--auth=scram-sha-256", "--encoding=UTF8", $"--locale={locale}",
            "--data-checksums",
        ];
        if (options.Durability is Durability.Relaxed) arguments = [.. arguments, "--no-sync"];
        return account.RunAsync(binaries["initdb"], arguments, cancellationToken);
    }

    /// <summary>Beside the cluster, where the path is short enough for a socket address and the file system knows sockets; else none.</summary>
    private async Task<string> SocketFolderAsync(int port, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows()) return "";
        var sockets = folder + "-socket";
        var address = Path.Combine(sockets, string.Create(CultureInfo.InvariantCulture, $".s.PGSQL.{port}"));
        if (address.Length > 100) return "";
        CreateFolder(sockets);
        try
        {
            var probePath = Path.Combine(sockets, "probe");
            File.Delete(probePath);
            using (var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
                probe.Bind(new UnixDomainSocketEndPoint(probePath));
            File.Delete(probePath);
            await account.OwnAsync(sockets, cancellationToken);
            return sockets;
        }
        catch (SocketException)
        {
            return "";
        }
    }

    private static void CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
        else
        {
            if (Path.GetDirectoryName(path) is { } parent) Directory.CreateDirectory(parent);
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}

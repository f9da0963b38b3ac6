using System.Text;
using System.Text.RegularExpressions;

using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests;

/// <summary>What README.md tells a newcomer to type works, in its order, on an empty server.</summary>
public sealed class ReadmeExamples(RunningServer server) : IClassFixture<RunningServer>
{
    private const string Host = "http://127.0.0.1:8080/";
    private const string Base = Host + "fhir";

    [Fact]
    public async Task Every_request_is_answered_with_success()
    {
        var commands = Commands(await File.ReadAllTextAsync(Path.Combine(Root(), "README.md"))).ToList();
        Assert.True(commands.Count >= 8, $"Only {commands.Count} requests were found.");
        foreach (var command in commands)
        {
            var answer = await SendAsync(Words(command));
            Assert.True(answer.Status is >= 200 and < 300, $"{command}\n{answer.Status} {answer.Text}");
            if (command.Contains("name=noe", StringComparison.Ordinal)) Assert.Equal(1, (int)answer.Json["total"]!);
        }
    }

    /// <summary>The commands of shell examples that begin with curl: a line, or several if it ends with a backslash or within quotes.</summary>
    private static IEnumerable<string> Commands(string page) =>
        from block in page.Split("```sh\n").Skip(1)
        from command in Regex.Matches(block.Split("```")[0], @"^curl (?:'[^']*'|""[^""]*""|\\\n|[^'""\n])*", RegexOptions.Multiline)
        select command.Value.Replace("\\\n", " ", StringComparison.Ordinal);

    private Task<HttpAnswer> SendAsync(List<string> words)
    {
        var (method, url, body, headers) = ((string?)null, "", (string?)null, new List<string>());
        for (var at = 1; at < words.Count; at++)
        {
            switch (words[at])
            {
                case "-s" or "-i" or "-si" or "--compressed":
                    break;
                case "-X":
                    method = words[++at];
                    break;
                case "-H":
                    headers.Add(words[++at]);
                    break;
                case "-d":
                    body = words[++at];
                    break;
                default:
                    Assert.StartsWith(Host, words[at], StringComparison.Ordinal);
                    url = words[at].StartsWith(Base, StringComparison.Ordinal) ? words[at][Base.Length..].TrimStart('/') : "../" + words[at][Host.Length..];
                    break;
            }
        }
        return server.SendAsync(method ?? (body is null ? "GET" : "POST"), url, body, [.. headers]);
    }

    /// <summary>The words of a command as a shell takes them apart.</summary>
    private static List<string> Words(string command)
    {
        var (words, word, quote) = (new List<string>(), new StringBuilder(), '\0');
        for (var at = 0; at < command.Length; at++)
        {
            var character = command[at];
            if (quote == '\0' && character == ' ')
            {
                if (word.Length > 0) words.Add(word.ToString());
                word.Clear();
            }
            else if (quote == '\0' && character is '\'' or '"') quote = character;
            else if (character == quote) quote = '\0';
            else word.Append(quote == '\0' && character == '\\' ? command[++at] : character);
        }
        if (word.Length > 0) words.Add(word.ToString());
        return words;
    }

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "EventFhir.sln"))) folder = Path.GetDirectoryName(folder)!;
        return folder;
    }
}

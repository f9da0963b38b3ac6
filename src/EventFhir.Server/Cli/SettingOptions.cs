using System.CommandLine;

namespace EventFhir.Server.Cli;

/// <summary>The options that carry configuration keys.</summary>
public sealed class SettingOptions(IReadOnlyList<Option> options)
{
    public EventFhirOptions Read(ParseResult parsed) => EventFhirOptions.Read(setting => Find(parsed, setting));

    private string? Find(ParseResult parsed, Setting setting)
    {
        foreach (var option in options)
            if (option.Name == setting.Option && parsed.GetResult(option) is { Implicit: false })
                return option is Option<bool> flag ? (parsed.GetValue(flag) ? "true" : "false") : parsed.GetValue((Option<string>)option);
        return null;
    }
}

namespace EventFhir.Server.Rest;

/// <summary>What the answer to a write holds (R4 http.html#ops).</summary>
public enum ReturnPreference { Representation, Minimal, OperationOutcome }

/// <summary>What happens to parameters that the server does not know (R4 search.html#errors).</summary>
public enum Handling { Strict, Lenient }

/// <summary>The Prefer header (RFC 7240). Preferences that are not known are left aside, as the RFC asks.</summary>
public readonly record struct Prefer(ReturnPreference Return, Handling Handling)
{
    /// <summary>True if the client would rather ask for the answer later (respond-async).</summary>
    public bool IsDeferred { get; init; }

    public static Prefer Parse(string? header)
    {
        var prefer = default(Prefer);
        if (string.IsNullOrEmpty(header)) return prefer;
        foreach (var range in header.AsSpan().SplitAny(',', ';'))
        {
            var preference = header.AsSpan()[range].Trim();
            if (Is(preference, "return=minimal")) prefer = prefer with { Return = ReturnPreference.Minimal };
            else if (Is(preference, "return=representation")) prefer = prefer with { Return = ReturnPreference.Representation };
            else if (Is(preference, "return=OperationOutcome")) prefer = prefer with { Return = ReturnPreference.OperationOutcome };
            else if (Is(preference, "handling=lenient")) prefer = prefer with { Handling = Handling.Lenient };
            else if (Is(preference, "respond-async")) prefer = prefer with { IsDeferred = true };
            else if (Is(preference, "handling=strict")) prefer = prefer with { Handling = Handling.Strict };
        }
        return prefer;
    }

    private static bool Is(ReadOnlySpan<char> preference, string expected) => preference.Equals(expected, StringComparison.OrdinalIgnoreCase);
}

using System.Diagnostics.CodeAnalysis;

namespace EventFhir.Core;

/// <summary>A value, or the refusal that a caller gets in its place. Both convert to it, so that a method simply returns either.</summary>
public readonly record struct Outcome<T> where T : class
{
    private Outcome(T? value, Refusal? refusal) => (ValueOrNull, Refusal) = (value, refusal);

    private T? ValueOrNull { get; }

    /// <summary>Null if there is a value.</summary>
    public Refusal? Refusal { get; }

    /// <summary>The value; ask only where there is no refusal.</summary>
    public T Value => ValueOrNull ?? throw new InvalidOperationException("The request was refused; there is no value.");

    public bool IsRefused([NotNullWhen(true)] out Refusal? refusal)
    {
        refusal = Refusal;
        return refusal is not null;
    }

    public static implicit operator Outcome<T>(T value) => new(value, null);
    public static implicit operator Outcome<T>(Refusal refusal) => new(null, refusal);
}

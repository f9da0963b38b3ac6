using System.Globalization;
using System.Text;

using EventFhir.Model.Elements;

namespace EventFhir.Core.Search.Indexing;

/// <summary>The values of elements as the index needs them. Hot path, measured by Benchmarks.</summary>
internal static class ElementValues
{
    /// <summary>The value as UTF-8 without JSON escapes.</summary>
    public static ReadOnlySpan<byte> Utf8(this Element element) => element.IsEscaped ? Encoding.UTF8.GetBytes(element.Text) : element.RawValue;

    /// <summary>The first child of the name that has a value; default if there is none.</summary>
    public static Element ValueOf(this Element element, string name)
    {
        foreach (var child in element.ChildrenNamed(name))
            if (child.HasValue) return child;
        return default;
    }

    /// <summary>False for <c>default(Element)</c>, which stands for an element that is not there.</summary>
    public static bool Exists(this Element element) => element.Resource is not null;

    public static ReadOnlySpan<byte> Utf8OrEmpty(this Element element) => element.Exists() ? element.Utf8() : default;

    /// <summary>A decimal, exact to 28 digits; what is larger than System.Decimal holds is taken as its largest value.</summary>
    public static bool TryNumber(this Element element, out decimal number)
    {
        number = 0;
        if (!element.Exists() || !element.HasValue) return false;
        var text = element.RawValue;
        if (decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number)) return true;
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var large)) return false;
        number = large < 0 ? decimal.MinValue : decimal.MaxValue;
        return true;
    }
}

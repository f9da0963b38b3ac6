using System.Text;

using EventFhir.Model.Validation;

using Xunit;

namespace EventFhir.UnitTests.Validation;

/// <summary>R4 narrative.html: formatting is welcome, everything that runs or loads code is refused.</summary>
public sealed class Narratives
{
    [Theory]
    [InlineData("plain <b>bold</b> <br/> &amp; &#160; &#xA0;")]
    [InlineData("<!-- a comment --> x")]
    [InlineData("<a href=\"https://example.org/?a=1&amp;b=2\">link</a>")]
    [InlineData("<a href='#anchor' name='x'>link</a>")]
    [InlineData("<img src=\"data:image/png;base64,AAAA\" alt=\"\"/>")]
    [InlineData("<p style=\"color: red; background: url(a.png)\">x</p>")]
    [InlineData("<table><tbody><tr><td colspan=\"2\">1</td></tr></tbody></table>")]
    public void Formatting_is_allowed(string content) => Assert.Null(Fault($"<div xmlns=\"http://www.w3.org/1999/xhtml\">{content}</div>"));

    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("<SCRIPT>alert(1)</SCRIPT>")]
    [InlineData("<p onclick=\"x()\">x</p>")]
    [InlineData("<img src=\"x\" onerror=\"x()\"/>")]
    [InlineData("<iframe src=\"http://example.org\"></iframe>")]
    [InlineData("<object data=\"x\"></object>")]
    [InlineData("<form><input/></form>")]
    [InlineData("<style>p { }</style>")]
    [InlineData("<link rel=\"stylesheet\" href=\"x\"/>")]
    [InlineData("<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>")]
    [InlineData("<a href=\"javascript:x()\">x</a>")]
    [InlineData("<a href=\" JaVa&#x53;cript&#58;x()\">x</a>")]
    [InlineData("<a href=\"java&#10;script:x()\">x</a>")]
    [InlineData("<a href=\"data:text/html,x\">x</a>")]
    [InlineData("<a href=\"vbscript:x\">x</a>")]
    [InlineData("<p style=\"width: expression(x())\">x</p>")]
    [InlineData("<p style=\"background: url(javascript:x())\">x</p>")]
    [InlineData("<p style=\"-moz-binding: url(x)\">x</p>")]
    [InlineData("<p style=\"width: e\\78pression(x)\">x</p>")]
    [InlineData("<p xmlns=\"http://example.org\">x</p>")]
    [InlineData("<x:p>x</x:p>")]
    public void Active_and_foreign_content_is_refused(string content) =>
        Assert.NotNull(Fault($"<div xmlns=\"http://www.w3.org/1999/xhtml\">x {content}</div>"));

    [Theory]
    [InlineData("<p>x</div>")]
    [InlineData("<p>x")]
    [InlineData("</p>")]
    [InlineData("a & b")]
    [InlineData("&nbsp;")]
    [InlineData("&#0;")]
    [InlineData("<p class=x>x</p>")]
    [InlineData("<p class>x</p>")]
    [InlineData("<p class=\"a\" class=\"b\">x</p>")]
    [InlineData("<p class=\"a\"id=\"b\">x</p>")]
    [InlineData("<p class=\"<\">x</p>")]
    [InlineData("<!-- open")]
    [InlineData("<?php x ?>")]
    [InlineData("<![CDATA[ open")]
    [InlineData("<")]
    [InlineData("<p/ >x")]
    public void Markup_must_be_well_formed(string content) => Assert.NotNull(Fault($"<div xmlns=\"http://www.w3.org/1999/xhtml\">x {content}</div>"));

    [Theory]
    [InlineData("")]
    [InlineData("text")]
    [InlineData("<div>no namespace</div>")]
    [InlineData("<div xmlns=\"http://www.w3.org/1999/xhtml\"/>")]
    [InlineData("<div xmlns=\"http://www.w3.org/1999/xhtml\"> \n </div>")]
    [InlineData("<div xmlns=\"http://www.w3.org/1999/xhtml\"><p/></div>")]
    [InlineData("<p xmlns=\"http://www.w3.org/1999/xhtml\">x</p>")]
    [InlineData("<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div><div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>")]
    [InlineData("<!DOCTYPE html><div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>")]
    public void A_narrative_is_one_div_with_content(string narrative) => Assert.NotNull(Fault(narrative));

    private static string? Fault(string narrative) => NarrativeSyntax.Fault(Encoding.UTF8.GetBytes(narrative));
}

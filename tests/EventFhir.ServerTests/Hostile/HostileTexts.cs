namespace EventFhir.ServerTests.Hostile;

/// <summary>The words that <see cref="HostileRequests"/> puts together.</summary>
internal static class HostileTexts
{
    public static readonly string[] Names =
    [
        "name", "family", "identifier", "code", "subject", "date", "birthdate", "value-quantity", "code-value-quantity", "component-code-value-quantity", "_id", "_lastUpdated", "_tag",
        "_profile", "_security", "_source", "_text", "_content", "_list", "_has", "_filter", "_query", "_type", "_sort", "_count", "_include", "_revinclude", "_summary", "_elements",
        "_total", "_page", "_explain", "_asOf", "_contained", "_containedType", "_score", "near", "url", "url:below", "context", "probability", "variant-start", "", "_", ":", ".", "a.b.c", "__proto__",
    ];

    public static readonly string[] Values =
    [
        "x", "true", "2020", "5", "Patient/p1", "http://loinc.org|8867-4", "'", "\"", "\\", "\0", "%", "_", "*", "", " ", "\t", "\r\n", "a\u0000b", "null", "undefined", "[]", "{}", "$1", "{0}", "${jndi:ldap://x}",
        "\ud83d\ude00", "\u202e", "|", "||", "|||", "$", "$$", ",", ",,", "8867-4$gt5", "8867-4$5|http://unitsofmeasure.org|/min", "1|2|3", "90|180|1e9|km", "-91|181|-1|au", "1e400|NaN",
    ];

    public static readonly string[] Injections =
    [
        "'; drop schema fhir cascade; --", "' or '1'='1", "\" or \"\"=\"", "x' union select body from es.event --", "x'; select pg_sleep(60); --", "') or pg_sleep(60) is not null --", "1; truncate es.event",
        "\\'; drop table es.stream; --", "$$; drop schema es cascade; $$", "x'||pg_sleep(60)||'", "/*", "*/ or true /*", "--", ";", "x\u2019 or 1=1", "\uff07 or 1=1 --", "x' and 1=(select count(*) from pg_class) --",
        "{\"$gt\":\"\"}", "<script>alert(1)</script>", "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><x>&e;</x>", "../../../../etc/passwd", "%n%s%x", "E'\\047'", "U&'\\0027'",
        "copy es.event to program 'id'", "x\u0000' or 1=1", "x); reset role; --", "'::int", "current_setting('is_superuser')", "x' at time zone 'Z",
    ];

    /// <summary>Already in the form of the request target.</summary>
    public static readonly string[] Encodings =
    [
        "%", "%%", "%2", "%zz", "%00", "%0", "%c0%ae", "%c0%80", "%ff", "%fe%ff", "%ed%a0%80", "%ed%bf%bf", "%f4%90%80%80", "%f8%88%80%80%80", "%u0000", "%u2215", "%252e", "%25%30%30", "%e2%82", "%c3%28",
        "%0d%0a", "%0aSet-Cookie:x", "%1b[31m", "%7f", "+", "%20", "%2b", "a%00b", "\u00e4", "\u00ff", "%EF%BB%BF", "%ef%bf%bf", "%26", "%3d", "%23", "#", "?", "&", "=", "&&", "&=", "=&", "[]", "name[]", "%5b0%5d",
    ];

    public static readonly string[] Numbers =
    [
        "1e999", "1e-999", "-1e999", "1e2147483648", "1e-2147483649", "NaN", "Infinity", "-0", "+5", "0x10", "1_000", "1,000", "1.", ".5", "1..2", "--1", "1e", "e5", "1e5e5", "\u0663", "\uff11", "\u00bd", "00000000000000001",
        "79228162514264337593543950335", "79228162514264337593543950336", "-79228162514264337593543950335", "0.0000000000000000000000000001", "0.00000000000000000001", "1e20", "1e21", "1e28", "9223372036854775808",
        new string('9', 400), "0." + new string('0', 400) + "1", new string('9', 5_000), "5.4", "100",
    ];

    public static readonly string[] Units =
    [
        "", "||mg", "|http://unitsofmeasure.org|mg", "|http://unitsofmeasure.org|" + new string('m', 2_000), "|http://unitsofmeasure.org|" + new string('(', 2_000), "|http://unitsofmeasure.org|m99999999",
        "|http://unitsofmeasure.org|10*999", "|http://unitsofmeasure.org|10*-999", "|http://unitsofmeasure.org|m/", "|http://unitsofmeasure.org|{" + new string('x', 500), "|http://unitsofmeasure.org|Ym.Ym.Ym.Ym.Ym.Ym.Ym.Ym.Ym.Ym",
        "|http://unitsofmeasure.org|[degF]", "|http://unitsofmeasure.org|Cel", "|http://unitsofmeasure.org|[pH]", "|||", "|x", "||", "|\u0000|mg", "|urn:iso:std:iso:4217|EUR", "|http://unitsofmeasure.org|g20g20", "|http://unitsofmeasure.org|" + "m/s/".PadRight(400, '('),
    ];

    public static readonly string[] Dates =
    [
        "0000", "0001", "9999", "10000", "-2020", "+2020", "2020-13", "2020-00", "2020-02-30", "2021-02-29", "2020-1-1", "20200101", "2020-01-01T", "2020-01-01T24:00", "2020-01-01T24:00:00Z", "2020-01-01T23:59:60Z",
        "2020-01-01T00:00:00+14:00", "2020-01-01T00:00:00+99:99", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.9999999999999999999-14:00", "9999-12-31T23:59:59-12:00", "2020-W01", "2020-001", "now()", "today", "infinity", "-infinity",
        "epoch", "2020-01-01 00:00", "2020-01-01T00:00:00.", "2020-01-01T00:00:00." + new string('1', 1_000), "\u0662\u0660\u0662\u0660", "2020--01", "Z", "T", "", "0001-01-01", "9999-12-31", "2020-01-01T00:00Z[Europe/Berlin]", "294277-01-01",
    ];

    public static readonly string[] Patterns =
    [
        "(a+)+$", "^(([a-z])+.)+[A-Z]([a-z])+$", "(?:a|a?)+b", new string('a', 4_000) + "!", "%%%%%%%%%%", "________", "a%b_c\\", "[[:alpha:]]{1,99999}", "(?<x>a)\\k<x>", "\\Q\\E", "*", "**", "?", ".*", ".{0,99999}",
        "a & b | !c", "a <-> b:*", "!!!!!!", "'a':*", "((((((a", "\"a b\" -c", "a OR OR b", "<->", "&", new string('(', 1_000), string.Concat(Enumerable.Repeat("a & ", 1_000)), string.Concat(Enumerable.Repeat("!", 1_000)) + "a",
    ];

    public static readonly string[] Foldings =
    [
        "\u0130", "\u0131", "\u00df", "\u1e9e", "\ufb01", "\ufb03", "\ufdfa", new string('\ufdfa', 400), "e" + new string('\u0301', 1_500), new string('\u0301', 500), "\u200b", "\u200d", "\u00ad", "\ufeff", "\u2028", "\u202e\u202d", "\u1100\u1161\u11a8",
        "\uac01", "\u212b", "\u2126", "\u03c2\u03c3\u03a3", "\u0345", "\uffff", "\ufffe", "\U0010ffff", "\U0001F469\u200D\U0001F469\u200D\U0001F467", "\U0001D400", "\u00a0", "\u3000", "...", "\u2026", "\u0e33", "\u0f73", "\u00bd", "\u2460", "--", "'", "\u02bc",
    ];

    public static readonly string[] Results =
    [
        "_count=-1", "_count=0", "_count=99999999999", "_count=1e3", "_count=\u0663", "_count=1&_count=2", "_sort=", "_sort=,", "_sort=------name", "_sort=-,-", "_sort=name,name,name,name,name,name,name,name,name,name,name", "_sort=_id,-_id", "_sort=code",
        "_sort=%00", "_sort=subject.name", "_sort:desc=name", "_sort=name&_sort=name", "_include=*", "_include=*:*", "_include=*:*:*:*", "_include:iterate=*", "_revinclude=*", "_revinclude:iterate=*", "_include=Patient", "_include=Patient:", "_include=:",
        "_include=Patient:link:Nobody", "_revinclude=Observation:subject:Patient:x", "_include=%00", "_elements=", "_elements=,,", "_elements=nothing", "_elements=id,meta", "_elements=__proto__", "_summary=true", "_summary=x", "_summary=count&_count=5",
        "_summary=text&_elements=name", "_total=accurate", "_total=x", "_page=", "_page=AAAA", "_page=%00", "_page=../../x", "_page=" + "_page%3D", "_format=json", "_format=xml", "_format=text/html", "_format=%00", "_format=", "_pretty=x", "_pretty=true",
        "_explain=true", "_asOf=2020", "_asOf=x", "_asOf=9999999999", "_contained=both", "_contained=x", "_containedType=contained", "_query=x", "_query=%00", "_list=x", "_list=$current-allergies", "_score", "_type=Patient", "_type=%00", "_type=,",
        "_since=2020", "_has=x", "_has:x=y", "_has:Observation=x", "_has:Observation:subject=x", "_has:::=x", "_has:Observation:subject:_has:Observation:subject:code=x", "_include:x=Patient:link", "name=peter", "_tag:not=x", "_lastUpdated=gt2000",
    ];

    public static readonly string[] References =
    [
        "Patient/", "/Patient/p1", "Patient//p1", "Patient/p1/", "Patient/p1/_history", "Patient/p1/_history/", "Patient/p1/_history/1", "Patient/p1/_history/99999999999999999999", "Nobody/p1", "Patient/" + new string('x', 65), "Patient/\u00e4", "#p1", "#",
        "urn:uuid:", "urn:uuid:x", "http://", "http:///Patient/p1", "http://localhost/fhir/Patient/p1", "file:///etc/passwd", "javascript:alert(1)", "http://[::1", "http://x:99999999/Patient/1", "http://user:pass@host/Patient/1", new string('a', 8_000),
        "http://" + new string('a', 8_000), "Patient/p1,Patient/p1", "Patient/p1|2", "http://x|1.0|2.0", "|", "Patient\u0000/p1", "Patient/p1?name=x", "Patient?name=x", "..", "../Patient/p1", "Patient/p1%2F", "patient/p1", "PATIENT/P1", "null", "0", "-", ".",
    ];

    public static readonly string[] Paths =
    [
        "Patient/", "Patient//", "Patient/../Observation", "Patient/%2e%2e/Observation", "Patient/%00", "Patient/p1/%00", "Patient/p1/Observation/", "Patient/p1/../../metadata", "%50atient", "Patient;x=y", "patient", "Nobody", "Patient/" + new string('x', 3_000),
        "Patient/p1/_history", "_history", "metadata", "Patient/_search", "_search", "Patient/$x", "$x", "%ff", "Patient%ff", "Patient/p1/*", "Practitioner/p1/*", "Device/p1/Observation", "RelatedPerson/p1/%2A", "Encounter/e1/Observation", ".", "..", "...", "*",
    ];

    /// <summary>Good queries, to be broken.</summary>
    public static readonly string[] Sound =
    [
        "name=peter&birthdate=ge1990-01-01&_sort=-birthdate,name&_count=5", "code=http://loinc.org|8867-4&value-quantity=gt5|http://unitsofmeasure.org|/min", "subject:Patient.name:exact=Meier&date=sa2020-01",
        "_has:Observation:subject:code=http://loinc.org|8867-4&_revinclude=Observation:subject", "code-value-quantity=http://loinc.org|8867-4$gt5|http://unitsofmeasure.org|/min", "identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|446053",
        "_include=Observation:subject:Patient&_include:iterate=Patient:link&_summary=true", "url:below=http://hl7.org/fhir&_elements=url,status&_total=accurate", "_type=Patient,Observation&_lastUpdated=gt2020-01-01T00:00:00Z",
        "_filter=name co \"pet\" and (birthdate ge 1990 or not (gender eq male))", "near=52.5|13.4|10|km&status=active", "code:in=http://hl7.org/fhir/ValueSet/observation-vitalsignresult&status:not=final", "family:missing=true&_tag=http://x|y,http://x|z",
        "_text=heart attack&_content=\"chest pain\"&_list=42", "code:text=heart&code:below=http://snomed.info/sct|73211009",
    ];
}

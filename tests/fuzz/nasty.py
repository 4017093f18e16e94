"""What no honest program sends, in pieces: texts, numbers, document types, encodings, floods."""

import random

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
INTUIT = "http://developer.intuit.com/"

NUMBERS = (
    "-1", "0", "1", "-0", "+1", "00", "1.0", "1e9", "1E999999999", "NaN", "INF", "-INF", "0x1F", "1_000", "1,000",
    " 1 ",
    "2147483647", "2147483648", "-2147483648", "-2147483649", "9223372036854775807", "9223372036854775808",
    "18446744073709551616", "999999999", "1000000000", "-999999999", "9" * 30, "9" * 5000, "-" + "9" * 5000, "٣", "１",
    "१२", "²", "½", "1-1", "--1", "true", "None", "", " ", "\t", "1\n", "1;DROP", "3100", "3120", "500", "501", "9001",
    "-2147220464", "0.00000000000000000000000000001", "1" + "0" * 400 + ".5", "." , "-.", ".5", "5.",
)  # fmt: skip
TEXTS = (
    "", " ", "'", '"', "' OR '1'='1", "'; DROP TABLE jobs; --", "%", "%s%n", "{0}", "{ticket}", "\\", "\\u0000",
    "../..",
    "<script>alert(1)</script>", "&amp;", "]]>", "<![CDATA[", "<!--", "a" * 300, "é" * 300, "\U0001f600", "\u202e",
    "\ufeff",
    "\u2028", "\x7f", "\x85", "\ud7ff", "\ue000", "\ufffd", "ÿ", "ß", "İ", "ﬁ", "\r\n", "\r", "Z̵̢͠a̸", "=1+1",
    "C:\\a.qbw",
    "\\\\server\\share", "{00000000-0000-0000-0000-000000000000}", "0x80040400", "0x8004040D", "0x80040408", "NoOp",
    "none", "nvu", "busy", "done", "null", "undefined", "True", "a\tb", "a\nb",
)  # fmt: skip
CONTROLS = tuple(chr(code) for code in (*range(0, 9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF))
REFERENCES = (
    "&#0;", "&#8;", "&#11;", "&#xD800;", "&#xFFFE;", "&#x110000;", "&#99999999999;", "&#x;", "&;", "&", "&x;", "&lt",
    "&amp",
    "&nbsp;", "&#65;", "&#x41;", "&#13;", "&#10;", "&quot;", "&apos;", "%x;",
)  # fmt: skip
ENCODINGS = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "utf-7", "cp037", "utf-8-sig")
DECLARED = (
    "utf-8", "UTF-8", "UtF-8", "utf8", "UTF-16", "UTF-32", "UTF-7", "ISO-8859-1", "windows-1252", "us-ascii", "zip",
    "rot13",
    "base64", "punycode", "idna", "unicode_escape", "cp037", "EBCDIC-CP-US", "shift_jis", "gb18030", "", "x" * 100,
    "utf-8\0",
)  # fmt: skip


def number(draw: random.Random) -> str:
    return draw.choice(NUMBERS)


def text(draw: random.Random) -> str:
    """-> characters that XML can hold, and perhaps some that it cannot."""
    kind = draw.random()
    if kind < 0.6:
        return draw.choice(TEXTS)
    if kind < 0.75:
        return draw.choice(NUMBERS)
    if kind < 0.8:
        return "x" * draw.choice((1000, 70_000, 1_200_000))
    return "".join(
        chr(draw.choice((draw.randrange(32, 127), draw.randrange(0xA0, 0xD7FF)))) for _ in range(draw.randrange(40))
    )


def attributes(draw: random.Random, count: int | None = None) -> str:
    """-> attributes of any kind, or so many empty ones."""
    if count is not None:
        return "".join(f' a{n}=""' for n in range(count))
    return draw.choice((
        ' xsi:nil="true"', ' xsi:nil="1"', ' xsi:nil="false"', ' xsi:nil="yes"', ' xsi:nil=""',
        ' xsi:type="xsd:string"', ' xsi:type="xsd:int"', ' xsi:type="xsd:base64Binary"', ' xsi:type="ArrayOfString"',
        ' xsi:type="soapenc:Array" soapenc:arrayType="xsd:string[999999999]" xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/"',
        ' id="x"', ' href="#x"', ' id="x" href="#x"', ' href="http://127.0.0.1:9/"', ' soap:encodingStyle=""',
        ' xml:base="http://127.0.0.1:9/"', ' xml:space="preserve"', ' xml:lang="en"', ' xmlns=""', ' xmlns:a="b"',
        ' a:b="c"',
        ' a="1" a="2"', f' xmlns="{INTUIT}"', ' xmlns:soap="x"', ' xmlns:xml="http://www.w3.org/XML/1998/namespace"',
        ' xmlns:xmlns="x"', ' a="&lt;"', ' a="<"', " a='b'", " a", ' a="b', " a=b", f' {"n" * 5000}="x"',
        f' a="{"v" * 70_000}"',
    ))  # fmt: skip


def namespaces(count: int) -> str:
    return "".join(f' xmlns:n{n}="u{n % 7}"' for n in range(count))


def bomb(draw: random.Random) -> str:
    """-> an internal subset that would grow."""
    times, levels = draw.choice((2, 10, 50)), draw.choice((2, 5, 12, 60))
    entities = "".join(f'<!ENTITY x{n} "{f"&x{n - 1};" * times}">' for n in range(1, levels))
    return f'[<!ENTITY x0 "{draw.choice(("ha", "h" * 5000))}">{entities}<!ENTITY x "&x{levels - 1};">]'


def document_type(draw: random.Random) -> str:
    subset = draw.choice((
        "", "[]", '[<!ENTITY x "y">]', '[<!ENTITY x SYSTEM "file:///etc/passwd">]',
        '[<!ENTITY x SYSTEM "http://127.0.0.1:9/">]',
        'SYSTEM "file:///etc/passwd"', 'SYSTEM "http://127.0.0.1:9/x.dtd"', 'PUBLIC "a" "http://127.0.0.1:9/x.dtd"',
        '[<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]', '[<!ENTITY % p "<!ENTITY x \'y\'>"> %p;]',
        "[<!ATTLIST a b CDATA #IMPLIED>]",
        '[<!ATTLIST strUserName xsi:nil CDATA "true">]', "[<!ELEMENT a ANY>]", '[<!NOTATION n SYSTEM "x">]',
        "[<!ENTITY x 'a'><!ENTITY x 'b'>]",
        '[<!ENTITY a "&b;"><!ENTITY b "&a;"><!ENTITY x "&a;">]', "[", "x" * 5000, bomb(draw), bomb(draw),
    ))  # fmt: skip
    return draw.choice(
        ("<!DOCTYPE x {}>", "<!doctype x {}>", "<!-- a --><!DOCTYPE x {}>", "\n \t<!DOCTYPE x {}>")
    ).format(subset)


def declaration(draw: random.Random) -> str:
    return draw.choice((
        "", '<?xml version="1.0"?>', '<?xml version="1.1"?>', '<?xml version="2.0" encoding="utf-8"?>', "<?xml?>",
        '<?xml version="1.0" standalone="yes"?>', '<?xml version="1.0" encoding="utf-8" standalone="no"?>',
        " <?xml version='1.0'?>",
        '<?xml version="1.0" encoding="utf-8"?><?xml version="1.0"?>', '<?xml-stylesheet href="http://127.0.0.1:9/"?>',
        "<?qbxml?>",
        f'<?xml version="1.0" encoding="{draw.choice(DECLARED)}"?>',
        f'<?xml version="1.0" encoding="{draw.choice(DECLARED)}"?>',
    ))  # fmt: skip


def damaged(draw: random.Random, body: bytes) -> bytes:
    """-> the bytes with something cut, put in, turned or doubled."""
    if not body:
        return bytes(draw.randrange(256) for _ in range(draw.randrange(40)))
    at, long = draw.randrange(len(body)), draw.choice((1, 1, 2, 8, 64, 500))
    match draw.randrange(8):
        case 0:
            return body[:at]
        case 1:
            return body[at:]
        case 2:
            return body[:at] + body[at + long :]
        case 3:
            return body[:at] + bytes(draw.randrange(256) for _ in range(long)) + body[at:]
        case 4:
            return body[:at] + bytes([body[at] ^ (1 << draw.randrange(8))]) + body[at + 1 :]
        case 5:
            return body[: at + long] + body[at:]
        case 6:
            return (
                body[:at]
                + draw.choice((b"\0", b"\xff", b"\xc0\xbc", b"\xed\xa0\x80", b"<", b">", b"&", b'"', b"]]>"))
                + body[at:]
            )
        case _:
            other = draw.randrange(len(body))
            return body[:at] + body[other : other + long] + body[at + long :]

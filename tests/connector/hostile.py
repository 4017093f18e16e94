"""Bodies that are no calls: the rows of spyne.md 1.4 and 1.5, and of security.md 4.3. All carry the password."""

from tests.connector.soap import AUTHENTICATE, INTUIT, OPEN, PASSWORD, SOAP, element, envelope, login, operation

GOOD = envelope(operation("authenticate", **AUTHENTICATE))
DECLARATION = b'<?xml version="1.0" encoding="utf-8"?>'


def with_doctype(subset: str, name: str = "<strUserName>&x;</strUserName>") -> bytes:
    """A login whose document type has this internal subset."""
    return envelope(login(name)).replace(DECLARATION, f"<!DOCTYPE x {subset}>".encode())


def bomb(times: int, levels: int) -> str:
    entities = "".join(f'<!ENTITY x{n} "{f"&x{n - 1};" * times}">' for n in range(1, levels))
    return f'[<!ENTITY x0 "ha">{entities}<!ENTITY x "&x{levels - 1};">]'


def encoded(encoding: str, declared: str | None = None) -> bytes:
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    return (declaration + GOOD.decode().removeprefix(DECLARATION.decode())).encode(encoding)


def attributes(count: int) -> str:
    return "".join(f' a{n}=""' for n in range(count))


def namespaces(count: int) -> str:
    return "".join(f' xmlns:a{n}="b"' for n in range(count))


def answer(content: str) -> str:
    """A receiveResponseXML, which may be large; it carries the password."""
    return element("receiveResponseXML", f"<ticket>{PASSWORD}</ticket>{content}")


DOCUMENT_TYPES = {
    "document type": with_doctype("", "a"),
    "document type after a comment": GOOD.replace(DECLARATION, b"<!-- a -->\n <!DOCTYPE x>"),
    "document type after 80 KB of white space": GOOD.replace(DECLARATION, b" " * 80_000 + b"<!DOCTYPE x>"),
    "document type in UTF-16": ("<!DOCTYPE x>" + envelope(login()).decode()[38:]).encode("utf-16"),
    "internal entity": with_doctype('[<!ENTITY x "y">]'),
    "external entity": with_doctype('[<!ENTITY x SYSTEM "file:///etc/passwd">]'),
    "external entity over HTTP": with_doctype('[<!ENTITY x SYSTEM "http://127.0.0.1:9/">]'),
    "external DTD": with_doctype('SYSTEM "file:///etc/passwd"', "a"),
    "public DTD": with_doctype('PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://127.0.0.1:9/x.dtd"', "a"),
    "parameter entity": with_doctype('[<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]', "a"),
    "billion laughs": with_doctype(bomb(10, 10)),
    "billion laughs in an attribute": with_doctype(bomb(10, 10), '<strUserName a="&x;"/>'),
    "quadratic blowup": with_doctype(f'[<!ENTITY x "{"a" * 20_000}">]', f"<strUserName>{'&x;' * 8_000}</strUserName>"),
    "default attribute": with_doctype('[<!ATTLIST strUserName id CDATA "x">]', "a"),
    "undeclared entity": envelope(login("<strUserName>ad&x;min</strUserName>")),
}
ENCODINGS = {
    "UTF-16 with BOM": encoded("utf-16", "utf-16"),
    "UTF-16 with BOM, undeclared": encoded("utf-16"),
    "UTF-16LE": encoded("utf-16-le", "utf-16"),
    "UTF-16BE": encoded("utf-16-be"),
    "UTF-16LE that says UTF-8": encoded("utf-16-le", "utf-8"),
    "UTF-32": encoded("utf-32"),
    "UTF-7": encoded("utf-7", "utf-7"),
    "EBCDIC": encoded("cp037", "cp037"),
    "declared ISO-8859-1": encoded("ascii", "ISO-8859-1"),
    "declared windows-1252": encoded("ascii", "windows-1252"),
    "declared us-ascii": encoded("ascii", "us-ascii"),
    "declared nonsense": encoded("ascii", "zip"),
    "declared XML 1.p": GOOD.replace(b'version="1.0"', b'version="1.p"'),
    "declared XML 2.0": GOOD.replace(b'version="1.0"', b'version="2.0"'),
    "bad UTF-8": envelope(login("<strUserName>@</strUserName>")).replace(b"@", b"\xff\xfe"),
    "overlong UTF-8": envelope(login("<strUserName>@</strUserName>")).replace(b"@", b"\xc0\xbc"),
    "surrogate in UTF-8": envelope(login("<strUserName>@</strUserName>")).replace(b"@", b"\xed\xa0\x80"),
    "UTF-8 that is cut": envelope(login("<strUserName>@</strUserName>")).replace(b"@", b"\xe2\x82"),
    "NUL": envelope(login("<strUserName>@</strUserName>")).replace(b"@", b"\0"),
    "NUL as a reference": envelope(login("<strUserName>&#0;</strUserName>")),
    "control character": envelope(login("<strUserName>\x0b</strUserName>")),
    "control character as a reference": envelope(login("<strUserName>&#11;</strUserName>")),
    "surrogate as a reference": envelope(login("<strUserName>&#xD800;</strUserName>")),
}
FLOODS = {
    "depth of 300": envelope("<a>" * 300 + login() + "</a>" * 300),
    "depth of 100,000": envelope(login("<strUserName>" * 100_000)),
    "depth of 10,000 in the header": envelope(login(), f"<soap:Header>{'<a>' * 5_000}{'</a>' * 5_000}</soap:Header>"),
    "64 KB of attributes": envelope(login(f"<strUserName{attributes(6_000)}/>")),
    "30,000 attributes": envelope(login(f"<strUserName{attributes(30_000)}/>")),
    "30,000 attributes in a big answer": envelope(
        element(
            "receiveResponseXML",
            f"<ticket>{PASSWORD}</ticket><response{attributes(30_000)}/>",
        )
    ),
    "5,000 attributes of the envelope": GOOD.replace(b"<soap:Envelope", b"<soap:Envelope" + attributes(5_000).encode()),
    "5,000 attributes in the header": envelope(login(), f"<soap:Header><a{attributes(5_000)}/></soap:Header>"),
    "16,000 namespaces": envelope(login(f"<strUserName{namespaces(16_000)}/>")),
    "2,000 namespaces": envelope(login(f"<strUserName{namespaces(2_000)}/>")),
    "name of 100 KB": envelope(login(f"<{'a' * 100_000}/>")),
    "comment of 100 KB": envelope(login(f"<!--{'a' * 100_000}-->")),
    "endless tag in a big answer": envelope(answer(f"<response a='{'b' * 3_000_000}")),
    "endless comment in a big answer": envelope(answer(f"<!--{'b' * 3_000_000}")),
}
ENVELOPES = {
    "nothing but white space": b" \n",
    "no XML": b"username=someone&password=" + PASSWORD.encode(),
    "JSON": b'{"strPassword": "%s"}' % PASSWORD.encode(),
    "two documents": GOOD + GOOD,
    "text after the envelope": GOOD + b"a",
    "envelope that does not end": GOOD[:-1],
    "unbound prefix": envelope(login("<a:b/>")),
    "attribute given twice": envelope(login('<strUserName a="1" a="2"/>')),
    "no envelope": login().encode(),
    "envelope without a namespace": GOOD.replace(b"soap:", b"").replace(b"xmlns:soap", b"xmlns:a"),
    "envelope of another namespace": GOOD.replace(SOAP.encode(), b"http://example.com/"),
    "no body": f"{OPEN}</soap:Envelope>".encode(),
    "header only": f"{OPEN}<soap:Header>{login()}</soap:Header></soap:Envelope>".encode(),
    "empty body": envelope(""),
    "body of comments": envelope("<!-- a --><?b c?>"),
    "body of text": envelope(PASSWORD),
    "text beside the call": envelope(f"{login()}{PASSWORD}"),
    "text between the arguments": envelope(login(PASSWORD)),
    "two calls": envelope(login() + login()),
    "two calls of two operations": envelope(element("closeConnection", "<ticket>t</ticket>") + login()),
    "two bodies": envelope(login(), after_body=f"<soap:Body>{login()}</soap:Body>"),
    "body before the header": envelope(login(), after_body="<soap:Header/>"),
    "element after the body": envelope(login(), after_body="<a/>"),
    "other element before the body": envelope(login(), before_body="<a/>"),
    "fault as the call": envelope(f"<soap:Fault><faultcode>{PASSWORD}</faultcode></soap:Fault>"),
    "call without a namespace": envelope(login().replace(f' xmlns="{INTUIT}"', "")),
    "call of another namespace": envelope(login().replace(INTUIT, "http://example.com/")),
    "namespace without its slash": envelope(login().replace(INTUIT, INTUIT.rstrip("/"))),
    "namespace with a space": envelope(login().replace(INTUIT, INTUIT + " x")),
    "call as the envelope": GOOD.replace(b"soap:Envelope", b"soap:Body"),
}
ARGUMENTS = {
    "argument given twice": envelope(login("<strUserName>a</strUserName><strUserName>b</strUserName>")),
    "password given twice": envelope(login(f"<strPassword>{PASSWORD}</strPassword>")),
    "empty argument given twice": envelope(login("<strUserName/><strUserName/>")),
    "element in an argument": envelope(login("<strUserName>o<b/>k</strUserName>")),
    "argument in an argument": envelope(login(f"<strUserName><strPassword>{PASSWORD}</strPassword></strUserName>")),
    "element in an ignored argument": envelope(element("clientVersion", f"<a>{PASSWORD}<b/></a>")),
    "xsi:type of a list": envelope(
        login(f'<strUserName xmlns:i="{INTUIT}" xsi:type="i:ArrayOfString">a</strUserName>')
    ),
    "xsi:type of an int": envelope(login('<strUserName xsi:type="xsd:int">1</strUserName>')),
    "xsi:type of nothing": envelope(login('<strUserName xsi:type="">1</strUserName>')),
    "id": envelope(login('<strUserName id="a">b</strUserName>')),
    "href": envelope(login('<strUserName href="#a"/><strPassword id="a">b</strPassword>')),
    "href to nothing": envelope(login('<strUserName href="#a"/>')),
    "href to itself": envelope(login('<strUserName id="a" href="#a"/>')),
    "strange nil": envelope(login('<strUserName xsi:nil="perhaps">a</strUserName>')),
    "unknown attribute": envelope(login('<strUserName a="b">a</strUserName>')),
}
HOSTILE_BODIES = DOCUMENT_TYPES | ENCODINGS | FLOODS | ENVELOPES | ARGUMENTS

"""What a call's text comes to is what XML says, however it is written and in whatever pieces it comes."""

import io
import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from qbwc_service.connector.envelope import Operation, Refused, read_call
from qbwc_service.connector.escaped import unescaped
from tests.connector.soap import element, envelope

OPERATIONS = {"receiveResponseXML": Operation({"ticket": str, "response": str}, 1_000_000)}

PLAIN = (
    "&lt;Name&gt;",
    "&amp;",
    "&quot;",
    "&apos;",
    "&amp;lt;",
    "]]&gt;",
    "Caf\u00e9 \U0001f9fe",
    "\r",
    "\n",
    "\r\n",
    " x",
)
MARKED = ("<![CDATA[", "]]>", "<!--", "-->", "<?a ", "?>", ">", "&#13;", "&#x41;", "</response><!-- &lt; --><response>")
BAD = (
    "&",
    "&lt",
    "lt;",
    "&nbsp;",
    "&#0;",
    "\x01",
    "\x0b\x0c\x1f",
    "\ufffe",
    "\uffff",
    "&lt;\x02\x03\x04>",
    "<",
    "<a/>",
)
BYTES = (b"\xff", b"\xc3", b"\xe2\x82", b"\xed\xa0\x80")


class Drips(io.BytesIO):
    """A body that comes in pieces of these sizes, over and over."""

    def __init__(self, body: bytes, sizes: list[int]) -> None:
        super().__init__(body)
        self._sizes, self._at = sizes, 0

    def read(self, size: int | None = -1, /) -> bytes:
        self._at += 1
        return super().read(min(size or -1, self._sizes[self._at % len(self._sizes)]))


def call_with(response: bytes) -> bytes:
    head, tail = envelope(
        element("receiveResponseXML", "<ticket>t</ticket><response>\0</response><!-- &lt; > -->")
    ).split(b"\0")
    return head + response + tail


def as_read(body: bytes, sizes: list[int]) -> str | None:
    """-> the response; None when the body is refused."""
    try:
        return str(read_call(Drips(body, sizes), len(body), OPERATIONS).arguments[1])
    except Refused:
        return None


def as_xml_says(body: bytes) -> str | None:
    """-> the response as lxml reads it; None where it is not well-formed, or no single text."""
    try:
        tree = etree.fromstring(body, etree.XMLParser(resolve_entities=False, remove_comments=True, remove_pis=True))
    except etree.XMLSyntaxError:
        return None
    found = tree.findall(".//{*}response")
    return "".join(found[0].itertext()) if len(found) == 1 and not len(found[0]) else None


PARTS = st.one_of(
    st.sampled_from(PLAIN).map(str.encode),
    st.sampled_from(MARKED).map(str.encode),
    st.sampled_from(BAD).map(str.encode),
    st.sampled_from(BYTES),
)
SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=5) | st.just([65536])


@settings(max_examples=300)
@given(st.lists(PARTS, max_size=12), SIZES)
@example([b"&lt;", b"]]", b">"], [65536])
@example([b"<![CDATA[ > &lt;", b"]]>"], [65536])
@example([b"<!-- > &lt;", b"-->"], [65536])
@example([b"&lt;\x01\x02\x03>"], [65536])
@example([b"&lt;\xe2\x82", b"&gt;"], [65536])
def test_a_text_is_read_as_xml_says_or_refused(parts: list[bytes], sizes: list[int]) -> None:
    body = call_with(b"".join(parts))
    assert as_read(body, sizes) == as_xml_says(body)


@settings(max_examples=200)
@given(st.lists(st.sampled_from(PLAIN), max_size=30), SIZES)
def test_plain_text_is_read_whatever_pieces_it_comes_in(parts: list[str], sizes: list[int]) -> None:
    body = call_with("".join(parts).encode())
    assert as_read(body, sizes) == as_xml_says(body) is not None


@pytest.mark.parametrize("odd", [*MARKED, "&#x26;", "Caf\u00e9"])
def test_a_long_text_goes_on_behind_what_only_a_parser_can_read(odd: str) -> None:
    """And in front of it; neither end of a piece falls on it."""
    text = "&lt;Name&gt;A &amp;amp; B&lt;/Name&gt;\r\n" * 9000
    body = call_with((text + odd + text).encode())
    assert as_read(body, [65536]) == as_xml_says(body)


def test_a_long_section_is_read_as_it_stands() -> None:
    body = call_with(b"<![CDATA[ > " + b"&lt;" * 40_000 + b"]]>")
    assert as_read(body, [65536]) == as_xml_says(body) == " > " + "&lt;" * 40_000


def test_every_cut_of_a_text_in_two_pieces_comes_to_the_same() -> None:
    body = call_with(
        "&lt;a&gt;\r\n\u20ac&amp;amp;&quot;\r&lt;/a&gt;<!-- &lt; -->&lt;b/&gt;<![CDATA[&lt;]]>&gt;".encode()
    )
    expected = as_xml_says(body)
    assert expected == '<a>\n\u20ac&amp;"\n</a><b/>&lt;>'
    for cut in range(1, len(body)):
        assert (cut, as_read(body, [len(body), cut])) == (cut, expected)


@pytest.mark.parametrize("text", [*BAD, "a<b", "a>b", "&#65;"])
def test_what_only_a_parser_can_judge_is_left_to_it(text: str) -> None:
    if text != "lt;":
        assert unescaped(f"&lt;a&gt;{text}&amp;".encode()) is None


def test_any_allowed_character_comes_out_as_it_went_in() -> None:
    anything = random.Random(20261212)
    letters = [
        *map(chr, range(0x20, 0xD800)),
        *map(chr, range(0xE000, 0xFFFE)),
        *map(chr, range(0x10000, 0x10400)),
        "\n\t",
    ]
    anything.shuffle(letters)
    text = "".join(letters)
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert unescaped(escaped.encode()) == text

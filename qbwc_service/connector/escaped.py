"""Escaped text on its way out of an envelope, without a parser.

The qbXML of an answer stands in the envelope as text: of 50 MB every tenth character is part of an `&lt;` or a `&gt;`,
each of which is an event to a parser. What is put back here is plain text alone, for which XML says only which
characters and references it may hold; whatever else there is, the parser reads.
"""

# No UTF-8 holds these two.
_NOTHING = b"\xff"
_FORBIDDEN = b"\xfe"
_CHARACTERS = bytes(byte if byte >= 32 or byte in b"\t\n\r" else _FORBIDDEN[0] for byte in range(256))
"""What XML 1.0 has no room for (2.2) becomes what cannot be decoded."""


def unescaped(text: bytes) -> str | None:
    """-> the characters that this text of an XML document stands for; it ends with no half character, no half
    reference and no "\\r".

    None when it may be no text, or not well-formed, or only a parser can tell: it holds a "<" or ">", a character that
    is not allowed, a number's or an unknown reference, or is not UTF-8.
    """
    if b"<" in text or b">" in text or _NOTHING in text:
        return None
    # What is as long as before can be put there without counting first.
    padded = text.replace(b"&lt;", b"<" + 3 * _NOTHING).replace(b"&gt;", b">" + 3 * _NOTHING)
    found = padded.translate(_CHARACTERS, _NOTHING)
    if b"&" in found:
        others = found.count(b"&amp;") + found.count(b"&quot;") + found.count(b"&apos;")
        if others != found.count(b"&"):
            return None
        found = found.replace(b"&quot;", b'"').replace(b"&apos;", b"'").replace(b"&amp;", b"&")
    if b"\r" in found:
        found = found.replace(b"\r\n", b"\n").replace(b"\r", b"\n")  # as XML reads its lines (2.11)
    try:
        characters = found.decode()
    except UnicodeDecodeError:
        return None
    return None if "\ufffe" in characters or "\uffff" in characters else characters

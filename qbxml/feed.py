"""An answer's text on its way into a tree, a chunk at a time.

The parser builds the tree in C; what has a later sibling is complete and can be taken out. So Python sees one object
for each record that it asks for, and memory holds one chunk's records however long the answer is.
"""

import codecs
import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

CHUNK_CHARACTERS = 256 * 1024
MOST_NAMESPACES = 100
"""Declared in a whole answer. For each node that is taken out lxml looks through all that are known there, and
QuickBooks' answers have none."""

MOST_TAGS = 200_000
"""Tags that are held at once, an attribute counting as two; each takes a hundred bytes and more, however short it is. A
document of a thousand lines, of each of which QuickBooks tells all that it can, has less than half of them."""

Node = etree._Element


class NotQbXML(ValueError):
    """What came is no answer of QuickBooks; `reason` says why. Nothing can be concluded about what was saved."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Feed:
    """The parser, its tree so far and the text that is still to come.

    An element is complete when it, or one that it stands in, has a later sibling, when it has been taken out of the
    tree, or when nothing more comes. Only complete elements are taken out, never one that the parser is in.
    """

    def __init__(self, text: str | bytes) -> None:
        if isinstance(text, bytes):
            text = _decoded(text)
        start = _skip_prolog(text)
        self._chunks = _chunks(text, start)
        self._chunk: bytes | None = None  # the next one
        self._ended = False
        # Of what has been read since something was last taken out: the tags that were counted, the size, and chunks
        # that were not looked through yet.
        self._tags = self._size = 0
        self._unweighed: list[tuple[bytes | None, bytes]] = []
        self._namespaces = 0
        self._open: bytes | None = None  # as _left_open tells of the last chunk
        self._root: Node | None = None
        self._mark: Node | None = None
        if _is_plain(text, start):
            # lxml shows the root before the end only in an event, and asks at each element whether it is one: a
            # fifth of all that parsing costs. An instruction of our own brings it, too. Blanks between elements, of
            # which QuickBooks writes as many as elements, cost nearly as much again.
            self._parser = _parser(events=("pi",), remove_blank_text=True)
            self._parser.feed(_MARK)
            ((_, self._mark),) = self._parser.read_events()
        else:
            self._parser = _parser(events=("start",), tag="QBXML", remove_pis=True)
        while self._root is None and self.more():
            pass
        if self._root is None or self._root.tag != "QBXML" or self._root.getparent() is not None:
            raise NotQbXML("the document's element is not QBXML")

    def message_set(self) -> Node:
        while True:
            node = next(self._root.iterchildren("QBXMLMsgsRs"), None) if self._root is not None else None
            if node is not None:
                return node
            if not self.more():
                raise NotQbXML("there is no QBXMLMsgsRs")

    def more(self) -> bool:
        """Reads a further chunk; false when all has been read."""
        if self._ended:
            return False
        try:
            chunk = self._chunk or next(self._chunks)
            self._chunk = next(self._chunks, None)
            self._look_at(chunk)
            self._parser.feed(chunk)
            if self._chunk is None:
                self._ended = True
                self._parser.close()
            if self._mark is None:
                for _, node in self._parser.read_events():
                    # Read even when the root is known, or the parser would keep each for us.
                    self._root = node if self._root is None else self._root
            elif self._root is None:
                self._root = self._mark.getnext()
        except etree.XMLSyntaxError as error:
            raise NotQbXML(f"not well-formed: {error.msg}") from None
        except UnicodeError:
            raise NotQbXML("not well-formed: half a character") from None
        return True

    def _look_at(self, chunk: bytes) -> None:
        """Raises NotQbXML where there would be too much of what costs more than its characters."""
        self._unweighed.append((self._open, chunk))
        self._size += len(chunk)
        if self._size > MOST_TAGS * 5 // 2:  # `<a>` and ` a=""`: in less there is no room for so many
            for open_, held in self._unweighed:
                self._weigh(open_, held)
            self._unweighed.clear()
        if b"=" in chunk and b"xmlns" in chunk:
            self._namespaces += _within_tags(self._open, chunk, b"xmlns")
            if self._namespaces > MOST_NAMESPACES:
                raise NotQbXML(f"it declares more than {MOST_NAMESPACES} namespaces")
        self._open = _left_open(self._open, chunk)

    def _weigh(self, open_: bytes | None, chunk: bytes) -> None:
        tags, attributes = chunk.count(b"<"), chunk.count(b"=")
        self._tags += tags
        # Looked at only while there are not too many tags: a list of millions of parts is what must not be made.
        if attributes > tags // 2 and self._tags <= MOST_TAGS:
            attributes = _within_tags(open_, chunk, b"=")  # most of it is text, of which there may be any amount
        self._tags += 2 * attributes
        if self._tags > MOST_TAGS:
            raise NotQbXML(f"a record holds more than {MOST_TAGS:,} tags")

    def lighter(self) -> None:
        """To be told when what had been read was taken out of the tree, but for what is in one chunk."""
        self._tags = self._size = 0
        self._unweighed.clear()

    def started_child(self, parent: Node) -> Node | None:
        """The first child, of which perhaps only the start tag has been read."""
        while not len(parent):
            if self._closed(parent) or not self.more():
                return None
        return parent[0]

    def first_child(self, parent: Node) -> Node | None:
        """The first child, complete; None when there is none left."""
        child = self.started_child(parent)
        if child is not None:
            self.finish(child)
        return child

    def complete_children(self, parent: Node) -> list[Node]:
        """Takes the children that are complete out of the tree, of a chunk's at least one; none when all are out."""
        self.first_child(parent)
        taken = parent[:] if self._closed(parent) else parent[:-1]
        del parent[: len(taken)]
        self.lighter()
        return taken

    def finish(self, node: Node) -> None:
        """Reads until the element is complete."""
        while not self._ended and not self._closed(node) and self.more():
            pass

    def drain(self, node: Node) -> None:
        """Reads until the element is complete, keeping no more of what it holds than its last child."""
        while True:
            if len(node) > 1:
                del node[:-1]
                self.lighter()
            if self._closed(node) or not self.more():
                return

    def _closed(self, node: Node) -> bool:
        while (above := node.getparent()) is not None:
            if node.getnext() is not None:
                return True
            node = above
        return self._ended or node is not self._root


_MARK = b"<?qbxml?>"


def _is_plain(text: str, start: int) -> bool:
    """Whether there is no instruction, comment or CDATA section, so that blanks can be told by what follows them."""
    # A single character that is rare is found several times faster than the two.
    return all(text.find(rare, start) < 0 or text.find("<" + rare, start) < 0 for rare in "?!")


def _within_tags(open_: bytes | None, chunk: bytes, mark: bytes) -> int:
    """-> how often it stands there; in texts it may stand any number of times."""
    before, *parts = chunk.split(b"<")
    if open_ is not None:
        parts.append(open_ + before)
    return sum(part.count(mark, 0, _tag_end(part)) for part in parts)


def _left_open(open_: bytes | None, chunk: bytes) -> bytes | None:
    """-> where a chunk ends within a tag: the quote of the value that is open, or b"" outside one. None: it does not.

    `open_` is the same of the chunk before.
    """
    if (last := chunk.rfind(b"<")) >= 0:
        part = chunk[last + 1 :]
    elif open_ is not None:
        part = open_ + chunk
    else:
        return None
    end = _tag_end(part)
    return None if part.startswith(b">", end) else part[end : end + 1]


def _tag_end(part: bytes) -> int:
    """-> where the tag ends that this is the text of, behind its "<": at the ">" that stands in no attribute's value,
    at the quote of a value that does not end, or at the end."""
    return _TAG.match(part).end()  # type: ignore[union-attr]  # it also matches nothing


_TAG = re.compile(rb"""[^>'"]*+(?:(?:'[^']*+'|"[^"]*+")[^>'"]*+)*+""")  # looks at no character twice


def _parser(**options: Any) -> etree.XMLPullParser[Any]:
    # Without huge_tree libxml2 itself refuses more than 256 levels and texts over 10 million characters.
    return etree.XMLPullParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        collect_ids=False,
        remove_comments=True,
        **options,
    )


def _chunks(text: str, start: int) -> Iterator[bytes]:
    """UTF-8 without prolog, so that no declaration and no DTD ever reaches the parser.

    Each ends with a ">": where a tag's first characters are not there yet, libxml2 takes blanks before them for those
    between two elements.
    """
    while start < len(text):
        end = text.rfind(">", start, start + CHUNK_CHARACTERS) + 1 or text.find(">", start + CHUNK_CHARACTERS) + 1
        piece = text[start : end or len(text)]
        if "\r" in piece:
            # As XML reads its lines (2.11). libxml2 does it too, but takes blanks before it for those between elements.
            piece = piece.replace("\r\n", "\n").replace("\r", "\n")
        yield piece.encode()
        start = end or len(text)


# By name, since Python's codecs also hold some that no XML is written in.
_ENCODINGS = ("utf-8", "utf-16", "us-ascii", "ascii", "iso-8859-1", "windows-1252")
_DECLARED = re.compile(rb"""(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)""")


def _decoded(text: bytes) -> str:
    if text.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    else:
        declared = _DECLARED.match(text[:200])
        encoding = declared[1].decode().lower() if declared else "utf-8"
    if encoding not in _ENCODINGS:
        raise NotQbXML(f"the encoding {encoding} is not known")
    try:
        return text.decode(encoding)
    except UnicodeError:
        raise NotQbXML(f"not readable as {encoding}") from None


def _skip_prolog(text: str) -> int:
    """Where the document's element begins. A loop and no pattern, which hostile text could send back and forth."""
    at = 1 if text.startswith("\ufeff") else 0
    while True:
        at = _SPACE.match(text, at).end()  # type: ignore[union-attr]  # it also matches nothing
        if text.startswith("<?", at):
            at = _past(text, "?>", at + 2)
        elif text.startswith("<!--", at):
            at = _past(text, "-->", at + 4)
        elif text.startswith("<!", at):
            raise NotQbXML("a document type is not allowed")
        elif text.startswith("<", at):
            return at
        else:
            raise NotQbXML("it is empty" if at == len(text) else "it is no XML")


_SPACE = re.compile(r"[ \t\r\n]*")


def _past(text: str, end: str, at: int) -> int:
    found = text.find(end, at)
    if found < 0:
        raise NotQbXML("it ends before its first element")
    return found + len(end)

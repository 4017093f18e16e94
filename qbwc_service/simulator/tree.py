"""XML as plain values: what a request holds, what a record keeps, what an answer says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from xml.sax.saxutils import escape, quoteattr

from lxml import etree


@dataclass(frozen=True, slots=True)
class Node:
    """One element: a leaf with text, or an aggregate with children."""

    name: str
    text: str = ""
    children: tuple[Node, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> Node | None:
        return next((child for child in self.children if child.name == name), None)

    def all(self, name: str) -> tuple[Node, ...]:
        return tuple(child for child in self.children if child.name == name)

    def value(self, *path: str) -> str | None:
        """-> the text at `path`, None where an element is absent or empty."""
        node: Node | None = self
        for name in path:
            node = node.get(name) if node is not None else None
        return (node.text or None) if node is not None else None

    def attribute(self, name: str) -> str | None:
        return dict(self.attributes).get(name)

    def walk(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            yield from child.walk()


def leaf(name: str, text: str) -> Node:
    return Node(name, text)


def aggregate(name: str, *children: Node | None) -> Node:
    """-> an aggregate of those children that are not None."""
    return Node(name, children=tuple(child for child in children if child is not None))


def with_texts(node: Node, change: Callable[[str], str]) -> Node:
    """-> the same tree, each text changed by `change`."""
    return replace(node, text=change(node.text), children=tuple(with_texts(child, change) for child in node.children))


def from_element(element: etree._Element) -> Node:
    """-> the element as a Node; comments are left out, text between elements raises ValueError."""
    children = tuple(from_element(child) for child in element if isinstance(child.tag, str))
    text = element.text or ""
    # A comment splits a leaf's text: what follows it is its tail.
    tails = "".join(child.tail or "" for child in element)
    if children:
        if text.strip() or tails.strip():
            raise ValueError(f"text between the elements of {element.tag!s}")
        text = ""
    else:
        text += tails
    attributes = tuple((str(name), str(value)) for name, value in element.attrib.items())
    return Node(str(element.tag), text, children, attributes)


def to_xml(node: Node) -> str:
    """-> the element as text, on one line; what is not ASCII stands as it is."""
    parts: list[str] = []
    _write(node, parts)
    return "".join(parts)


def _write(node: Node, parts: list[str]) -> None:
    attributes = "".join(f" {name}={quoteattr(value)}" for name, value in node.attributes)
    if not node.children and not node.text:
        parts.append(f"<{node.name}{attributes} />")
        return
    parts.append(f"<{node.name}{attributes}>{escape(node.text)}")
    for child in node.children:
        _write(child, parts)
    parts.append(f"</{node.name}>")

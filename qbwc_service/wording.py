"""Sentences that are made in one language and told in any: an English text that remembers how it was put together.

What commands print and programs get is the English text itself; a page asks for the same sentence in its language.
"""

import re
from collections.abc import Callable, Mapping


class Said(str):
    """An English text, with the template and the facts that it was made of."""

    template: str
    facts: Mapping[str, object]

    def __new__(cls, template: str, facts: Mapping[str, object]) -> "Said":
        said = super().__new__(cls, template % facts if facts else template)
        said.template, said.facts = template, facts
        return said


def say(template: str, **facts: object) -> Said:
    """-> the text with its facts in their places, `%(name)s`; a fact may be such a text itself.

    The template stands there as a literal: the tests gather them all and hold them against the catalogs.
    """
    return Said(template, facts)


def joined(separator: str, parts: list[Said]) -> Said:
    """-> several texts in a row."""
    facts = {f"part{number}": part for number, part in enumerate(parts)}
    return Said(separator.join(f"%({name})s" for name in facts), facts)


def translated(text: str, translate: Callable[[str], str]) -> str:
    """-> the same sentence in the language that `translate` speaks (i18n.texts); its facts stay as they are."""
    if not isinstance(text, Said):
        return translate(text)
    facts = {name: translated(fact, translate) if isinstance(fact, Said) else fact for name, fact in text.facts.items()}
    said = translate(text.template)
    return said % facts if facts else said


def recognised(text: str, template: str) -> Said | None:
    """-> the text as one made of this template, when it may have been: of stored texts, whose template is not known."""
    match = _pattern(template).fullmatch(text)
    return None if match is None else Said(template, match.groupdict())


def _pattern(template: str) -> re.Pattern[str]:
    pieces = re.split(r"%\((\w+)\)s", template)
    known: set[str] = set()
    pattern = ""
    for index, piece in enumerate(pieces):
        if index % 2 == 0:
            pattern += re.escape(piece)
        else:
            pattern += f"(?P={piece})" if piece in known else f"(?P<{piece}>.*?)"
            known.add(piece)
    return re.compile(pattern, re.DOTALL)

"""The languages in which the service speaks to people: English, which the source holds, and what `locale` translates.

A catalog is `locale/<language>/LC_MESSAGES/qbwc.po`, read as it stands: there is no compiled file that could be older
than it. An entry's `#:` lines name the files whose text it is; the tests hold each file and its entries together.
"""

import functools
import pathlib
from collections.abc import Callable, Mapping

from babel.messages.pofile import read_po

SOURCE = "en"
_LOCALE = pathlib.Path(__file__).resolve().parent / "locale"


def texts(language: str) -> Callable[[str], str]:
    """-> what turns an English text into `language`: a tag such as "es", "es-MX" or "es_419", in any case.

    The part before the first hyphen decides. English for a language that is not known, and for a text that its
    catalog does not hold.
    """
    known = language.strip().replace("_", "-").partition("-")[0].lower()
    catalog = _catalog(known) if known in languages() else {}
    return lambda text: catalog.get(text, text)


@functools.cache
def languages() -> tuple[str, ...]:
    """-> English first, then what there is a catalog for, by its tag."""
    return (SOURCE, *sorted(path.parts[-3] for path in _LOCALE.glob("*/LC_MESSAGES/qbwc.po")))


@functools.cache
def _catalog(language: str) -> Mapping[str, str]:
    """-> the texts that are translated; those marked fuzzy are not."""
    if language == SOURCE:
        return {}
    with (_LOCALE / language / "LC_MESSAGES" / "qbwc.po").open("rb") as file:
        entries = read_po(file, locale=language)
    return {
        entry.id: entry.string
        for entry in entries
        if isinstance(entry.id, str) and isinstance(entry.string, str) and entry.id and entry.string and not entry.fuzzy
    }

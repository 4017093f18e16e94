"""The languages in which the service speaks to people: English, which the source holds, and what `locale` translates.

A catalog is every `locale/<language>/LC_MESSAGES/*.po`, a file an area, read as they stand: there is no compiled file
that could be older than them. An entry's `#:` lines name the files whose text it is; the tests hold each file and its
entries together.
"""

import functools
import pathlib
from collections.abc import Callable, Mapping
from typing import TypeAlias

from babel.messages.pofile import read_po

SOURCE = "en"
_LOCALE = pathlib.Path(__file__).resolve().parent / "locale"

_Key: TypeAlias = str | tuple[str, str]  # a text, or its forms for one and for many


def N_(text: str) -> str:
    """Marks a text that is translated where it is shown, not where it stands."""
    return text


def texts(language: str) -> Callable[[str], str]:
    """-> what turns an English text into `language`: a tag such as "es", "es-MX" or "es_419", in any case.

    The part before the first hyphen decides. English for a language that is not known, and for a text that its
    catalog does not hold.
    """
    catalog = _catalog(known(language))
    return lambda text: catalog.get(text, (text,))[0]


def plurals(language: str) -> Callable[[str, str, int], str]:
    """-> what turns the English texts for one and for many into the one for a number."""
    catalog = _catalog(known(language))

    def choose(one: str, many: str, number: int) -> str:
        forms = catalog.get((one, many), (one, many))
        return forms[0 if number == 1 else -1]  # so it is in English and in Spanish

    return choose


def known(language: str) -> str:
    """-> the language among ours that a tag names; English for any other."""
    tag = language.strip().replace("_", "-").partition("-")[0].lower()
    return tag if tag in languages() else SOURCE


@functools.cache
def languages() -> tuple[str, ...]:
    """-> English first, then what there is a catalog for, by its tag."""
    return (SOURCE, *sorted({path.parts[-3] for path in _LOCALE.glob("*/LC_MESSAGES/*.po")}))


@functools.cache
def _catalog(language: str) -> Mapping[_Key, tuple[str, ...]]:
    """-> the texts that are translated; those marked fuzzy are not."""
    if language == SOURCE:
        return {}
    found: dict[_Key, tuple[str, ...]] = {}
    for path in sorted((_LOCALE / language / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            for entry in read_po(file, locale=language):
                forms = (entry.string,) if isinstance(entry.string, str) else tuple(entry.string or ())
                if entry.id and all(forms) and forms and not entry.fuzzy:
                    found[entry.id if isinstance(entry.id, str) else (entry.id[0], entry.id[1])] = forms
    return found

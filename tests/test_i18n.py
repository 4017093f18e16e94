"""What people read, in their language: whole, in step with the source, and with nothing left over."""

import ast
import functools
import pathlib
import re

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po

from qbwc_service import i18n
from qbxml import status as book
from qbxml.status import hresult, status
from tests.service import Here, Qbwc

ROOT = pathlib.Path(__file__).parent.parent
PLACEHOLDER = re.compile(r"\{[^{}]*\}|%\([^)]*\)[a-z]|%[sd]")
TRANSLATED = [language for language in i18n.languages() if language != "en"]


def catalogs(language: str) -> dict[str, Catalog]:
    """-> a catalog an area, by the name of its file."""
    found = {}
    for path in sorted((ROOT / "qbwc_service" / "locale" / language / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            found[path.name] = read_po(file, locale=language, abort_invalid=True)
    return found


def messages(language: str) -> list[Message]:
    return [entry for catalog in catalogs(language).values() for entry in catalog if entry.id]


def entries(language: str, of: str | None = None) -> dict[str, str]:
    """-> text and translation, of one source file or of all; a plural's forms are entries of their own."""
    found = {}
    for entry in messages(language):
        if of is None or of in [file for file, _ in entry.locations]:
            texts, told = (entry.id, entry.string) if entry.pluralizable else ((entry.id,), (entry.string,))
            found.update(zip(map(str, texts), map(str, told), strict=True))
    return found


MARKS = {"N_": None, "say": None}
PAGES = {**MARKS, "_": None, "text": None, "n_": (1, 2), "plural": (1, 2)}
SPEAK = ("qbwc_service/web/", "qbwc_service/notify.py")  # elsewhere `text` is another thing's name
# English for programs and operators, or a name of ours in another sense.
NOT_FOR_PAGES = (
    "qbwc_service/simulator/",
    "qbwc_service/db/",
    "qbwc_service/api/",
    "qbwc_service/cli/",
    "qbwc_service/connector/",
)


@functools.cache
def texts_in(path: pathlib.Path) -> set[str]:
    """-> what a template or module has translated, as written in it."""
    method = "jinja2.ext:babel_extract" if path.suffix == ".html" else "python"
    options = {"trim_blocks": "true", "lstrip_blocks": "true"} if path.suffix == ".html" else {}
    keywords = PAGES if str(path.relative_to(ROOT)).startswith(SPEAK) else MARKS
    found: set[str] = set()
    with path.open("rb") as file:
        for _, texts, _, _ in extract(method, file, keywords=keywords, options=options):
            found.update([texts] if isinstance(texts, str) else [text for text in texts if text])
    return found


def sources() -> list[pathlib.Path]:
    found = [*(ROOT / "qbwc_service").rglob("*.py"), *(ROOT / "qbwc_service" / "web" / "templates").rglob("*.html")]
    return [path for path in sorted(found) if not str(path.relative_to(ROOT)).startswith(NOT_FOR_PAGES)]


def texts_of_the_error_book() -> set[str]:
    """-> all that the book says: asked for each code in each case that it tells apart."""
    found = [
        status(code, message, severity, kept=kept)
        for code in (*range(-1, 600), *range(999, 1100), *range(1999, 3500), *range(8999, 9300))
        for message in ("", "locked by another user")
        for severity in ("", "Error")
        for kept in (None, True, False)
    ]
    found += [status(code) for code in range(600, 1000)]
    codes = {*book.HRESULT, 0, *(code for first, last, _ in book.HRESULT_RANGES for code in (first, last))}
    found += [hresult(f"0x{code:08X}", after_write) for code in codes for after_write in (True, False)]
    said = {text for one in found for text in (one.meaning, one.who, one.where) if text}
    return said | set(book.IN_WORDS.values())


def test_english_and_spanish_are_spoken() -> None:
    assert i18n.languages() == ("en", "es")


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_of_the_error_book_is_translated_and_nothing_is_left_over(language: str) -> None:
    said, translated = texts_of_the_error_book(), entries(language, of="qbxml/status.py")
    assert len(said) > 100
    assert sorted(said - set(translated)) == []
    assert sorted(set(translated) - said) == []
    assert [text for text, translation in translated.items() if not translation] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_of_the_pages_is_translated(language: str) -> None:
    translated = set(entries(language))
    missing = {
        f"{path.relative_to(ROOT)}: {text}" for path in sources() for text in texts_in(path) if text not in translated
    }
    assert sorted(missing) == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_entry_names_files_that_hold_its_text(language: str) -> None:
    held: dict[str, set[str]] = {}
    wrong = []
    for entry in messages(language):
        assert entry.locations, entry.id
        text = str(entry.id[0] if entry.pluralizable else entry.id)
        for file, _ in entry.locations:
            if file == "qbxml/status.py":
                continue  # its texts are put together there, and compared above
            if not (ROOT / file).is_file():
                wrong.append(f"{file} is not there: {text}")
            elif text not in held.setdefault(file, texts_in(ROOT / file)) and text not in _plain(file):
                wrong.append(f"{file}: {text}")
    assert wrong == []


@functools.cache
def _plain(file: str) -> str:
    """A file's strings as Python reads them, for texts that stand in tables without a mark."""
    if not file.endswith(".py"):
        return ""
    tree = ast.parse((ROOT / file).read_text())
    return "\n".join(
        node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_text_is_translated_in_two_ways(language: str) -> None:
    told: dict[str, set[str]] = {}
    for entry in messages(language):
        text = str(entry.id[0] if entry.pluralizable else entry.id)
        told.setdefault(text, set()).add(str(entry.string))
    assert {text: forms for text, forms in told.items() if len(forms) > 1} == {}


def test_every_text_of_the_command_is_translated() -> None:
    source = (ROOT / "qbwc_service" / "cli" / "lists.py").read_text()
    texts = set(re.findall(r'\btext\("([^"]+)"\)', source))
    assert texts
    assert texts == set(entries("es", of="qbwc_service/cli/lists.py"))


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalog_holds_no_doubtful_and_no_dropped_entry(language: str) -> None:
    for found in catalogs(language).values():
        assert [entry.id for entry in found if entry.fuzzy and entry.id] == []
        assert list(found.obsolete) == []
        assert [error for entry in found for error in entry.check(found)] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_placeholders_agree(language: str) -> None:
    for text, translation in entries(language).items():
        assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(translation)), text


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_is_as_whole_a_sentence_as_its_text(language: str) -> None:
    for text, translation in entries(language).items():
        assert translation, text
        assert text[-1:] not in ".?:" or translation[-1:] == text[-1:], translation
        assert not text[0].isalpha() or text[0].isupper() == translation.lstrip("¿¡")[0].isupper(), translation
        assert translation == " ".join(translation.split()), translation


@pytest.mark.parametrize("language", TRANSLATED)
def test_quickbooks_menus_stand_as_on_its_screen(language: str) -> None:
    told = entries(language, of="qbxml/status.py")
    menus = {text: translation for text, translation in told.items() if text.startswith("QuickBooks: ")}
    assert menus
    for text, translation in menus.items():
        assert translation.startswith(text)


@pytest.mark.parametrize("language", ["es", "ES", "es-MX", "es_419", " es "])
def test_a_language_is_known_however_its_tag_is_written(language: str) -> None:
    assert i18n.texts(language)("the order clerk") == "el encargado de pedidos"


@pytest.mark.parametrize("language", ["en", "en-US", "fr", "", "e", "../es", "est"])
def test_an_unknown_language_is_english(language: str) -> None:
    assert i18n.texts(language)("the order clerk") == "the order clerk"


def test_a_text_without_translation_stands_as_it_is() -> None:
    text = i18n.texts("es")
    assert text("A sentence nobody wrote.") == "A sentence nobody wrote."
    assert text("") == ""


@pytest.fixture
def qbwc(tmp_path: pathlib.Path) -> Here:
    return Qbwc(tmp_path).here


def test_explain_speaks_english_unless_asked(qbwc: Here) -> None:
    told = qbwc.ok("explain", "3161")
    assert "The document's date lies in a period that is closed in QuickBooks." in told
    assert "the QuickBooks administrator" in told
    assert qbwc.ok("explain", "3161", "--language", "fr") == told


def test_explain_speaks_spanish(qbwc: Here) -> None:
    told = qbwc.ok("explain", "3161", "--language", "es")
    assert re.search(r"^Significado +La fecha del documento cae en un período", told, re.M)
    assert re.search(r"^Guardado +no$", told, re.M)
    assert re.search(r"^Quién lo corrige +el administrador de QuickBooks$", told, re.M)


def test_explain_as_json_keeps_its_keys_and_states_in_every_language(qbwc: Here) -> None:
    english = qbwc.data("explain", "0x8004040A")
    spanish = qbwc.data("explain", "0x8004040A", "--language", "es")
    assert list(spanish) == list(english) == ["code", "meaning", "saved", "then", "who", "where"]
    for key in ("code", "saved", "then"):
        assert spanish[key] == english[key]
    for key in ("meaning", "who", "where"):
        assert spanish[key] == i18n.texts("es")(english[key]) != english[key]

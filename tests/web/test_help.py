"""The manual: the same pages in both languages, true to the pages that it describes, and open to anybody."""

import pathlib
import re
from collections.abc import Iterator

import pytest
import requests

from qbwc_service import i18n
from qbwc_service.api import problems
from qbwc_service.web.rendering import TEMPLATES
from qbwc_service.web.views.help import PAGES
from tests.web.site import Site, served

HELP = TEMPLATES / "help"
PICTURES = {
    *("integrations", "setup", "details", "accounts", "customers", "orders"),
    *("send", "order", "activity", "job", "crm", "people"),
}
LABEL = re.compile(r'\b_\("((?:[^"\\]|\\.)*)"\)')


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("help"), lists=False) as running:
        yield running


def source(language: str, name: str) -> str:
    return (HELP / language / f"{name}.html").read_text()


@pytest.mark.parametrize("language", i18n.languages())
def test_each_language_has_every_page_and_no_other(language: str) -> None:
    assert {path.stem for path in (HELP / language).iterdir()} == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    "pattern", [r"<h2", r"<h3", r"<li>", r"<dt", r"<code>", r'\bid="[^"]+"', r'picture\("\w+"', r'href="[^"]+"']
)
def test_a_page_has_the_same_parts_in_both_languages(name: str, pattern: str) -> None:
    english, spanish = (re.findall(pattern, source(language, name)) for language in ("en", "es"))
    assert english == spanish


def test_all_pictures_are_named_and_each_says_what_is_to_be_seen() -> None:
    for language in i18n.languages():
        found = [
            picture
            for name in PAGES
            for picture in re.findall(r'picture\("(\w+)", "([^"]{30,})"\)', source(language, name))
        ]
        assert {name for name, _ in found} == PICTURES
        assert len(found) == len(PICTURES)


def test_what_the_manual_names_stands_on_the_pages() -> None:
    """Every label that the manual takes from the catalogs is one of a page's."""
    pages = "\n".join(
        path.read_text()
        for path in sorted([*TEMPLATES.rglob("*.html"), *TEMPLATES.parent.rglob("*.py")])
        if HELP not in path.parents
    )
    shown = re.sub(r'"\s*\n\s*"', "", pages)
    for path in sorted(HELP.rglob("*.html")):
        for label in LABEL.findall(path.read_text()):
            assert f'"{label}"' in shown or path.parent == HELP, f"{path.name}: {label}"


def test_every_problem_of_the_api_is_explained() -> None:
    kinds = {value.word: value.status for value in vars(problems).values() if isinstance(value, problems.Kind)}
    assert len(kinds) > 10
    for language in i18n.languages():
        text = source(language, "api")
        for word, status in kinds.items():
            assert f'<dt id="{word}">{word} ({status.value})</dt>' in text


@pytest.mark.parametrize("name", ["", *(f"/{name}" for name in PAGES)])
def test_anybody_may_read_it_in_either_language(site: Site, name: str) -> None:
    for language in i18n.languages():
        answer = requests.get(f"{site.url}/help{name}", headers={"Accept-Language": language}, timeout=30)
        assert answer.status_code == 200
        assert f'<html lang="{language}"' in answer.text
        assert answer.text.count("<h1>") == 1


def test_links_within_the_manual_lead_somewhere(site: Site) -> None:
    links = {link for name in PAGES for link in re.findall(r'href="(/help[^"]*)"', source("en", name))}
    for link in links:
        assert requests.get(site.url + link, timeout=30).status_code == 200
    assert links


def test_a_page_that_is_not_there_is_not_there(site: Site) -> None:
    for path in ("/help/nothing", "/help/page", "/help/codes", "/help/en/start", "/help/../base"):
        assert requests.get(site.url + path, timeout=30).status_code == 404


def test_the_codes_of_quickbooks_come_from_the_error_book(site: Site) -> None:
    told = requests.get(f"{site.url}/help/problems", headers={"Accept-Language": "es"}, timeout=30).text
    assert 'id="code-3140"' in told
    assert i18n.texts("es")("the QuickBooks administrator") in told


def test_a_picture_stands_there_once_it_was_taken(site: Site) -> None:
    taken = sorted((TEMPLATES.parent / "static" / "help" / "en").glob("*.png"))
    told = requests.get(f"{site.url}/help/start", timeout=30).text
    names = {pathlib.PurePath(path).stem for path in re.findall(r'src="(/static/help/en/[\w-]+)\.png', told)}
    assert names == {path.stem for path in taken} & {"integrations", "setup"}

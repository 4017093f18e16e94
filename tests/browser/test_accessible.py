"""Every page, in both languages: axe-core finds nothing, it fits a phone, and pictures can be taken for the help."""

import pathlib

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import pictures
from tests.browser.chromium import NARROW, WIDE, barriers, beyond_the_edge, window
from tests.browser.office import enter
from tests.browser.pages import forgotten, pages_of
from tests.browser.world import World

# Of the picture only the top, where the rest of a page tells nothing more.
PICTURES = {
    "integrations": 1300,
    "setup": 1500,
    "details": 1150,
    "accounts": 1250,
    "customers": 900,
    "orders": 800,
    "send": 1400,
    "order": 1300,
    "activity": 800,
    "job": 1000,
    "crm": 900,
    "people": 700,
}


def test_no_page_is_forgotten(world: World) -> None:
    assert forgotten(list(pages_of(world).values())) == []


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_page_keeps_anybody_out_and_each_fits_a_phone(
    chromium: Browser, world: World, tmp_path: pathlib.Path, language: str
) -> None:
    folder = pictures.HELP / language if pictures.wanted() else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    taken = PICTURES if pictures.wanted() else ("send", "order")  # that they can be taken
    with window(chromium, language, refusals=[404]) as page:
        enter(page, world.site)
        for name, path in pages_of(world).items():
            page.goto(world.site.url + path)
            assert page.locator("html").get_attribute("lang") == language
            expect(page.locator("h1")).to_have_count(1)
            page.evaluate("for (const closed of document.querySelectorAll('details')) closed.open = true")
            assert barriers(page) == [], path
            page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
            assert beyond_the_edge(page) == [], path
            page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
            if name in taken:
                page.goto(world.site.url + path)
                picture = pictures.taken(page, chromium, PICTURES[name])
                assert len(picture) < pictures.MOST_BYTES, name
                (folder / f"{name}.png").write_bytes(picture)
    with window(chromium, language, refusals=[401]) as page:
        page.goto(f"{world.site.url}{world.site.base}/orders")
        assert barriers(page) == []

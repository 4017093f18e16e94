"""A phone's width, and a keyboard without a mouse: every page fits, and the send window is filled in and sent."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import NARROW, window
from tests.browser.office import enter, expect_state, words
from tests.browser.pages import pages_of
from tests.browser.world import World

# What stands beyond the right edge of the page, other than in a region that scrolls by itself; and where a word is cut.
_BEYOND = """
() => {
  const scrolls = (element) => element.closest(".scroll, pre, select, .visually-hidden, .skip");
  const wide = document.documentElement.clientWidth;
  const beyond = [...document.querySelectorAll("body *")].filter((element) => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && (box.right > wide + 1 || box.left < -1) && !scrolls(element);
  });
  const cut = [...document.querySelectorAll("body *")].filter((element) => {
    const style = getComputedStyle(element);
    return element.scrollWidth > element.clientWidth + 1 && ["hidden", "clip"].includes(style.overflowX)
      && element.clientWidth > 1 && !scrolls(element);
  });
  return [...beyond, ...cut].map((element) => element.outerHTML.slice(0, 150));
}
"""
_FOCUSED = """
() => {
  const element = document.activeElement;
  if (element === document.body) return null;
  const [box, style] = [element.getBoundingClientRect(), getComputedStyle(element)];
  const shown = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== "none";
  const at = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  const covered = at !== null && !element.contains(at) && !at.contains(element) && !at.closest("label");
  return {
    name: element.id || element.textContent.trim() || element.name || element.tagName,
    seen: shown && box.bottom > 0 && box.top < innerHeight && !covered,
  };
}
"""


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_page_fits_a_phone(chromium: Browser, world: World, language: str) -> None:
    with window(chromium, language, size=NARROW, refusals=[404]) as page:
        enter(page, world.site)
        for path in pages_of(world).values():
            page.goto(world.site.url + path)
            page.evaluate("for (const closed of document.querySelectorAll('details')) closed.open = true")
            assert page.evaluate(_BEYOND) == [], path
            assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path


def next_stop(page: Page) -> dict[str, Any] | None:
    """-> where the focus goes with Tab, and whether one sees it; None when it leaves the page."""
    page.keyboard.press("Tab")
    found: dict[str, Any] | None = page.evaluate(_FOCUSED)
    return found


def tab_to(page: Page, name: str, most: int = 40) -> None:
    """Presses Tab until the focus is there; wherever it stops on the way one sees that it does."""
    for _ in range(most):
        focused = next_stop(page)
        assert focused is not None, f"Tab does not reach {name}"
        assert focused["seen"], f"the focus is not to be seen on {focused['name']}"
        if focused["name"] == name:
            return
    raise AssertionError(f"Tab does not reach {name}")


@pytest.mark.parametrize("size", [(1280, 900), NARROW], ids=["wide", "narrow"])
def test_the_send_window_needs_no_mouse(chromium: Browser, world: World, size: tuple[int, int]) -> None:
    say, order = words("en"), "1007" if size == NARROW else "1008"
    with window(chromium, size=size) as page:
        enter(page, world.site)
        page.goto(f"{world.site.url}{world.site.base}/orders")
        assert next_stop(page) == {"name": say("Skip to the content"), "seen": True}
        page.keyboard.press("Enter")
        tab_to(page, f"QB {say('Send order %(number)s to QuickBooks', number=order)}")
        page.keyboard.press("Space")
        expect(page.get_by_role("heading", level=1)).to_have_text(say("Send to QuickBooks"))
        tab_to(page, "field-bill-0")
        before = page.locator("#preview .sum").inner_text()
        page.keyboard.press("Space")
        expect(page.locator("#preview .sum")).not_to_have_text(before)
        expect(page.locator("#field-bill-0")).to_be_focused()  # the preview came, and took nothing away
        tab_to(page, say("Send"))
        page.keyboard.press("Enter")
        expect_state(page, say("Waiting"))


@pytest.mark.parametrize("path", ["/details", "/accounts", "/customers", "/activity"])
def test_one_sees_where_the_keyboard_is(chromium: Browser, world: World, path: str) -> None:
    with window(chromium, size=NARROW) as page:
        enter(page, world.site)
        page.goto(world.site.url + world.site.base + path)
        stops = 0
        while (focused := next_stop(page)) is not None:
            assert focused["seen"], focused["name"]
            stops += 1
        assert stops > 15

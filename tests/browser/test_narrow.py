"""A keyboard without a mouse, at a phone's width too: the send window is filled in and sent."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import NARROW, window
from tests.browser.office import enter, expect_state, words
from tests.browser.world import World

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

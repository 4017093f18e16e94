"""A real Chromium, in which everything that it complains of fails the test: a console with surprises is a fault.

The browser is the machine's own (Debian's package `chromium`): nothing need be downloaded. Playwright drives it.
"""

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = ["--no-sandbox", "--disable-background-networking", "--disable-dev-shm-usage"]
WIDE, NARROW = (1280, 900), (360, 740)
LOCALES = {"en": "en-US", "es": "es-CO"}
ZONE = "America/Bogota"
PATIENCE_MILLISECONDS = 15_000  # for a part that asks every five seconds, on a machine that is busy
_STATUS = re.compile(  # in Chromium's words, and in htmx's
    r"(?:Failed to load resource: the server responded with a status of|Response Status Error Code) (\d+) "
)


def executable() -> str:
    """-> where Chromium is; without one the test is skipped, and under CI it fails."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None and os.environ.get("CI") == "true":
        pytest.fail("Chromium is missing, and CI must have it")
    if found is None:
        pytest.skip("no Chromium on this machine")
    return found


@contextmanager
def launched() -> Iterator[Browser]:
    path = executable()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=OPTIONS)
        yield browser
        browser.close()


@contextmanager
def window(
    browser: Browser,
    language: str = "en",
    *,
    size: tuple[int, int] = WIDE,
    javascript: bool = True,
    refusals: Sequence[int] = (),
) -> Iterator[Page]:
    """A new browser window, without cookies. What the console says, an error of a script, or a dialog fails the test;
    but for the lines about an answer with one of the HTTP statuses that are meant to come."""
    context = browser.new_context(
        locale=LOCALES[language],
        timezone_id=ZONE,
        viewport={"width": size[0], "height": size[1]},
        java_script_enabled=javascript,
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    complaints = _complaints(context, refusals)
    try:
        yield context.new_page()
    finally:
        context.close()
    assert not complaints, "\n".join(complaints)


def _complaints(context: BrowserContext, refusals: Sequence[int]) -> list[str]:
    """-> a list that fills itself."""
    found: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        status = _STATUS.match(message.text)
        if message.type in ("error", "warning") and not (status and int(status[1]) in refusals):
            found.append(f"{message.type} at {message.page.url if message.page else '?'}: {message.text}")

    def asked(dialog: Dialog) -> None:
        found.append(f"{dialog.type}: {dialog.message}")
        dialog.dismiss()

    context.on("console", heard)
    context.on("weberror", lambda error: found.append(str(error.error)))
    context.on("dialog", asked)
    return found


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


def beyond_the_edge(page: Page) -> list[str]:
    """-> what of a page does not fit its window, at the width that it has; and where a word is cut."""
    found: list[str] = page.evaluate(_BEYOND)
    if not page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"):
        found.append("the page itself")
    return found


def barriers(page: Page) -> list[str]:
    """-> what axe-core finds on a page that would keep somebody out, each with the place where it stands."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']} ({one['impact']}): {one['help']}: {node['html'][:200]}" for one in found for node in one["nodes"]
    ]

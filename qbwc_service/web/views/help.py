"""Help: the manual of these pages, whole pages in each language; anybody may read it."""

from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ...i18n import N_
from .. import explanation
from ..page import Access, Page, Route
from ..rendering import STATIC

# In the sequence in which one reads them.
PAGES = {
    "start": N_("Getting started"),
    "sending": N_("Sending an order"),
    "states": N_("What the states mean"),
    "problems": N_("When something needs a person"),
    "settings": N_("Details, accounts and customers"),
    "people": N_("People and rights"),
    "windows": N_("The computer with QuickBooks"),
    "api": N_("For the programmer of your order system"),
}
# What QuickBooks refuses most often.
CODES = (
    "3100",
    "3140",
    "3175",
    "3180",
    "3210",
    "3161",
    "3220",
    "3250",
    "3270",
    "0x80040408",
    "0x8004040A",
    "0x8004040D",
    "0x80040410",
    "0x80040414",
    "0x80040420",
)


def index(page: Page) -> Response:
    return page.show("help/index.html", pages=PAGES)


def one(page: Page, name: str) -> Response:
    if name not in PAGES:
        raise NotFound
    names = list(PAGES)
    at = names.index(name)
    return page.show(
        f"help/{page.language}/{name}.html",
        pages=PAGES,
        name=name,
        before=names[at - 1] if at else None,
        after=names[at + 1] if at + 1 < len(names) else None,
        codes=[(code, explanation.of_code(page, code)) for code in CODES] if name == "problems" else [],
        pictures={path.stem for path in (STATIC / "help" / page.language).glob("*.png")},
    )


ROUTES = (
    Route("GET", "/help", index, Access.ANYBODY),
    Route("GET", "/help/<name>", one, Access.ANYBODY),
)

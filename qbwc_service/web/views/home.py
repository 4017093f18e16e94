"""The way in, and the language."""

from werkzeug.wrappers import Response

from ... import i18n
from ...db import people as people_table
from .. import cookies, resuming
from ..page import Access, Page, Route


def home(page: Page) -> Response:
    """The first page: where a signed-in person works, or the door."""
    if page.signed is not None:
        return page.go("/companies")
    return page.go("/sign-in")


def language(page: Page) -> Response:
    """Another language, for this browser and for whoever is signed in; back to where one was."""
    chosen = i18n.known(page.form.get("language", ""))
    response = page.go(resuming.own_path(page.form.get("back", ""), otherwise="/"))
    cookies.choose_language(page.settings, response, chosen)
    if page.signed is not None:
        with page.writing() as db:
            people_table.change(db, page.signed.user.id, language=chosen)
    return response


ROUTES = (
    Route("GET", "/", home, Access.ANYBODY),
    Route("POST", "/language", language, Access.ANYBODY),
)

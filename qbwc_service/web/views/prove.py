"""The password once more, before secrets are shown (security.md "Show once or always?").

A view that shows or makes a secret begins with

    if (proof := require_fresh(page)) is not None:
        return proof
"""

from urllib.parse import urlencode

from werkzeug.wrappers import Response

from ... import sign_in
from ...db import web_sessions
from .. import door, resuming
from ..page import Page, Route
from ..resuming import Fields


def require_fresh(page: Page) -> Response | None:
    """-> None when the password was typed less than `sign_in.FRESH` ago; else the answer that asks for it.

    Afterwards the way leads back to the page; a form that had been posted stands ready to be sent once more. Call it
    before anything is read from the form or changed.
    """
    if page.person.is_fresh(page.now):
        return None
    then = resuming.came_for(page.request)
    if page.request.method == "POST" and not page.is_htmx:
        return _ask(page, then, resuming.keepable(page.request), 401)
    return page.go("/prove?" + urlencode({"then": then}))


def form(page: Page) -> Response:
    then = resuming.own_path(page.query.get("then", ""))
    return page.go(then) if page.person.is_fresh(page.now) else _ask(page, then, ())


def prove(page: Page) -> Response:
    then, fields = resuming.own_path(page.form.get("then", "")), resuming.unpacked(page.request)
    code = 422
    try:
        door.check_again(page, page.form.get("password", ""))
    except sign_in.WrongCredentials:
        page.fault("password", page.text("This is not your password."))
    except door.TooManyTries as error:
        page.fault("password", error.say(page))
        code = 429
    if page.faults:
        return _ask(page, then, fields, code)
    with page.writing() as db:
        web_sessions.note_proved(db, page.person.session_id, page.now)
    return resuming.go_on(page, then, fields)


def _ask(page: Page, then: str, fields: Fields, code: int = 200) -> Response:
    return page.show("prove.html", code, then=then, kept=resuming.packed(fields))


ROUTES = (
    Route("GET", "/prove", form),
    Route("POST", "/prove", prove),
)

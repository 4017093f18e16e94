"""The way in and out: sign in, sign out, the first admin's page, and invitation and reset links."""

from collections.abc import Sequence

from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response

from ... import i18n, sign_in, users
from ...db import web_sessions
from .. import cookies, door, resuming
from ..page import Access, Page, Route


def ask(page: Page, then: str, kept: Sequence[tuple[str, str]] = ()) -> Response:
    """-> the sign-in form, 401; afterwards the way goes on to `then`, with what was typed there."""
    if then == "/sign-out":  # they are
        return page.go("/sign-in", page.text("You are signed out."))
    if page.request.method == "POST" and not kept:
        kept = resuming.keepable(page.request)
    return page.show("sign_in.html", 401, then=then, kept=resuming.packed(kept), email="")


def form(page: Page) -> Response:
    then = resuming.own_path(page.query.get("then", ""))
    return page.go(then) if page.signed is not None else page.show("sign_in.html", then=then, kept=(), email="")


def enter(page: Page) -> Response:
    email, then = page.form.get("email", ""), resuming.own_path(page.form.get("then", ""))
    kept = resuming.unpacked(page.request)
    if page.signed is not None and not page.form.get("password"):  # signed in meanwhile, in another tab
        return resuming.go_on(page, then, kept)
    code = 422
    try:
        user = door.check(page, email, page.form.get("password", ""))
    except sign_in.WrongCredentials:
        page.fault("email", page.text("This e-mail address and password do not belong together."))
    except door.TooManyTries as error:
        page.fault("email", error.say(page))
        code = 429
    if page.faults:
        return page.show("sign_in.html", code, then=then, kept=resuming.packed(kept), email=email)
    with page.writing() as db:
        token = door.enter(page, db, user)
    return door.hand_over(page, resuming.go_on(page, then, kept), token)


def leave(page: Page) -> Response:
    with page.writing() as db:
        web_sessions.end(db, page.person.session_id)
        page.note(db, "signed.out", page.request.remote_addr or "–")
    response = page.go("/sign-in", page.text("You are signed out."))
    cookies.end_session(page.settings, response)
    return response


def welcome(page: Page, token: str) -> Response:
    """The first admin's page, or the one on which somebody chooses a password."""
    with page.reading() as db:
        try:
            purpose, user = sign_in.peek_link(db, page.keys, token, page.now)
        except sign_in.LinkOver:
            return page.show("link_over.html", 410)
    if user is not None and user.language:
        page.language = i18n.known(user.language)
    return page.show("welcome.html", token=token, purpose=purpose, user=user, email="", name="")


def arrive(page: Page, token: str) -> Response:
    email, name = page.form.get("email", "").strip(), page.form.get("name", "").strip()
    password = page.form.get("password", "")
    session = ""
    try:
        with page.writing() as db:
            purpose, user = sign_in.peek_link(db, page.keys, token, page.now)
            if user is None:
                for field, text in users.faults_of(email, name).items():
                    page.fault(field, page.text(text))
            if password != page.form.get("again", ""):
                page.fault("again", page.text("The two passwords differ."))
            if not page.faults:
                if user is None:
                    user = sign_in.make_first_admin(db, page.keys, token, email, name, password, page.now)
                else:
                    user = sign_in.take_up(db, page.keys, token, password, page.now)
                session = door.enter(page, db, user)
                page.note(db, "password.chosen", user.email)
    except sign_in.LinkOver:
        return page.show("link_over.html", 410)
    except sign_in.WeakPassword as error:
        page.fault("password", page.text(error.text, **error.facts))
    except IntegrityError:
        page.fault("email", page.text("Somebody has this e-mail address already."))
    if page.faults:
        return page.show("welcome.html", token=token, purpose=purpose, user=user, email=email, name=name)
    return door.hand_over(page, page.go("/companies", page.text("Welcome. You are signed in.")), session)


ROUTES = (
    Route("GET", "/sign-in", form, Access.ANYBODY),
    Route("POST", "/sign-in", enter, Access.ANYBODY),
    Route("POST", "/sign-out", leave),
    Route("GET", "/welcome/<token>", welcome, Access.ANYBODY),
    Route("POST", "/welcome/<token>", arrive, Access.ANYBODY),
)

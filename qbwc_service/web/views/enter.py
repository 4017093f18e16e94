"""The demo's way in: a link that signs its user in once. Opening it changes nothing; its button does."""

from werkzeug.wrappers import Response

from ... import sign_in
from ...db.web_sessions import Purpose
from .. import door
from ..page import Access, Page, Route


def ask(page: Page, token: str) -> Response:
    with page.reading() as db:
        try:
            purpose, user = sign_in.peek_link(db, page.keys, token, page.now)
        except sign_in.LinkOver:
            return page.show("link_over.html", 410)
    if purpose is not Purpose.SIGN_IN:
        return page.show("link_over.html", 410)
    return page.show("enter.html", token=token, user=user)


def enter(page: Page, token: str) -> Response:
    with page.writing() as db:
        try:
            user = sign_in.let_in(db, page.keys, token, page.now)
        except sign_in.LinkOver:
            return page.show("link_over.html", 410)
        session = door.enter(page, db, user)
    return door.hand_over(page, page.go("/companies", page.text("Welcome. You are signed in.")), session)


ROUTES = (
    Route("GET", "/enter/<token>", ask, Access.ANYBODY),
    Route("POST", "/enter/<token>", enter, Access.ANYBODY),
)

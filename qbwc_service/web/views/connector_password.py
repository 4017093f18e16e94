"""The Web Connector's password on the pages: shown when asked for, and made anew (product.md M4, security.md 4.1)."""

import datetime as dt
from dataclasses import dataclass, field

from werkzeug.wrappers import Response

from ...companies import account
from ...posting import removal
from ...secrets import WrongKey
from ..page import Access, Page, Route
from .prove import require_fresh

GRACE = dt.timedelta(hours=24)
NO_GRACE, WITH_GRACE, LEAKED = "none", "24h", "leaked"


@dataclass(frozen=True)
class Shown:
    """The password, where it was asked for; `is_lost`: it was sealed with another secret key, and cannot be read."""

    text: str | None = field(repr=False)
    is_lost: bool = False


def shown_password(page: Page) -> Shown | Response:
    """-> the password where the address asks for it, or the answer that first asks who it is. Each time is audited."""
    if page.query.get("password") != "shown":
        return Shown(None)
    if (proof := require_fresh(page)) is not None:
        return proof
    with page.writing() as db:
        try:
            text = account.password_of(db, page.keys, page.of)
        except WrongKey:
            return Shown(None, is_lost=True)
        page.note(db, "password.shown", page.of.name)
    return Shown(text)


def generate(page: Page) -> Response:
    """A new password; the old one dies at once, after a day, or at once together with the session that it opened."""
    if (proof := require_fresh(page)) is not None:
        return proof
    choice = page.form.get("grace", NO_GRACE)
    back = "setup" if page.form.get("back") == "setup" else "details"
    with page.writing() as db:
        grace = GRACE if choice == WITH_GRACE else None
        account.regenerate_password(db, page.keys, page.of, page.now, grace)
        if choice == LEAKED:
            removal.end_session(db, page.of.id, "the password had leaked", page.now)
        page.note(db, "password.made", page.of.name, choice)
    said = page.text("This is the new password. Paste it into the Web Connector, and say Yes to saving it.")
    return page.go(f"{page.base}/{back}?password=shown", said)


ROUTES = (Route("POST", "/companies/<int:company_id>/password", generate, Access.ADMIN),)

"""A forgotten password: the same answer for everybody, and a mail for whoever is meant."""

import datetime as dt
import logging
import threading

from sqlalchemy.engine import Engine
from werkzeug.wrappers import Response

from ... import sign_in
from ...db.people import User
from ...mail import Mailer, NotSent, WrongMail
from ...secrets import Keys
from ...settings import Settings
from ...tries import Tries
from .. import letters
from ..page import Access, Page, Route

log = logging.getLogger(__name__)

_ASKED = Tries(at_once=10, every=dt.timedelta(minutes=1))  # for all addresses: a mail server is no toy


def form(page: Page) -> Response:
    return _show(page)


def ask(page: Page) -> Response:
    email = page.form.get("email", "").strip()
    if "@" not in email:
        page.fault("email", page.text("Write an e-mail address."))
        return _show(page)
    if _can_mail(page.settings) and _ASKED.take("forgot", page.now) is None:
        # In a thread of its own: how long the answer takes must not tell whether there is such a user.
        work = (page.engine, page.keys, page.settings, email, page.language, page.now)
        threading.Thread(target=_mail_link, args=work, name="reset-link", daemon=True).start()
    return page.show("forgot.html", asked=True, can_mail=_can_mail(page.settings), email="")


def _show(page: Page) -> Response:
    return page.show("forgot.html", asked=False, can_mail=_can_mail(page.settings), email=page.form.get("email", ""))


def _can_mail(settings: Settings) -> bool:
    return Mailer(settings).is_on


def _mail_link(engine: Engine, keys: Keys, settings: Settings, email: str, language: str, now: dt.datetime) -> None:
    try:
        with engine.begin() as db:
            made: tuple[User, str] | None = sign_in.make_asked_link(db, keys, email, now)
        if made is None:
            return
        user, token = made
        letter = letters.reset(user.language or language, user, f"{settings.public_url}/welcome/{token}")
        Mailer(settings).send(user.email, *letter)
    except (NotSent, WrongMail) as error:
        log.warning("a reset link could not be mailed", extra={"reason": str(error)})
    except Exception:
        log.exception("a reset link could not be made")


ROUTES = (
    Route("GET", "/forgot", form, Access.ANYBODY),
    Route("POST", "/forgot", ask, Access.ANYBODY),
)

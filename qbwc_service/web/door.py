"""The door: a password is checked, and a session begun.

What stands against guessing, and what it does not do (security.md T2, T3):

- An address (of IPv6 its /64) has ten wrong passwords free, then one every 30 seconds. Beyond that it is told to wait,
  and no password is looked at. So one place guesses less than 3,000 times a day, and costs no computing time.
- Nothing is counted for or against a user. Whoever knows only an e-mail address can keep nobody out.
- A browser in which somebody signed in before carries a mark for this user, and is counted by itself: strangers behind
  the same address (an office, a proxy) cannot use up what it has. A new browser there is kept out while they go on;
  a link that an admin makes lets it in, for links need no password.
- Checking a password takes some 100 ms and 32 MiB on purpose. Only two are checked at once for browsers that are not
  known, and two for those that are: a flood of tries from many addresses leaves the rest of the service, and people
  in their usual browsers, alone.
- Many failures for one user from many places are told in the log and stand in the audit trail.
"""

import datetime as dt
import ipaddress
import logging
import threading
from collections.abc import Callable

from sqlalchemy.engine import Connection
from werkzeug.wrappers import Response

from .. import sign_in
from ..db import audit, web_sessions
from ..db import people as people_table
from ..db.people import User
from ..tries import Tries
from . import browsers, cookies
from .page import Page

log = logging.getLogger(__name__)

PLACES = Tries(at_once=10, every=dt.timedelta(seconds=30))
_ALARMS = Tries(at_once=20, every=dt.timedelta(minutes=3))  # by user
_STRANGERS, _KNOWN = threading.BoundedSemaphore(2), threading.BoundedSemaphore(2)
_QUEUE = dt.timedelta(seconds=3)
_MARK = "known browser"


class TooManyTries(Exception):
    """No password is looked at now; `wait` says when it is worth another try."""

    def __init__(self, wait: dt.timedelta) -> None:
        super().__init__(f"wait {wait}")
        self.seconds = max(1, round(wait.total_seconds() + 0.5))

    def say(self, page: Page) -> str:
        return page.plural(
            "Too many wrong passwords came from here. Try again in %(number)s second.",
            "Too many wrong passwords came from here. Try again in %(number)s seconds.",
            self.seconds,
        )


def check(page: Page, email: str, password: str) -> User:
    """-> the user of these credentials. Raises sign_in.WrongCredentials and TooManyTries.

    No transaction may be open: it takes its time.
    """
    if _is_known(page, email):
        place, slots = ("browser", page.request.cookies[cookies.known_name(page.settings)]), _KNOWN
    else:
        place, slots = ("address", _network(page.request.remote_addr or "")), _STRANGERS
    return _checked(page, place, slots, lambda db: sign_in.check(db, email, password), email)


def check_again(page: Page, password: str) -> None:
    """Somebody signed in types their password once more. Raises sign_in.WrongCredentials and TooManyTries."""
    email = page.person.user.email
    place = ("session", str(page.person.session_id))
    _checked(page, place, _KNOWN, lambda db: sign_in.check(db, email, password), email)


def _checked(
    page: Page,
    place: tuple[str, str],
    slots: threading.BoundedSemaphore,
    look: Callable[[Connection], User],
    email: str,
) -> User:
    wait = PLACES.take(place, page.now)
    if wait is not None:
        raise TooManyTries(wait)
    if not slots.acquire(timeout=_QUEUE.total_seconds()):
        PLACES.give_back(place)
        raise TooManyTries(_QUEUE)
    try:
        with page.reading() as db:
            user = look(db)
    except sign_in.WrongCredentials:
        _note_failure(page, email)
        raise
    finally:
        slots.release()
    PLACES.give_back(place)
    return user


def _note_failure(page: Page, email: str) -> None:
    """In the audit trail; an address that no user has is not kept, for people type passwords there by mistake."""
    with page.writing() as db:
        user = people_table.by_email(db, email)
        about = "–" if user is None else user.email
        audit.put(
            db, now=page.now, who="nobody", act="sign-in.failed", about=about, detail=page.request.remote_addr or None
        )
    if user is not None and _ALARMS.take(user.id, page.now) is not None:
        log.warning("many wrong passwords for one user", extra={"user": user.id, "request": page.request_id})


def enter(page: Page, db: Connection, user: User) -> str:
    """-> the token of the session that begins; the one that this browser had is over. `page` is theirs from now on."""
    if page.signed is not None:
        web_sessions.end(db, page.signed.session_id)
    address, browser = page.request.remote_addr or "", page.request.user_agent.string
    token = sign_in.begin(db, page.keys, user, page.now, address, browser)
    found = sign_in.signed(db, page.keys, token, page.now)
    assert found is not None
    page.signed, _ = found
    page.csrf = page.keys.mac("csrf", token)
    page.language = user.language or page.language
    page.note(db, "signed.in", address or "–", browsers.in_words(browser) or None)
    return token


def hand_over(page: Page, response: Response, token: str) -> Response:
    """-> the response, with the cookies of the session that began."""
    cookies.begin_session(page.settings, response, token)
    if not _is_known(page, page.person.user.email):
        nonce = sign_in.new_token()
        mark = f"{nonce}.{_mac(page, nonce, page.person.user.email)}"
        cookies.remember_browser(page.settings, response, mark)
    return response


def _is_known(page: Page, email: str) -> bool:
    """Whether this user signed in with this browser before."""
    nonce, _, mac = page.request.cookies.get(cookies.known_name(page.settings), "").partition(".")
    return bool(nonce) and page.keys.same(mac, _mac(page, nonce, email))


def _mac(page: Page, nonce: str, email: str) -> str:
    return page.keys.mac(_MARK, f"{nonce}\0{email.strip().lower()}")


def _network(address: str) -> str:
    """-> what counts as one place: whoever has an IPv6 address has 2**64 of them."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((known, 64), strict=False)) if known.version == 6 else address

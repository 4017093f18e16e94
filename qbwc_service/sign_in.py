"""Signing in at the pages: passwords, sessions, and the links that let a person in once."""

import datetime as dt
import hashlib
import hmac
import secrets
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from .db import people
from .db import web_sessions as table
from .db.engine import AnyRow
from .db.people import User
from .db.web_sessions import Purpose
from .i18n import N_
from .secrets import ALPHABET, Keys

IDLE = dt.timedelta(hours=12)
LONGEST = dt.timedelta(days=7)
FRESH = dt.timedelta(minutes=15)  # since the password was typed, for what shows secrets
LINK_HOLDS = {
    Purpose.FIRST_ADMIN: dt.timedelta(days=7),
    Purpose.INVITATION: dt.timedelta(days=7),
    Purpose.RESET: dt.timedelta(hours=2),
    Purpose.SIGN_IN: dt.timedelta(hours=2),
}
SHORTEST, LONGEST_PASSWORD = 10, 200  # characters
SEEN_EVERY = dt.timedelta(minutes=1)
ASKED_AGAIN = dt.timedelta(minutes=10)  # how soon somebody is mailed another reset link
_COST, _BLOCK = 15, 8  # scrypt: 2**15 rounds of 8 blocks, some 100 ms and 32 MiB
SESSION, LINK = "web session", "one-time link"


class WeakPassword(Exception):
    """A password that is too easy to guess. `text` is the rule, to be translated, and `facts` stand in it."""

    def __init__(self, text: str, **facts: int) -> None:
        super().__init__(text % facts)
        self.text, self.facts = text, facts


class LinkOver(Exception):
    """A link that was used, replaced, or whose time is over."""


class WrongCredentials(Exception):
    """No such user, another password, or a user who may not sign in: nobody is told which."""


@dataclass(frozen=True)
class Signed:
    """Who is signed in, and since when their password is known to be theirs."""

    session_id: int
    user: User
    proved_at: dt.datetime

    def is_fresh(self, now: dt.datetime) -> bool:
        return now - self.proved_at < FRESH


def new_token() -> str:
    """-> a secret for a cookie or a link: 32 characters, some 186 random bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(32))


def hash_password(password: str) -> str:
    salt = secrets.token_bytes(16)
    return f"scrypt${_COST}${_BLOCK}${salt.hex()}${_scrypt(password, salt, _COST, _BLOCK).hex()}"


def is_password(password: str, kept: str) -> bool:
    _, cost, block, salt, digest = kept.split("$")
    found = _scrypt(password, bytes.fromhex(salt), int(cost), int(block))
    return hmac.compare_digest(found, bytes.fromhex(digest))


def _scrypt(password: str, salt: bytes, cost: int, block: int) -> bytes:
    bounded = password[: LONGEST_PASSWORD * 2].encode("utf-8", "surrogatepass")
    return hashlib.scrypt(bounded, salt=salt, n=2**cost, r=block, p=1, maxmem=2**27)


_NOBODY = hash_password("nobody's password")  # a user who is not there costs the same time


def require_good(password: str, email: str) -> None:
    """Raises WeakPassword unless it is long enough and no variant of the address."""
    if len(password) < SHORTEST:
        raise WeakPassword(N_("Choose at least %(number)s characters."), number=SHORTEST)
    if len(password) > LONGEST_PASSWORD:
        raise WeakPassword(N_("Choose at most %(number)s characters."), number=LONGEST_PASSWORD)
    small = password.lower()
    if len(set(small)) < 5 or small in email.lower() or email.partition("@")[0].lower() == small.rstrip("0123456789!"):
        raise WeakPassword(N_("This is too easy to guess; a few words that only you would put together are good."))


def check(db: Connection, email: str, password: str) -> User:
    """-> the user of these credentials. Raises WrongCredentials, as slowly for nobody as for somebody."""
    user = people.by_email(db, email)
    kept = None if user is None else people.password_of(db, user.id)
    right = is_password(password, kept or _NOBODY)
    if user is None or kept is None or not right or user.disabled_at is not None:
        raise WrongCredentials
    return user


def begin(db: Connection, keys: Keys, user: User, now: dt.datetime, address: str, browser: str) -> str:
    """-> the token of a new session."""
    token = new_token()
    table.put(
        db,
        token_mac=keys.mac(SESSION, token),
        user_id=user.id,
        now=now,
        ends_at=now + LONGEST,
        address=address[:60],
        browser=browser[:200],
    )
    return token


def signed(db: Connection, keys: Keys, token: str, now: dt.datetime) -> tuple[Signed, bool] | None:
    """-> who a cookie's token is, and whether `table.note_seen` is due; None when it opens nothing any more."""
    row = table.by_token(db, keys.mac(SESSION, token))
    if row is None or row.ends_at <= now or now - row.seen_at > IDLE:
        return None
    user = people.by_id(db, row.user_id)
    if user is None or user.disabled_at is not None:
        return None
    return Signed(row.id, user, row.proved_at), now - row.seen_at > SEEN_EVERY


def sessions_of(db: Connection, user_id: int, now: dt.datetime) -> list[AnyRow]:
    """-> a user's sessions that still open the pages, the latest first."""
    return table.of_user(db, user_id, now=now, seen_after=now - IDLE)


def change_password(db: Connection, signed: Signed, password: str) -> None:
    """The user's password is this one from now on; their other sessions, and links made before, are over.

    Raises WeakPassword. That the old one was given is the caller's to see to.
    """
    require_good(password, signed.user.email)
    people.change(db, signed.user.id, password=hash_password(password))
    table.end_of_user(db, signed.user.id, but=signed.session_id)
    table.drop_links(db, signed.user.id)


def make_link(db: Connection, keys: Keys, purpose: Purpose, user: User | None, now: dt.datetime) -> str:
    """-> the token of a link that lets this user (None: the first admin) choose a password once; it replaces earlier
    ones."""
    token = new_token()
    table.put_link(
        db,
        token_mac=keys.mac(LINK, token),
        purpose=purpose,
        user_id=None if user is None else user.id,
        now=now,
        ends_at=now + LINK_HOLDS[purpose],
    )
    return token


def make_asked_link(db: Connection, keys: Keys, email: str, now: dt.datetime) -> tuple[User, str] | None:
    """Somebody who is not signed in says that this user forgot the password: -> whom to mail which link's token.

    None when there is no such user, they may not sign in, or a link was made for them some minutes ago. Links that
    others made stay: a stranger who asks again and again takes nothing from anybody.
    """
    user = people.by_email(db, email)
    if user is None or user.disabled_at is not None:
        return None
    last = table.last_link(db, user.id, now)
    if last is not None and now - last.made_at < ASKED_AGAIN:
        return None
    token, purpose = new_token(), Purpose.RESET
    ends_at = now + LINK_HOLDS[purpose]
    table.add_link(db, token_mac=keys.mac(LINK, token), purpose=purpose, user_id=user.id, now=now, ends_at=ends_at)
    return user, token


def peek_link(db: Connection, keys: Keys, token: str, now: dt.datetime) -> tuple[Purpose, User | None]:
    """-> what a link is for; it is not used up. Raises LinkOver."""
    row = table.link(db, keys.mac(LINK, token), now)
    if row is None:
        raise LinkOver
    user = None if row.user_id is None else people.by_id(db, row.user_id)
    if row.user_id is not None and (user is None or user.disabled_at is not None):
        raise LinkOver
    return Purpose(row.purpose), user


def take_up(db: Connection, keys: Keys, token: str, password: str, now: dt.datetime) -> User:
    """A user's link is used: -> the user, whose password is this one now, and whose other sessions are over.

    Raises LinkOver and WeakPassword.
    """
    _, user = peek_link(db, keys, token, now)
    if user is None:
        raise LinkOver
    require_good(password, user.email)
    if table.use_link(db, keys.mac(LINK, token), now) is None:  # somebody used it at the same moment
        raise LinkOver
    people.change(db, user.id, password=hash_password(password))
    table.end_of_user(db, user.id)
    table.drop_links(db, user.id)
    return user


def let_in(db: Connection, keys: Keys, token: str, now: dt.datetime) -> User:
    """The demo's link is used: -> its user, who needs no password. Raises LinkOver."""
    purpose, user = peek_link(db, keys, token, now)
    if purpose is not Purpose.SIGN_IN or user is None or table.use_link(db, keys.mac(LINK, token), now) is None:
        raise LinkOver
    return user


def make_first_admin(
    db: Connection, keys: Keys, token: str, email: str, name: str, password: str, now: dt.datetime
) -> User:
    """The first admin's link is used: -> the admin. Raises LinkOver, WeakPassword, and IntegrityError when the
    address is taken."""
    purpose, _ = peek_link(db, keys, token, now)
    if purpose is not Purpose.FIRST_ADMIN:
        raise LinkOver
    require_good(password, email)
    if table.use_link(db, keys.mac(LINK, token), now) is None:
        raise LinkOver
    user = people.put(db, email=email, name=name, is_admin=True, now=now)
    people.change(db, user.id, password=hash_password(password))
    return user

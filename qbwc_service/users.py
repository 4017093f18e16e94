"""Users come and go: invited, made admin, disabled. There is always an admin who can sign in.

Pages and commands ask here. Each function takes the transaction of its caller; where it raises, the caller's
transaction must not be committed.
"""

import datetime as dt
import re
from collections.abc import Mapping

from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from . import sign_in
from .db import people, web_sessions
from .db.people import User
from .db.web_sessions import Purpose
from .i18n import N_
from .secrets import Keys

LONGEST_EMAIL, LONGEST_NAME = 200, 100
_EMAIL = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+")


class WrongUser(Exception):
    """What was said of a user does not hold: `faults` by field, texts to be translated."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = dict(faults)


class EmailTaken(Exception):
    """Another user has this address."""

    def __init__(self, email: str) -> None:
        super().__init__(f"somebody has the address {email} already")


class LastAdmin(Exception):
    """Then nobody could change anything any more."""

    def __init__(self, user: User) -> None:
        super().__init__(f"{user.email} is the only admin who can sign in; make somebody else an admin first")


class NoLongerAdmin(Exception):
    """Who asks was an admin when the page was asked for, and is none now."""


class NoSuchUser(Exception):
    """They were there when the page was asked for; their invitation was withdrawn meanwhile."""


class Disabled(Exception):
    """The user may not sign in: no link would let them in."""

    def __init__(self, user: User) -> None:
        super().__init__(f"{user.email} is disabled; enable them first")


def faults_of(email: str, name: str) -> dict[str, str]:
    """-> what is wrong with an address and a name, by field; texts to be translated."""
    faults: dict[str, str] = {}
    if not _EMAIL.fullmatch(email) or not email.isprintable() or len(email) > LONGEST_EMAIL:
        faults["email"] = N_("Write an e-mail address.")
    return faults | faults_of_name(name)


def faults_of_name(name: str) -> dict[str, str]:
    if not name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
        return {"name": N_("Write a name, at most 100 characters.")}
    return {}


def invite(db: Connection, keys: Keys, email: str, name: str, is_admin: bool, now: dt.datetime) -> tuple[User, str]:
    """-> the new user, and the token of the link with which they choose a password.

    Raises WrongUser and EmailTaken.
    """
    email, name = email.strip(), name.strip()
    if faults := faults_of(email, name):
        raise WrongUser(faults)
    if people.by_email(db, email) is not None:
        raise EmailTaken(email)
    try:
        user = people.put(db, email=email, name=name, is_admin=is_admin, now=now)
    except IntegrityError:  # somebody invited them at the same moment
        raise EmailTaken(email) from None
    return user, sign_in.make_link(db, keys, Purpose.INVITATION, user, now)


def new_link(db: Connection, keys: Keys, user: User, now: dt.datetime) -> tuple[Purpose, str]:
    """-> what for, and the token of a link with which the user chooses a password; it replaces those made before.

    Raises Disabled.
    """
    if user.disabled_at is not None:
        raise Disabled(user)
    has_password = people.password_of(db, user.id) is not None
    purpose = Purpose.RESET if has_password else Purpose.INVITATION
    return purpose, sign_in.make_link(db, keys, purpose, user, now)


def set_admin(db: Connection, user_id: int, is_admin: bool, by: User | None) -> User:
    """-> the user, who is an admin now, or is none.

    Raises LastAdmin; NoLongerAdmin about `by` (None: a command); NoSuchUser.
    """
    user = _held(db, user_id, by)
    if not is_admin:
        _require_another_admin(db, user)
    people.change(db, user.id, is_admin=is_admin)
    return user


def disable(db: Connection, user_id: int, by: User | None, now: dt.datetime) -> User:
    """-> the user, whose sessions and links are over, and who cannot sign in any more.

    Raises LastAdmin; NoLongerAdmin about `by` (None: a command); NoSuchUser.
    """
    user = _held(db, user_id, by)
    _require_another_admin(db, user)
    people.change(db, user.id, disabled_at=user.disabled_at or now)
    web_sessions.end_of_user(db, user.id)
    web_sessions.drop_links(db, user.id)
    return user


def enable(db: Connection, user_id: int, by: User | None) -> User:
    """-> the user, who signs in with the password they had.

    Raises NoLongerAdmin about `by` (None: a command); NoSuchUser.
    """
    user = _held(db, user_id, by)
    people.change(db, user.id, disabled_at=None)
    return user


def _held(db: Connection, user_id: int, by: User | None) -> User:
    """Until the transaction ends nobody else changes who is an admin: two admins may not end each other at once."""
    people.hold_all(db)
    user = people.by_id(db, user_id)
    if user is None:
        raise NoSuchUser
    if by is not None and by.id not in [admin.id for admin in people.admins(db)]:
        raise NoLongerAdmin
    return user


def _require_another_admin(db: Connection, user: User) -> None:
    """Raises LastAdmin when no other admin can sign in. Invited ones do not count: they may not come."""
    if [admin.id for admin in people.admins(db) if people.password_of(db, admin.id) is not None] == [user.id]:
        raise LastAdmin(user)

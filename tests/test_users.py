"""Users come and go, and there is always an admin who can sign in: also when two act at once."""

import datetime as dt
import threading
from collections.abc import Callable

import pytest
from sqlalchemy.engine import Connection, Engine

from qbwc_service import sign_in, users
from qbwc_service.db import people
from qbwc_service.db.engine import reading
from qbwc_service.db.people import User
from qbwc_service.secrets import Keys

KEYS = Keys("a key for tests only")
NOW = dt.datetime(2026, 5, 4, 12, tzinfo=dt.UTC)


def make_user(engine: Engine, name: str, *, admin: bool = False, arrived: bool = True) -> User:
    with engine.begin() as db:
        user = people.put(db, email=f"{name}@example.com", name=name, is_admin=admin, now=NOW)
        if arrived:
            people.change(db, user.id, password="scrypt$...")
    return user


def admins(engine: Engine) -> list[str]:
    with reading(engine) as db:
        return [admin.name for admin in people.admins(db)]


@pytest.mark.parametrize(
    "end",
    [
        lambda db, user, by: users.disable(db, user.id, by, NOW),
        lambda db, user, by: users.set_admin(db, user.id, False, by),
    ],
    ids=["disable", "demote"],
)
def test_two_admins_who_end_each_other_at_once_leave_one(
    engine: Engine, end: Callable[[Connection, User, User], object]
) -> None:
    ana, bea = make_user(engine, "ana", admin=True), make_user(engine, "bea", admin=True)
    start, refused = threading.Barrier(2), []

    def act(by: User, user: User) -> None:
        start.wait()
        try:
            with engine.begin() as db:
                end(db, user, by)
        except (users.LastAdmin, users.NoLongerAdmin) as error:
            refused.append(error)

    threads = [threading.Thread(target=act, args=pair) for pair in ((ana, bea), (bea, ana))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert len(admins(engine)) == 1


def test_an_admin_who_never_came_does_not_count_as_one(engine: Engine) -> None:
    ana = make_user(engine, "ana", admin=True)
    make_user(engine, "invited", admin=True, arrived=False)
    with pytest.raises(users.LastAdmin, match=r"ana@example\.com"), engine.begin() as db:
        users.disable(db, ana.id, ana, NOW)
    with pytest.raises(users.LastAdmin), engine.begin() as db:
        users.set_admin(db, ana.id, False, None)
    assert "ana" in admins(engine)


def test_an_address_is_invited_once_however_it_is_written(engine: Engine) -> None:
    with engine.begin() as db:
        users.invite(db, KEYS, "Ana@Example.com", "Ana", False, NOW)
    with pytest.raises(users.EmailTaken), engine.begin() as db:
        users.invite(db, KEYS, " ana@example.COM", "Ana again", False, NOW)


@pytest.mark.parametrize("email", ["", "ana", "ana@", "@x", "a b@x", "ana@x\nBcc: y@z", "<ana@x>", "a" * 200 + "@x"])
def test_what_is_no_address_is_refused_with_the_field(engine: Engine, email: str) -> None:
    with pytest.raises(users.WrongUser) as error, engine.begin() as db:
        users.invite(db, KEYS, email, " ", False, NOW)
    assert set(error.value.faults) == {"email", "name"}


def test_a_link_of_a_disabled_user_opens_nothing_also_after_they_are_enabled(engine: Engine) -> None:
    make_user(engine, "ana", admin=True)
    with engine.begin() as db:
        user, token = users.invite(db, KEYS, "eva@example.com", "Eva", False, NOW)
    with engine.begin() as db:
        users.disable(db, user.id, None, NOW)
    with engine.begin() as db:
        users.enable(db, user.id, None)
    with pytest.raises(sign_in.LinkOver), reading(engine) as db:
        sign_in.peek_link(db, KEYS, token, NOW)

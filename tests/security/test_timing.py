"""Nobody learns from how long an answer takes whether somebody is there (security.md T2, T3; 4.3, test 30).

Times are of this process' own CPU, taken in turns; what counts is how they stand to each other.
"""

import datetime as dt
import itertools
import statistics
import time
from collections import defaultdict
from collections.abc import Callable

import pytest
from werkzeug.test import Client

from qbwc_service.db import people
from qbwc_service.sign_in import hash_password
from tests.fuzz.service import Scene, Service

ALIKE = 1.35
"""A user's own cost, scrypt or a row to be written, is several times the rest."""

NOW = dt.datetime(2026, 11, 25, 12, 0, tzinfo=dt.UTC)


def spread(acts: dict[str, Callable[[], object]], rounds: int) -> float:
    """-> how many times as long the slowest takes as the fastest, each by its median."""
    seconds: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        for name, act in acts.items():
            began = time.process_time()
            act()
            seconds[name].append(time.process_time() - began)
    medians = [statistics.median(taken) for taken in seconds.values()]
    return max(medians) / min(medians)


@pytest.fixture(scope="module")
def scene(service: Service) -> Scene:
    return service.scenes()["posting"]


@pytest.mark.parametrize("throttled", [False, True], ids=["noted", "no longer noted"])
def test_the_connectors_door_takes_as_long_for_a_user_whom_nobody_has(service, scene, throttled):
    service.restore(scene.database)
    addresses = itertools.count(1)

    def ask(user: str, password: str) -> Callable[[], None]:
        body = service.plain("authenticate", strUserName=user, strPassword=password)

        def act() -> None:
            number = next(addresses)
            remote = "203.0.113.7" if throttled else f"198.18.{number >> 8}.{number & 255}"
            assert service.post(body, REMOTE_ADDR=remote).result[38:] == "nvu"

        return act

    acts = {
        "wrong password": ask(scene.username, "wrong"),
        "nearly right": ask(scene.username, scene.password[:-1] + ("y" if scene.password[-1] == "x" else "x")),
        "nobody": ask("qbwc-000000000000", "wrong"),
        "of another company": ask("qbwc-000000000001", scene.password),
    }
    for act in acts.values():
        for _ in range(11 if throttled else 1):
            act()
    assert spread(acts, 150) < ALIKE


def test_the_pages_door_takes_as_long_for_an_address_that_nobody_has(service, scene):
    service.restore(scene.database)
    with service.engine.begin() as db:
        for name in ("there", "disabled", "invited"):
            user = people.put(db, email=f"{name}@example.com", name=name, is_admin=False, now=NOW)
            if name != "invited":
                people.change(db, user.id, password=hash_password("the right password"))
            if name == "disabled":
                people.change(db, user.id, disabled_at=NOW)
    places = itertools.count(1)

    def ask(email: str, password: str = "some wrong password") -> Callable[[], None]:
        def act() -> None:
            place = {"REMOTE_ADDR": f"198.18.{next(places)}.1"}
            fields = {"email": email, "password": password}
            answer = Client(service.app).post("/sign-in", data=fields, environ_overrides=place)
            assert answer.status_code == 422

        return act

    acts = {
        "wrong password": ask("there@example.com"),
        "nobody": ask("nobody@example.com"),
        "invited": ask("invited@example.com"),
        "disabled": ask("disabled@example.com"),
        "disabled, right": ask("disabled@example.com", "the right password"),
    }
    for act in acts.values():
        act()
    assert spread(acts, 9) < ALIKE

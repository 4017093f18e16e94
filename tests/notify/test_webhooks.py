"""Deliveries: signed, retried, given up, one at a time; and never into a network that is nobody's business."""

import datetime as dt
import itertools
import pathlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from qbwc_service import webhooks
from qbwc_service.db import webhooks as table
from qbwc_service.secrets import Keys
from qbwc_service.webhooks import CLAIM_HOLDS, RESTS, WrongAddress
from tests.faults.world import KEYS, World, fresh

from .outside import Receiver, make_certificate, receiving
from .world import deliver, deliveries, listen, make_settings

PUBLIC = "https://books.example.com"


@pytest.fixture(scope="module")
def engine_of_addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = fresh(f"sqlite:///{tmp_path_factory.mktemp('addresses') / 'qbwc.sqlite3'}")
    yield engine
    engine.dispose()


@pytest.fixture
def registering(engine_of_addresses: Engine) -> World:
    """-> a new company in a database of its own module: for what registers, and delivers nothing."""
    return World.new(engine_of_addresses, next(_SEEDS))


_SEEDS = itertools.count()


def happen(world: World, webhook_id: int, times: int = 1) -> list[str]:
    """So many events are to be told to the webhook; -> their ids."""
    now = world.clock.now
    ids = [f"event-{webhook_id}-{number}" for number in range(times)]
    with world.engine.begin() as db:
        rows = [
            {
                "webhook_id": webhook_id,
                "event_id": event_id,
                "event": "document.posted",
                "body": '{"event":"document.posted","record":"invoice:Año"}',
                "made_at": now,
                "next_try_at": now,
            }
            for event_id in ids
        ]
        table.put_deliveries(db, rows)
    return ids


def register(world: World, url: str, **given: str) -> int:
    with world.engine.begin() as db:
        return webhooks.register(db, KEYS, world.company, url, "ana", world.clock.now, make_settings(**given))[0]


# --- signing ----------------------------------------------------------------------------------------------------------


def test_the_signature_is_the_one_of_standard_webhooks_own_example() -> None:
    headers = webhooks.sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        dt.datetime.fromtimestamp(1614265330, dt.UTC),
        b'{"test": 2432232314}',
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_the_secret_is_kept_sealed(world: World, receiver: Receiver) -> None:
    listen(world, receiver)
    with world.engine.connect() as db:
        (kept,) = table.of_company(db, world.company.id)
    assert receiver.secret.startswith("whsec_")
    assert receiver.secret not in kept.secret
    assert KEYS.unseal(kept.secret) == receiver.secret


# --- delivering -------------------------------------------------------------------------------------------------------


def test_a_delivery_is_made_once_and_noted(world: World, receiver: Receiver) -> None:
    (event_id,) = happen(world, listen(world, receiver))
    assert (deliver(world), deliver(world, after=3600)) == (1, 0)
    (got,) = receiver.got
    assert (got.id, got.signed_right, got.event["record"]) == (event_id, True, "invoice:Año")
    (row,) = deliveries(world)
    assert (row.attempts, row.last_status, row.last_error, row.next_try_at) == (1, 200, None, None)
    assert row.delivered_at is not None


def test_what_fails_is_tried_again_after_longer_and_longer_rests_then_given_up(
    world: World, receiver: Receiver
) -> None:
    (event_id,) = happen(world, listen(world, receiver))
    receiver.answers.extend([500] * 7)
    assert deliver(world) == 1
    for rest in RESTS:
        assert deliver(world, after=rest.total_seconds() - 1) == 0
        assert deliver(world, after=1) == 1
    assert deliver(world, after=30 * 86400) == 0
    assert [one.id for one in receiver.got] == [event_id] * 7
    assert len({one.headers["webhook-timestamp"] for one in receiver.got}) == 7
    assert all(one.signed_right for one in receiver.got)
    (row,) = deliveries(world)
    assert (row.attempts, row.last_status, row.next_try_at, row.delivered_at) == (7, 500, None, None)
    assert row.last_error.startswith("answered 500: no [31m thanks xxx")
    assert len(row.last_error) < 250


def test_what_was_given_up_or_delivered_is_delivered_again_when_a_person_wants_it(
    world: World, receiver: Receiver
) -> None:
    happen(world, listen(world, receiver))
    deliver(world)
    (row,) = deliveries(world)
    other = World.new(world.engine, 2)
    with world.engine.begin() as db:
        assert not table.again(db, other.company.id, row.id, world.clock.now)
        assert table.again(db, world.company.id, row.id, world.clock.now)
    assert deliver(world) == 1
    assert [one.id for one in receiver.got] == [row.event_id] * 2


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(world: World, receiver: Receiver, status: int) -> None:
    happen(world, listen(world, receiver))
    with receiving() as other:
        receiver.answers.append(f"http://localhost:{other.port}/" if status == 307 else status)
        assert deliver(world) == 1
        assert other.got == []
    (row,) = deliveries(world)
    assert (row.last_status, row.delivered_at) == (status, None)
    assert "redirects are not followed" in row.last_error


@pytest.mark.parametrize("way", ["slow", "drip"])
def test_who_does_not_answer_in_time_is_cut_off(
    world: World, receiver: Receiver, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "TIMEOUT_SECONDS", 0.4)
    happen(world, listen(world, receiver))
    receiver.answers.append(way)
    assert deliver(world) == 1
    (row,) = deliveries(world)
    assert row.last_error == "no answer within 0.4 seconds"
    assert deliver(world, after=30) == 1
    assert deliveries(world)[0].delivered_at is not None


def test_an_address_that_is_dead_is_asked_once_and_keeps_no_other_waiting(world: World, receiver: Receiver) -> None:
    with receiving() as gone:
        dead = listen(world, gone)
    happen(world, dead, 50)
    happen(world, listen(world, receiver), 3)
    tried = 0
    while done := deliver(world):
        tried += done
    assert tried == 1 + 3
    assert [row.attempts for row in deliveries(world) if row.webhook_id == dead] == [0] * 49 + [1]
    assert "refused" in deliveries(world)[-1].last_error.lower()
    assert deliver(world, after=30) == 1


def test_a_connection_that_is_dropped_is_a_failure(world: World, receiver: Receiver) -> None:
    happen(world, listen(world, receiver))
    receiver.answers.append("drop")
    deliver(world)
    assert deliveries(world)[0].delivered_at is None
    assert deliver(world, after=30) == 1
    assert deliveries(world)[0].last_error is None


def test_a_webhook_that_was_removed_is_told_nothing_more(world: World, receiver: Receiver) -> None:
    webhook_id = listen(world, receiver)
    happen(world, webhook_id, 2)
    with world.engine.begin() as db:
        table.remove(db, world.company.id, webhook_id, world.clock.now)
    happen(world, webhook_id)  # whoever was about to tell it at that moment
    assert deliver(world) == 0
    assert deliver(world, after=86400) == 0
    assert receiver.got == []


def test_another_secret_key_is_told_and_the_delivery_waits(world: World, receiver: Receiver) -> None:
    happen(world, listen(world, receiver))
    webhooks.deliver_due(world.engine, Keys("another key " * 4), make_settings(), world.clock)
    assert receiver.got == []
    assert "another secret key" in deliveries(world)[0].last_error


def test_after_a_crash_between_claim_and_outcome_it_is_delivered_again_with_the_same_id(
    engine: Engine, receiver: Receiver
) -> None:
    world = World.new(engine, 1)
    (event_id,) = happen(world, listen(world, receiver))
    commits: list[int] = []

    def crash(connection: object) -> None:
        commits.append(1)
        if len(commits) == 3:  # the look and the claim are committed, the outcome is not
            raise OSError("the process is gone")

    event.listen(engine, "commit", crash)
    deliver(world)
    event.remove(engine, "commit", crash)
    assert len(receiver.got) == 1
    assert deliver(world, after=CLAIM_HOLDS.total_seconds() - 1) == 0
    assert deliver(world, after=1) == 1
    assert [one.id for one in receiver.got] == [event_id] * 2
    assert deliveries(world)[0].delivered_at is not None


def test_several_that_deliver_at_once_deliver_each_event_once(engine: Engine, receiver: Receiver) -> None:
    world = World.new(engine, 1)
    ids = happen(world, listen(world, receiver), 60)
    failures: list[Exception] = []

    def work() -> None:
        try:
            while deliver(world):
                pass
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(one.id for one in receiver.got) == sorted(ids)
    assert all(row.delivered_at is not None for row in deliveries(world))


def test_what_is_old_and_settled_is_forgotten(engine: Engine, receiver: Receiver) -> None:
    world = World.new(engine, 1)
    webhook_id = listen(world, receiver)
    happen(world, webhook_id, 2)
    while deliver(world):
        pass
    receiver.answers.append(500)
    happen(world, webhook_id)
    deliver(world)
    world.clock.advance(100)
    happen(world, webhook_id)
    with engine.begin() as db:
        assert table.drop_old(db, world.clock.now) == 2
    assert len(deliveries(world)) == 2


# --- addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/hooks?x=1",
        "https://example.com:8443/",
        "https://1.1.1.1/hooks",
        "https://[2606:4700::1111]/hooks",
    ],
)
def test_addresses_of_the_internet_are_taken_over_https(registering: World, url: str) -> None:
    assert register(registering, url, QBWC_PUBLIC_URL=PUBLIC)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "example.com/hooks",
        "https:///hooks",
        "https://user@example.com/",
        "https://user:password@example.com/",
        "https://example.com/#part",
        "https://example.com:99999/",
        "https://[::1/",
        "https://exa mple.com/",
        "https://example.com/\r\nHost: other",
        "https://ejemplo.com/año",
        "https://example.com/" + "x" * 2000,
        "javascript:alert(1)",
        "",
    ],
)
def test_what_is_no_address_for_a_webhook_is_refused(registering: World, url: str) -> None:
    with pytest.raises(WrongAddress):
        register(registering, url)


PRIVATE = [
    "https://localhost/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://0.0.0.0/",
    "https://10.1.2.3/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://100.64.0.1/",
    "https://224.0.0.1/",
    "https://[::1]/",
    "https://[::]/",
    "https://[fd00::1]/",
    "https://[fe80::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[64:ff9b::a00:1]/",
    "https://[2002:a00:1::]/",
]


@pytest.mark.parametrize("url", PRIVATE)
def test_a_private_network_is_refused_unless_the_operator_allows_it(registering: World, url: str) -> None:
    with pytest.raises(WrongAddress):
        register(registering, url, QBWC_PUBLIC_URL=PUBLIC)
    assert register(registering, url, QBWC_PUBLIC_URL=PUBLIC, QBWC_WEBHOOK_PRIVATE="yes")


def test_localhost_is_taken_where_the_service_itself_is_at_localhost(registering: World) -> None:
    assert register(registering, "http://localhost:9999/")
    assert register(registering, "http://127.0.0.1:9999/")
    with pytest.raises(WrongAddress):
        register(registering, "https://192.168.1.1/")
    with pytest.raises(WrongAddress):
        register(registering, "http://localhost:9999/", QBWC_PUBLIC_URL=PUBLIC)


def test_a_company_has_so_many_webhooks_at_most(registering: World) -> None:
    for number in range(webhooks.MOST_WEBHOOKS):
        register(registering, f"https://example.com/{number}")
    with pytest.raises(WrongAddress, match="Remove one"):
        register(registering, "https://example.com/more")


class Names:
    """What the DNS says from now on; `asked` counts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **names: list[str]) -> None:
        self.asked: list[str] = []
        known = {name.replace("_", "."): addresses for name, addresses in names.items()}
        real = socket.getaddrinfo

        def look_up(host: str, port: int, *rest: Any, **named: Any) -> Any:
            if host not in known:
                return real(host, port, *rest, **named)
            self.asked.append(host)
            return [
                (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
                for one in known[host]
            ]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "::1"])
def test_a_name_that_leads_into_a_private_network_is_not_connected_to(
    world: World, receiver: Receiver, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    happen(world, register(world, f"https://hooks.example:{receiver.port}/", QBWC_PUBLIC_URL=PUBLIC))
    Names(monkeypatch, hooks_example=[address])
    connected: list[object] = []
    monkeypatch.setattr(socket, "create_connection", lambda *address, **_: connected.append(address))
    deliver(world, make_settings(QBWC_PUBLIC_URL=PUBLIC))
    assert connected == []
    assert "private network" in deliveries(world)[0].last_error


def test_localhost_must_be_called_so_even_on_trial(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    happen(world, register(world, f"https://hooks.example:{receiver.port}/"))
    Names(monkeypatch, hooks_example=["127.0.0.1"])
    deliver(world)
    assert "private network" in deliveries(world)[0].last_error


def test_over_https_the_certificate_must_be_the_names_and_the_address_the_one_looked_at(
    world: World, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = make_certificate(tmp_path, "hooks.example")
    private = make_settings(QBWC_WEBHOOK_PRIVATE="yes")
    with receiving(certificate) as receiver:
        names = Names(monkeypatch, hooks_example=["127.0.0.1"], other_example=["127.0.0.1"])
        happen(world, register(world, f"https://hooks.example:{receiver.port}/a?b=c", QBWC_WEBHOOK_PRIVATE="yes"))
        deliver(world, private)
        assert "certificate" in deliveries(world)[0].last_error
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert names.asked == ["hooks.example"]
        deliver(world, private, after=30)
        assert names.asked == ["hooks.example"] * 2
        assert deliveries(world)[0].last_error is None
        assert receiver.got[0].headers["host"] == f"hooks.example:{receiver.port}"
        happen(world, register(world, f"https://other.example:{receiver.port}/", QBWC_WEBHOOK_PRIVATE="yes"))
        deliver(world, private)
        assert "certificate" in deliveries(world)[0].last_error
        assert len(receiver.got) == 1

"""The ticker: what is due happens by itself, whatever fails, and once however many tick."""

import logging
import time
from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Engine

from qbwc_service.db import web_sessions
from qbwc_service.db.engine import open_engine
from qbwc_service.db.web_sessions import Purpose
from qbwc_service.settings import Settings
from qbwc_service.ticker import Ticker
from tests.faults.world import KEYS, World

from .outside import Mailbox, Receiver
from .world import add_admin, deliveries, listen, make_settings, post_an_order


def ticking(world: World, engine: Engine, box: Mailbox) -> Ticker:
    settings: Settings = make_settings(
        QBWC_TICK_SECONDS="0.05",
        QBWC_SMTP_URL=f"smtp://127.0.0.1:{box.port}",
        QBWC_MAIL_FROM="qbwc@example.com",
    )
    return Ticker(settings, engine, KEYS, world.clock)


def wait_until(come: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not come():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_two_tickers_tell_all_of_it_once(engine: Engine, receiver: Receiver, box: Mailbox) -> None:
    world = World.new(engine, 1)
    add_admin(world)
    listen(world, receiver)
    other = open_engine(engine.url.render_as_string(hide_password=False))
    tickers = [ticking(world, engine, box), ticking(world, other, box)]
    for ticker in tickers:
        ticker.start()
    for number in range(1001, 1006):
        post_an_order(world, str(number))
    world.clock.advance(1)
    world.service.sessions.authenticate(world.credentials.username, "guess", "127.0.0.1")
    wait_until(lambda: all(row.delivered_at is not None for row in deliveries(world)) and box.mails)
    time.sleep(0.7)
    for ticker in tickers:
        ticker.stop()
    other.dispose()
    ids = [one.id for one in receiver.got]
    assert len(ids) == len(set(ids)) == len(deliveries(world)) > 15
    assert box.subjects() == ["Company 1: The Web Connector has a wrong password"]


def test_a_failure_ends_nothing(
    world: World, receiver: Receiver, box: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    listen(world, receiver)
    with world.engine.begin() as db:
        db.execute(text("ALTER TABLE webhook_deliveries RENAME TO mislaid"))
    ticker = ticking(world, world.engine, box)
    with caplog.at_level(logging.ERROR):
        ticker.start()
        wait_until(lambda: len(caplog.records) >= 2)
    with world.engine.begin() as db:
        db.execute(text("ALTER TABLE mislaid RENAME TO webhook_deliveries"))
    post_an_order(world)
    wait_until(lambda: len(receiver.got) == 9)
    ticker.stop()


def test_links_and_sessions_whose_time_is_over_are_forgotten(world: World, box: Mailbox) -> None:
    with world.engine.begin() as db:
        now = world.clock.now
        web_sessions.put_link(db, token_mac="m" * 64, purpose=Purpose.FIRST_ADMIN, user_id=None, now=now, ends_at=now)
    ticker = ticking(world, world.engine, box)
    ticker.start()

    def left() -> int:
        with world.engine.connect() as db:
            return len(db.execute(web_sessions.links.select()).all())

    wait_until(lambda: left() == 0)
    ticker.stop()


def test_it_stops_at_once(world: World, box: Mailbox) -> None:
    ticker = Ticker(make_settings(QBWC_TICK_SECONDS="60"), world.engine, KEYS, world.clock)
    ticker.start()
    time.sleep(0.3)
    began = time.monotonic()
    ticker.stop()
    assert time.monotonic() - began < 5

"""A company that posts orders, its admins, and the settings under which they are told of it."""

import datetime as dt
from typing import Any

from qbwc_service import settings, webhooks
from qbwc_service.db import people
from qbwc_service.db import webhooks as webhook_table
from qbwc_service.db.people import User
from qbwc_service.settings import Settings
from tests.bench.trade import update
from tests.faults.world import KEYS, World
from tests.orders import make_order

from .outside import Mailbox, Receiver


def make_settings(**given: str) -> Settings:
    """-> those of a trial at localhost, with these variables."""
    return settings.read({"QBWC_PUBLIC_URL": "http://localhost:8080", **given})


def with_mail(box: Mailbox) -> Settings:
    return make_settings(QBWC_SMTP_URL=f"smtp://127.0.0.1:{box.port}", QBWC_MAIL_FROM="qbwc@example.com")


def add_admin(world: World, email: str = "ana@example.com", language: str = "", *, admin: bool = True) -> User:
    with world.engine.begin() as db:
        user = people.put(db, email=email, name=email, is_admin=admin, now=world.clock.now)
        people.change(db, user.id, language=language)
    return user


def listen(world: World, receiver: Receiver) -> int:
    """The receiver is registered for the world's company; -> the webhook's id."""
    with world.engine.begin() as db:
        webhook_id, receiver.secret = webhooks.register(
            db,
            KEYS,
            world.company,
            f"http://localhost:{receiver.port}/hooks?from=qbwc",
            "ana@example.com",
            world.clock.now,
            make_settings(),
        )
    return webhook_id


def post_an_order(world: World, number: str = "1001", **changes: Any) -> None:
    world.send(make_order(number, **changes))
    update(world)


def deliver(world: World, settings: Settings | None = None, after: float = 0) -> int:
    """What is due so many seconds later is delivered; -> how many deliveries were tried."""
    world.clock.advance(after)
    return webhooks.deliver_due(world.engine, KEYS, settings or make_settings(), world.clock)


def deliveries(world: World) -> list[Any]:
    """The latest first."""
    with world.engine.connect() as db:
        return webhook_table.deliveries_of(db, world.company.id, limit=1000)


def hours(number: float) -> dt.timedelta:
    return dt.timedelta(hours=number)

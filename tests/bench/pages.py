"""What each page costs the server, in a company with 20,000 customers, 100,000 orders and 300,000 jobs.

The pages are asked for through the whole application, by somebody who is signed in. On SQLite by the CPU of this
process, in which the database runs; on PostgreSQL, which runs elsewhere, by the clock.
"""

import datetime as dt
import gc
import pathlib
import time
from collections.abc import Callable
from statistics import median

from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import Engine
from werkzeug.test import Client

from qbwc_service import settings, sign_in
from qbwc_service.app import App
from qbwc_service.db import people
from qbwc_service.db.jobs import jobs
from qbwc_service.db.lists import List, records
from qbwc_service.db.orders import orders
from qbwc_service.db.parties import Side, parties
from tests.faults.world import KEYS, World

from . import past
from .databases import database, kinds
from .figures import Figure
from .trade import ALL, known_world, order
from .trade import update as poll

LIMIT = 50  # ms
CUSTOMERS, ORDERS, JOBS = 20_000, 100_000, 300_000
PAGES = {
    "integrations": "/companies",
    "setup": "{base}/setup",
    "details": "{base}/details",
    "accounts": "{base}/accounts",
    "customers": "{base}/customers",
    "customers, suggested": "{base}/customers?filter=suggested",
    "customers, searched": "{base}/customers?q=person+19",
    "orders": "{base}/orders",
    "orders, searched": "{base}/orders?q=old-4321",
    "orders, not sent": "{base}/orders?state=new",
    "orders, in QuickBooks": "{base}/orders?state=posted",
    "orders that need a person": "{base}/orders?state=attention",
    "an order": "{base}/orders/999",
    "the send window": "{base}/orders/new-1/send",
    "CRM": "{base}/crm",
    "activity": "{base}/activity",
    "activity that needs a person": "{base}/activity?state=attention",
    "activity in QuickBooks": "{base}/activity?state=posted",
    "programs": "{base}/api",
    "people": "/people",
    "audit trail": "/audit",
    "help": "/help",
}


def run(
    server: str | None = None,
    *,
    customers: int = CUSTOMERS,
    order_count: int = ORDERS,
    job_count: int = JOBS,
    rounds: int = 5,
) -> list[Figure]:
    figures = []
    for kind, where in kinds(server):
        clock = time.process_time if where is None else time.perf_counter
        with database(where) as engine:
            world = _shop(engine, customers, order_count, job_count)
            client = _signed_in(engine)
            base = f"/companies/{world.company.id}"
            for name, path in PAGES.items():
                figures.append(_page(client, path.format(base=base), f"{kind}: {name}", clock, rounds))
    return figures


def _page(client: Client, path: str, name: str, clock: Callable[[], float], rounds: int) -> Figure:
    spent = []
    for _ in range(rounds + 1):  # the first one compiles templates and statements
        gc.collect()
        begun = clock()
        answer = client.get(path)
        spent.append(clock() - begun)
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status}")
    return Figure(name, median(spent[1:]) * 1000, "ms", LIMIT)


def _signed_in(engine: Engine) -> Client:
    configured = settings.read({"QBWC_SECRET_KEY": "f" * 64, "QBWC_DATA_DIR": str(pathlib.Path.cwd())})
    client = Client(App(configured, engine, KEYS))
    with engine.begin() as db:
        admin = people.put(db, email="ana@example.com", name="Ana", is_admin=True, now=_now())
        token = sign_in.begin(db, KEYS, admin, _now(), "127.0.0.1", "a benchmark")
    client.set_cookie("qbwc", token)
    return client


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _shop(engine: Engine, customers: int, order_count: int, job_count: int) -> World:
    """-> a company with that much of a past: most of it posted, some orders not sent, some that need a person."""
    world = known_world(engine)
    world.send(order(999), ALL)
    poll(world)
    past.add_jobs(engine, job_count)
    company = world.company.id
    with engine.begin() as db:
        named = [(f"C{n}", f"Person {n}") for n in range(customers)]
        db.execute(
            insert(records),
            [
                {
                    "company_id": company,
                    "list": List.CUSTOMER,
                    "list_id": f"8-{id_}",
                    "name": name,
                    "key": name.lower(),
                    "is_active": True,
                    "type": "",
                    "position": 0,
                }
                for id_, name in named
            ],
        )
        db.execute(
            insert(parties),
            [
                {
                    "company_id": company,
                    "record": f"customer:{id_}",
                    "side": Side.CUSTOMER,
                    "id": id_,
                    "name": name,
                    "key": name.lower(),
                }
                for id_, name in named
            ],
        )
        last = db.execute(select(orders).order_by(orders.c.id.desc()).limit(1)).one()
        there = db.execute(select(func.count()).select_from(orders)).scalar_one()
        unsent = max(order_count - there, 2)
        content = last.content.replace(f'"number":"{last.number}"', '"number":"NUMBER"')
        db.execute(
            insert(orders),
            [
                {
                    **{key: value for key, value in last._mapping.items() if key not in ("id", "sent_at")},
                    "number": f"new-{n}",
                    "search": f"new-{n} person",
                    "content": content.replace("NUMBER", f"new-{n}"),
                }
                for n in range(unsent)
            ],
        )
        troubled = select(jobs.c.id).where(jobs.c.kind == "Bill").order_by(jobs.c.id.desc()).limit(200)
        trouble = {"state": "attention", "status_code": "3140", "explanation": "An account is gone."}
        db.execute(update(jobs).where(jobs.c.id.in_(troubled)).values(**trouble))
    past.settle(engine)
    return world

"""`qbwc demo`: the whole way of some orders, from the order system to QuickBooks' books, on this machine."""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from .. import orders, settings, sign_in
from ..companies import account, qwc
from ..db import people, schema
from ..db.engine import open_engine, reading
from ..db.web_sessions import Purpose
from ..posting import exchange
from ..posting import send as sending
from ..posting.plan import Choices
from ..secrets import Keys, make_key_file
from ..settings import Settings
from ..simulator import Company, WebConnector
from .common import Failure, as_json, now, print_json

SAMPLES = pathlib.Path(__file__).parent / "samples" / "orders.json"
MOST_POLLS = 5
POLL_EVERY = 3  # seconds


@click.command()
@click.option("--serve", "serve_", is_flag=True, help="Leave it running with its pages, until Ctrl-C.")
@as_json
def demo(serve_: bool, json_: bool) -> None:
    """See it work: service, simulated QuickBooks and sample orders in one.

    Starts the real service on a temporary database and a free port, adds a company and some orders, lets a simulated
    Web Connector poll it, and shows what the simulated QuickBooks holds then. Nothing is left behind.

    With --serve the service stays, prints the link to its pages, and the simulated Web Connector polls it every few
    seconds: what you send there arrives while you look.
    """
    with tempfile.TemporaryDirectory(prefix="qbwc-demo-") as folder:
        configured = _settings(pathlib.Path(folder))
        books = Company.new(name="ABC Promotions")
        file, password = _prepare(configured, leave=1 if serve_ else 0)
        if serve_:
            _stay(configured, WebConnector.from_qwc(file, password, books), json_)
            return
        with _served(configured):
            connector = WebConnector.from_qwc(file, password, books)
            outcomes = [connector.poll()]
            while outcomes[-1].round_trips and len(outcomes) < MOST_POLLS:
                outcomes.append(connector.poll())
        states = _states(configured)
    transactions = books.transactions()
    round_trips = sum(outcome.round_trips for outcome in outcomes)
    if json_:
        print_json({"transactions": transactions, "round_trips": round_trips})
    else:
        _tell(transactions, round_trips, states)
    if any(state != "posted" for state in states.values()):
        raise Failure("not all orders arrived; this is a fault of qbwc's")


def _settings(folder: pathlib.Path) -> Settings:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    make_key_file(folder / "secret.key")
    return settings.read({"QBWC_DATA_DIR": str(folder), "PORT": str(port)})


def _stay(configured: Settings, connector: WebConnector, json_: bool) -> None:
    """Serves the pages and polls, until SIGTERM or Ctrl-C."""
    link = _sign_in_link(configured)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with _served(configured):
        connector.poll()
        if json_:
            print_json({"sign_in": link, "url": configured.public_url})
        else:
            click.echo(f"The demo runs at {configured.public_url}. Open this link, which works once:\n  {link}")
            click.echo(f"A simulated Web Connector polls it every {POLL_EVERY} seconds. Ctrl-C ends it.")
        sys.stdout.flush()
        while not stop.wait(POLL_EVERY):
            try:
                connector.poll()
            except OSError as error:
                raise Failure(f"the service is gone: {error}") from None


def _sign_in_link(configured: Settings) -> str:
    """-> a link that signs the demo's admin in, once."""
    assert configured.secret_key is not None
    engine = open_engine(configured.database_url)
    with engine.begin() as db:
        admin = people.put(db, email="demo@localhost", name="Demo Admin", is_admin=True, now=now())
        token = sign_in.make_link(db, Keys(configured.secret_key), Purpose.SIGN_IN, admin, now())
    engine.dispose()
    return f"{configured.public_url}/enter/{token}"


def _prepare(configured: Settings, leave: int) -> tuple[str, str]:
    """-> the .qwc file and the password of a company with sample orders, all sent but the last ones to be left."""
    engine = open_engine(configured.database_url)
    schema.migrate(engine)
    assert configured.secret_key is not None  # made a moment ago
    with engine.begin() as db:
        company, credentials = account.add(db, Keys(configured.secret_key), "ABC Promotions", None, 5, now())
        exchange.read_lists_of_new(db, company.id, now())
        samples = orders.read(SAMPLES.read_bytes())
        for order in samples:
            sending.store(db, company, order, now())
        for order in samples[: len(samples) - leave]:
            both = bool(order.suppliers)
            sending.send(db, company, order.number, Choices(bill=both, purchase_order=both), now())
    engine.dispose()
    return qwc.write(company, configured.public_url), credentials.password


@contextmanager
def _served(configured: Settings) -> Iterator[None]:
    """The service as a process of its own, as an operator would start it."""
    environment = {**os.environ, "QBWC_DATA_DIR": str(configured.data_dir), "QBWC_PUBLIC_URL": configured.public_url}
    for name in ("DATABASE_URL", "QBWC_SECRET_KEY", "QBWC_SECRET_KEY_FILE"):
        environment.pop(name, None)
    log = configured.data_dir / "serve.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(  # noqa: S603  our own program
            [sys.executable, "-m", "qbwc_service", "serve", "--port", str(configured.port)],
            env=environment,
            stdout=errors,
            stderr=errors,
        )
    try:
        _wait_until_ready(configured, process, log)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def _wait_until_ready(configured: Settings, process: "subprocess.Popen[bytes]", log: pathlib.Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{configured.public_url}/readyz", timeout=5):  # noqa: S310  our own address
                return
        except OSError:
            time.sleep(0.05)
    raise Failure(f"the service did not start:\n{log.read_text(errors='replace')}")


def _states(configured: Settings) -> dict[str, str]:
    engine = open_engine(configured.database_url)
    with reading(engine) as db:
        from ..db import companies

        (company,) = companies.all_of_them(db)
        found: dict[str, str] = {
            order.number: sending.state_of(db, company, order.number)[0] for order in orders.read(SAMPLES.read_bytes())
        }
    engine.dispose()
    return found


_TITLES = {
    "Invoice": "Invoice",
    "ReceivePayment": "Payment",
    "Bill": "Bill",
    "PurchaseOrder": "Purchase order",
}


def _tell(transactions: list[dict[str, Any]], round_trips: int, states: dict[str, str]) -> None:
    click.echo("What QuickBooks holds now:")
    for held in transactions:
        click.echo(f"\n{_TITLES[held['kind']]} {held['ref_number'] or ''} - {held['entity']}")
        for line in held["lines"]:
            quantity, rate = line["quantity"] or "", line["rate"] or ""
            click.echo(
                f"  {line['item'] or '':<16} {quantity:>8} {_short(line['description'] or '', 34):<34}"
                f" {rate:>10} {line['amount']:>10}"
            )
        for name, label in (("total", "TOTAL"), ("applied", "PAYMENTS APPLIED"), ("balance", "BALANCE DUE")):
            if held[name] is not None and (name == "total" or held["kind"] == "Invoice"):
                click.echo(f"  {label:>70} {held[name]:>12}")
    click.echo(f"\n{round_trips} messages went to QuickBooks. Orders: ", nl=False)
    click.echo(", ".join(f"{number} {state}" for number, state in states.items()))


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"

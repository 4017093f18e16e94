"""After an upgrade the work goes on where the earlier program left it: what was away is settled, what waits is posted.

The rows and the simulated QuickBooks' books are those of the same moment: a message of ABC Promotions is in flight and
QuickBooks has carried it out; of the other company's QuickBooks died in the middle of one, and the look-up is away.
"""

import datetime as dt
import json
import random

import pytest
from sqlalchemy import select
from werkzeug.test import Client

from qbwc_service import sign_in
from qbwc_service.companies import account
from qbwc_service.db import companies, people, schema
from qbwc_service.db.engine import open_engine, reading
from qbwc_service.db.jobs import jobs
from qbwc_service.posting import queue
from qbwc_service.posting import send as sending
from qbwc_service.settings import Settings
from qbwc_service.simulator import Company
from qbwc_service.web import cookies, site
from tests.faults.world import KEYS, Clock, Service, World
from tests.ops.kept import held
from tests.orders import make_order

from .filling import EARLIER, ROWS, fill

THEN = json.loads((ROWS / "quickbooks.json").read_text("utf-8"))
ABC, OVERSEAS = THEN["books"]
ODD = "Nº-1002/ß"


@pytest.fixture(params=EARLIER)
def upgraded(request, empty_url):
    """-> a database of an earlier schema, which was migrated; once of each kind."""
    engine = open_engine(empty_url)
    fill(engine, request.param)
    schema.migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def abc(upgraded):
    made = world(upgraded, ABC)
    with made.gone():
        yield made


@pytest.fixture
def overseas(upgraded):
    made = world(upgraded, OVERSEAS)
    with made.gone():
        yield made


def world(engine, name):
    """-> the company of that name with its QuickBooks, five minutes later."""
    clock = Clock(dt.datetime.fromisoformat(THEN["now"]) + dt.timedelta(minutes=5))
    with engine.connect() as db:
        company = companies.by_name(db, name)
    assert company is not None
    credentials = account.Credentials(company.username, THEN["passwords"][name])
    books = Company.from_json(THEN["books"][name], clock=clock)
    return World(engine, random.Random(1), books, clock, Service(engine, clock), company, credentials)


def poll(world):
    """-> the messages of one update in which nothing goes wrong."""
    world.clock.advance(300)
    connector, sent = world.connector(), []
    if not connector.login():
        return sent
    while message := connector.fetch():
        sent.append(message)
        if connector.bring(connector.process(message)) == 100:
            break
    connector.close()
    return sent


def states(world):
    """-> of each record that counts: its job's state."""
    with world.engine.connect() as db:
        current = select(jobs.c.record, jobs.c.state).where(
            jobs.c.company_id == world.company.id, jobs.c.superseded_at.is_(None), ~jobs.c.record.startswith("list:")
        )
        return dict(db.execute(current).all())


def of_order(world, number):
    with world.engine.connect() as db:
        return sending.state_of(db, world.company, number)[0]


def test_what_was_in_flight_is_looked_up_and_settled_and_what_waits_is_posted_once(abc):
    before = states(abc)
    assert before["invoice:1009"] == "in_flight"
    assert "<InvoiceQueryRq" in poll(abc)[0]
    poll(abc)
    left = {record: state for record, state in states(abc).items() if state != "posted"}
    assert left == {  # as before, for these are a person's
        "customer:C-19": "attention",
        "invoice:1005": "waiting",
        "payment:1005:P-1": "waiting",
        "invoice:1004": "cancelled",
        "payment:1004:P-1": "cancelled",
    }
    assert set(held(abc.books).values()) == {1}
    assert sorted(invoice.ref_number for invoice in abc.books.invoices if invoice.ref_number[0] == "1") == [
        *("1001", "1003", "1006", "1007", "1008", "1009", "1011", "1012", "1013", "1014", "1015")
    ]


def test_an_answer_from_before_the_upgrade_is_taken_under_its_ticket(abc):
    """The connector was in the middle of a session, and waited while the service was upgraded."""
    abc.clock.now = dt.datetime.fromisoformat(THEN["now"]) + dt.timedelta(seconds=20)
    away = THEN["unanswered"]
    assert 0 < abc.service.call("receive_response", away["ticket"], away["answer"], "", "") < 100
    assert states(abc)["invoice:1009"] == "posted"
    poll(abc)
    assert set(held(abc.books).values()) == {1}


def test_what_was_in_doubt_is_settled_by_what_quickbooks_holds(overseas):
    assert [state for state in states(overseas).values() if state == "in_doubt"]
    some = len(held(overseas.books))
    for _ in range(3):
        poll(overseas)
    assert set(states(overseas).values()) == {"posted"}
    assert set(held(overseas.books).values()) == {1}
    assert len(held(overseas.books)) == 12 > some > 0


def test_a_person_mends_what_the_earlier_program_left_to_them(abc):
    with abc.engine.begin() as db:
        (job,) = db.execute(select(jobs).where(jobs.c.record == "customer:C-19", jobs.c.state == "attention"))
        queue.rename(db, job, "Zweierlei (Kunde)")
        queue.retry(db, [job], abc.clock.now)
    poll(abc)
    assert of_order(abc, "1005") == "posted"


def test_an_order_that_was_sent_before_is_not_sent_again_and_a_new_one_of_its_customer_makes_no_other(abc):
    poll(abc)
    customers = len(abc.books.customers)
    abc.send(make_order("2001", customer={"id": "C-17", "name": "ABC Company"}))
    with abc.engine.begin() as db:
        for number in ("1001", ODD):
            sending.send(db, abc.company, number, sending.Choices(bill=True, purchase_order=True), abc.clock.now)
    poll(abc)
    assert of_order(abc, "2001") == "posted"
    assert len(abc.books.customers) == customers
    assert set(held(abc.books).values()) == {1}


def test_the_password_in_force_opens_the_connection_and_can_be_shown(abc):
    assert abc.connector().login()
    with abc.engine.connect() as db:
        assert account.password_of(db, KEYS, abc.company) == abc.credentials.password


def test_the_pages_show_the_orders_of_before_with_totals_and_find_them(upgraded, tmp_path):
    settings = Settings("unused", tmp_path, "http://localhost:8080", 8080, "f" * 64)
    now = dt.datetime.now(dt.UTC)
    with upgraded.begin() as db:
        user = people.put(db, email="new@example.com", name="New", is_admin=True, now=now)
        token = sign_in.begin(db, KEYS, user, now, "", "")
    browser = Client(site.Site(settings, upgraded, KEYS))
    browser.set_cookie(cookies.name_of(settings), token)
    with reading(upgraded) as db:
        company = companies.by_name(db, ABC)
    assert company is not None

    def page(path):
        answer = browser.get(f"/companies/{company.id}{path}", follow_redirects=True)
        assert answer.status_code == 200, path
        return answer.text

    everything = page("/orders")
    assert "243.04" in everything
    assert "999,999,999,899.00" in everything
    found = page("/orders?search=m%C3%BCller")
    assert ODD in found
    assert ">1001<" not in found
    for path in ("", "/orders/1001", "/orders/N%C2%BA-1002%2F%C3%9F", "/activity", "/activity/30", "/crm", "/details"):
        page(path)

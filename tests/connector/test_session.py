"""A ticket's life (contract.md part 2), on both databases, with the clock in hand."""

import datetime as dt
import threading

import pytest
from sqlalchemy import select

from qbwc_service import orders
from qbwc_service.companies import account, preferences
from qbwc_service.connector.session import Sessions
from qbwc_service.db import companies, job_views, messages
from qbwc_service.db import jobs as job_table
from qbwc_service.posting import exchange
from qbwc_service.posting import send as sending
from qbwc_service.secrets import Keys
from tests import memory
from tests.connector.canned import answer, requests_of
from tests.orders import as_text, make_order

KEYS = Keys("s" * 64)
HOST = (
    '<?xml version="1.0" ?><QBXML><QBXMLMsgsRs><HostQueryRs requestID="0" statusCode="0" statusSeverity="Info" '
    'statusMessage="Status OK"><HostRet><ProductName>QuickBooks 2024</ProductName>{versions}</HostRet></HostQueryRs>'
    '<CompanyQueryRs requestID="1" statusCode="0" statusSeverity="Info" statusMessage="Status OK"><CompanyRet>'
    "<CompanyName>{name}</CompanyName>{stamp}</CompanyRet></CompanyQueryRs></QBXMLMsgsRs></QBXML>"
)


def versions(*numbers):
    return "".join(f"<SupportedQBXMLVersion>{number}</SupportedQBXMLVersion>" for number in numbers)


def stamp(owner, file):
    return (
        f"<DataExtRet><OwnerID>{owner}</OwnerID><DataExtName>FileID</DataExtName>"
        f"<DataExtType>STR255TYPE</DataExtType><DataExtValue>{file}</DataExtValue></DataExtRet>"
    )


class Line:
    """The service as its Web Connector has it on the line."""

    def __init__(self, engine):
        self.engine = engine
        self.now = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)
        self.sessions = Sessions(engine, KEYS, lambda: self.now)
        with engine.begin() as db:
            self.company, self.login = account.add(db, KEYS, "ABC", None, 5, self.now)
            exchange.read_lists_of_new(db, self.company.id, self.now)

    def prefer(self, **values):
        with self.engine.begin() as db:
            wanted = preferences.change(preferences.Preferences(), {k: str(v) for k, v in values.items()})
            companies.save_settings(db, self.company.id, preferences.dump(wanted))

    def order(self, number="1001", **changes):
        (read,) = orders.read(as_text(make_order(number, **changes)))
        with self.engine.begin() as db:
            sending.store(db, self.company, read, self.now)
            sending.send(db, self.company, number, sending.defaults(self.company), self.now)

    def authenticate(self):
        return self.sessions.authenticate(self.login.username, self.login.password, "127.0.0.1")

    def send(self, ticket, hcp="", path=r"C:\abc.qbw"):
        return self.sessions.send_request(ticket, hcp, path, "US", 13, 0)

    def bring(self, ticket, response="", hresult="", message=""):
        return self.sessions.receive_response(ticket, response, hresult, message)

    def run(self):
        """-> the messages of one session in which QuickBooks takes everything."""
        ticket, what = self.authenticate()
        sent = []
        while what != "none":
            sent.append(self.send(ticket))
            if self.bring(ticket, answer(sent[-1], ids=f"S{len(sent)}")) == 100:
                self.sessions.close(ticket)
                break
        return sent

    def states(self):
        with self.engine.connect() as db:
            rows = job_views.listed(db, company_id=self.company.id, state=None, limit=None, lists=False)
        return {row.kind: row.state for row in rows}

    def answers(self):
        with self.engine.connect() as db:
            return db.execute(select(messages.answers).order_by(messages.answers.c.id)).all()


@pytest.fixture
def line(engine):
    return Line(engine)


@pytest.fixture
def ready(line):
    """The lists are read, and nothing waits."""
    line.run()
    return line


def test_a_session_goes_from_ticket_to_100_and_then_there_is_none(line):
    line.order()
    ticket, what = line.authenticate()
    assert what == ""
    first = line.send(ticket)
    assert {kind for kind, _ in requests_of(first)} >= {"AccountQuery", "CustomerQuery"}
    assert 1 <= line.bring(ticket, answer(first)) <= 99
    second = line.send(ticket)
    assert {kind for kind, _ in requests_of(second)} >= {"CustomerAdd", "InvoiceAdd", "ReceivePaymentAdd"}
    assert line.bring(ticket, answer(second)) == 100
    assert line.sessions.close(ticket) == "OK"
    assert set(line.states().values()) == {"posted"}
    assert line.authenticate()[1] == "none"


def test_the_company_file_to_open_is_told(engine):
    line = Line(engine)
    with engine.begin() as db:
        db.execute(companies.companies.update().values(company_file=r"C:\Books\abc.qbw"))
    assert line.authenticate()[1] == r"C:\Books\abc.qbw"


@pytest.mark.parametrize(
    "ticket", ["", "x", "{00000000-0000-0000-0000-000000000000}", "'; DROP TABLE jobs; --", "\ud800"]
)
def test_an_unknown_ticket_gets_nothing_and_changes_nothing(ready, ticket):
    ready.order()
    assert ready.send(ticket) == ""
    assert ready.bring(ticket, answer('<InvoiceAddRq requestID="1-1">')) == -1
    assert ready.sessions.last_error(ticket) != ""
    assert ready.sessions.close(ticket) == "OK"
    assert ready.sessions.connection_error(ticket, "0x80040408", "x") == "done"
    assert set(ready.states().values()) == {"ready", "waiting"}


def test_a_closed_ticket_is_over(ready):
    ready.order()
    ticket, _ = ready.authenticate()
    ready.sessions.close(ticket)
    assert ready.sessions.close(ticket) == "OK"
    assert ready.send(ticket) == ""
    assert ready.bring(ticket) == -1
    assert "over" in ready.sessions.last_error(ticket)


def test_a_ticket_expires_an_hour_after_it_was_last_heard_of(ready):
    ready.order()
    ticket, _ = ready.authenticate()
    ready.now += dt.timedelta(minutes=60, seconds=1)
    assert ready.send(ticket) == ""
    ticket, _ = ready.authenticate()
    ready.now += dt.timedelta(minutes=59)
    assert ready.send(ticket) != ""


def test_a_second_login_ends_the_first(ready):
    ready.order()
    first, _ = ready.authenticate()
    second, _ = ready.authenticate()
    assert ready.send(first) == ""
    assert "InvoiceAdd" in ready.send(second)


def test_of_parallel_calls_with_one_ticket_only_one_gets_the_order(ready):
    ready.order()
    ticket, _ = ready.authenticate()
    got, failures = [], []

    def call():
        try:
            got.append(ready.send(ticket))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sum("<InvoiceAdd" in message for message in got) == 1


def test_what_was_not_answered_is_asked_for_at_once_when_more_is_wanted(ready):
    ready.order()
    ticket, _ = ready.authenticate()
    ready.send(ticket)
    assert {kind for kind, _ in requests_of(ready.send(ticket))} == {
        "CustomerQuery",
        "ItemQuery",
        "InvoiceQuery",
        "PaymentMethodQuery",
        "ReceivePaymentQuery",
    }


def test_what_was_sent_and_not_answered_is_in_doubt_in_the_next_session_and_the_same_bytes_go_again(ready):
    ready.order()
    ticket, _ = ready.authenticate()
    lost = ready.send(ticket)
    ticket, what = ready.authenticate()
    assert what == ""
    assert set(ready.states().values()) == {"in_doubt"}
    look_up = ready.send(ticket)
    assert "Add" not in look_up
    assert 1 <= ready.bring(ticket, answer(look_up)) <= 99
    assert ready.send(ticket) == lost
    # It left twice, and may have been carried out twice: QuickBooks is asked how often it holds each transaction.
    assert 1 <= ready.bring(ticket, answer(lost)) <= 99
    assert set(ready.states().values()) == {"posted", "in_doubt"}
    assert {kind for kind, _ in requests_of(ready.send(ticket))} == {"InvoiceQuery", "ReceivePaymentQuery"}


def test_an_answer_that_comes_twice_has_one_effect(ready):
    ready.order()
    ticket, _ = ready.authenticate()
    message = ready.send(ticket)
    first = ready.bring(ticket, answer(message, ids="first"))
    assert ready.bring(ticket, answer(message, ids="second")) == first
    with ready.engine.connect() as db:
        rows = db.execute(select(job_table.jobs.c.txn_id).where(job_table.jobs.c.txn_id.is_not(None))).scalars().all()
    assert rows
    assert all(txn_id.startswith("first") for txn_id in rows)
    assert [kept.note for kept in ready.answers()][-1] == "late"


def test_an_answer_under_a_closed_ticket_still_settles(ready):
    ready.order()
    old, _ = ready.authenticate()
    message = ready.send(old)
    new, _ = ready.authenticate()
    assert ready.bring(old, answer(message)) == -1
    assert set(ready.states().values()) == {"posted"}
    assert ready.send(new) != ""


def test_an_answer_under_a_ticket_of_nobody_is_kept_and_not_believed(ready):
    ready.order()
    ticket, _ = ready.authenticate()
    message = ready.send(ticket)
    assert ready.bring("{forged}", answer(message)) == -1
    assert set(ready.states().values()) == {"in_flight"}
    assert ready.answers()[-1].note == "under an unknown ticket: not used"


@pytest.mark.parametrize("garbage", ["", "nonsense", "<QBXML/>", "<QBXML><QBXMLMsgsRs><X/></QBXMLMsgsRs></QBXML>"])
def test_an_answer_that_is_none_leaves_all_in_doubt_and_is_kept(ready, garbage):
    ready.order()
    ticket, _ = ready.authenticate()
    ready.send(ticket)
    assert ready.bring(ticket, garbage) < 0
    assert ready.sessions.last_error(ticket) != ""
    assert set(ready.states().values()) == {"in_doubt"}
    assert ready.answers()[-1].response == garbage


@pytest.mark.parametrize("hresult", ["0x80040402", "0x8004040d", "0x800706BA", "nonsense"])
def test_an_hresult_that_proves_nothing_leaves_all_in_doubt(ready, hresult):
    ready.order()
    ticket, _ = ready.authenticate()
    ready.send(ticket)
    assert ready.bring(ticket, "", hresult, "QuickBooks went away") < 0
    assert set(ready.states().values()) == {"in_doubt"}


def test_a_message_refused_unread_is_halved_until_the_document_at_fault_is_alone(ready):
    ready.order(payments=[], discount=None)
    ticket, _ = ready.authenticate()
    for _ in range(8):
        message = ready.send(ticket)
        bad = "<InvoiceAdd" in message
        percent = ready.bring(ticket, "", "0x80040400", "parse") if bad else ready.bring(ticket, answer(message))
        if percent == 100:
            break
    assert ready.states() == {"Customer": "posted", "ItemNonInventory": "posted", "Invoice": "attention"}


def test_a_wrong_company_file_gets_no_message_and_says_so(ready):
    ready.order()
    ticket, _ = ready.authenticate()
    wrong = HOST.format(name="Other", versions="", stamp=stamp(ready.company.owner_id, "{0}"))
    assert ready.send(ticket, wrong, r"C:\other.qbw") == ""
    assert "Other" in ready.sessions.last_error(ticket)
    assert ready.sessions.close(ticket) == "OK"
    ticket, _ = ready.authenticate()
    right = HOST.format(
        name="ABC", versions="", stamp=stamp(ready.company.owner_id.lower(), ready.company.file_id.lower())
    )
    assert "InvoiceAdd" in ready.send(ticket, right)


def test_a_file_without_a_stamp_must_bear_the_name_that_is_known(ready):
    ready.order()
    for name, taken in (("ABC books", True), ("Other books", False), ("ABC books", True)):
        ticket, _ = ready.authenticate()
        assert (ready.send(ticket, HOST.format(name=name, versions="", stamp="")) != "") is taken


@pytest.mark.parametrize(
    ("offered", "spoken"),
    [(("1.0", "8.0"), "8.0"), (("12.0", "13.0"), "13.0"), (("9.0", "16.0"), "16.0"), (("16.0", "17.0"), "16.0")],
)
def test_the_highest_version_that_both_know_is_spoken(ready, offered, spoken):
    ready.order()
    ticket, _ = ready.authenticate()
    message = ready.send(ticket, HOST.format(name="ABC", versions=versions(*offered), stamp=""))
    assert f'<?qbxml version="{spoken}"?>' in message


def test_a_quickbooks_too_old_is_told_so(ready):
    ready.order()
    ticket, _ = ready.authenticate()
    assert ready.send(ticket, HOST.format(name="ABC", versions=versions("6.0", "7.0"), stamp="")) == ""
    assert "Update QuickBooks" in ready.sessions.last_error(ticket)


def test_a_session_with_nothing_left_to_send_ends_without_an_error(ready):
    """What was to be sent was cancelled after the login: an empty answer would show the user an error."""
    ready.order()
    ticket, _ = ready.authenticate()
    with ready.engine.begin() as db:
        db.execute(job_table.jobs.update().where(job_table.jobs.c.priority == 0).values(state="cancelled"))
    message = ready.send(ticket)
    assert [kind for kind, _ in requests_of(message)] == ["HostQuery"]
    assert ready.bring(ticket, answer(message)) == 100


def test_a_held_session_waits_and_takes_an_order_that_comes_meanwhile(ready):
    ready.prefer(hold_minutes=10)
    ticket, what = ready.authenticate()
    assert what == ""
    assert ready.send(ticket) == ""
    assert ready.sessions.last_error(ticket) == "NoOp"
    ready.now += dt.timedelta(seconds=5)
    ready.order()
    message = ready.send(ticket)
    assert "InvoiceAdd" in message
    assert ready.bring(ticket, answer(message)) == 99
    ready.now += dt.timedelta(minutes=10)
    last = ready.send(ticket)
    assert [kind for kind, _ in requests_of(last)] == ["HostQuery"]
    assert ready.bring(ticket, answer(last)) == 100


def test_the_lists_are_read_again_a_day_later(ready):
    assert ready.authenticate()[1] == "none"
    ready.now += dt.timedelta(hours=24)
    (message,) = ready.run()
    assert "AccountQuery" in message


def test_a_list_that_cannot_be_read_is_asked_for_again_and_does_not_stop_orders_for_ever(line):
    line.order()
    ticket, _ = line.authenticate()
    message = line.send(ticket)
    assert line.bring(ticket, answer(message, refuse={"TermsQuery": 3260})) < 100
    message = line.send(ticket)
    assert "InvoiceAdd" in message


def test_every_message_left_with_its_jobs_in_the_database(ready):
    ready.order()
    ticket, _ = ready.authenticate()
    message = ready.send(ticket)
    with ready.engine.connect() as db:
        row = db.execute(select(messages.messages).order_by(messages.messages.c.id.desc())).first()
        carried = db.execute(select(job_table.jobs).where(job_table.jobs.c.message_id == row.id)).all()
    assert row.body == message
    assert row.fate == "sent"
    assert len(row.set_id) <= 20
    assert f'newMessageSetID="{row.set_id}"' in message
    assert [f"{row.id}-{job.id}" for job in sorted(carried, key=lambda job: job.id)] == [
        request_id for _, request_id in requests_of(message)
    ]


def test_a_refused_company_file_stays_refused_on_the_same_ticket(line):
    line.order()
    ticket, _ = line.authenticate()
    assert line.send(ticket, HOST.format(name="Other", versions="", stamp=stamp(line.company.owner_id, "{0}"))) == ""
    assert line.send(ticket) == ""
    assert "Other" in line.sessions.last_error(ticket)


def test_a_held_session_that_was_ended_is_over_and_does_not_wait_for_ever(ready):
    ready.prefer(hold_minutes=10)
    old, _ = ready.authenticate()
    assert ready.send(old) == ""
    ready.authenticate()
    assert ready.send(old) == ""
    assert "over" in ready.sessions.last_error(old)


def test_logins_at_once_all_succeed_and_one_session_remains(ready):
    ready.order()
    got, failures = [], []

    def login():
        try:
            got.append(ready.authenticate())
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=login) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert {what for _, what in got} == {""}
    assert sum(ready.send(ticket) != "" for ticket, _ in got) == 1


def test_an_answer_with_a_monstrous_request_id_is_nobodys(ready):
    ready.order()
    ticket, _ = ready.authenticate()
    ready.send(ticket)
    monster = '<QBXML><QBXMLMsgsRs><InvoiceAddRs requestID="%s-1" statusCode="0"/></QBXMLMsgsRs></QBXML>' % ("9" * 40)
    assert ready.bring("{nobody}", monster) == -1
    assert ready.bring(ticket, monster) < 100


def test_the_interval_and_the_version_of_the_connector_are_learned(ready):
    def known():
        with ready.engine.connect() as db:
            row = companies.connection_of(db, ready.company.id)
        return row.usual_seconds, row.connector_version

    for _ in range(12):
        ready.now += dt.timedelta(minutes=15)
        ready.sessions.client_version("2.3.0.215", "127.0.0.1")
        ready.authenticate()
    assert known() == (900, "2.3.0.215")
    ready.now += dt.timedelta(seconds=40)  # somebody pressed "Update Selected"
    ready.sessions.client_version("9.9", "192.0.2.1")  # another connector's
    ready.authenticate()
    usual, version = known()
    assert 600 < usual < 900
    assert version == "2.3.0.215"


def test_an_answer_to_another_kind_of_request_says_nothing_of_this_one(ready):
    ready.order()
    ticket, _ = ready.authenticate()
    message = ready.send(ticket)
    said = dict(requests_of(message))
    told = answer(message).replace(f'requestID="{said["InvoiceAdd"]}"', 'requestID="@"')
    told = told.replace(f'requestID="{said["CustomerAdd"]}"', f'requestID="{said["InvoiceAdd"]}"')
    told = told.replace('requestID="@"', f'requestID="{said["CustomerAdd"]}"')
    assert ready.bring(ticket, told) > 0
    states = ready.states()
    assert (states["Customer"], states["Invoice"]) == ("in_doubt", "in_doubt")
    assert "CustomerQuery" in ready.send(ticket)  # QuickBooks is asked


@pytest.mark.parametrize("inside", ["", "<CustomerRet><ListID>X-1</ListID></CustomerRet>"])
def test_a_query_that_nobody_asked_does_not_spoil_the_answer_that_it_stands_in(ready, inside):
    """It bears the number of a list that is read, in a message of documents."""
    ready.order()
    ticket, _ = ready.authenticate()
    message = ready.send(ticket)
    (_, request_id), *_ = requests_of(message)
    with ready.engine.connect() as db:
        list_id = job_table.by_records(db, ready.company.id, ["list:customer"])["list:customer"].id
    stray = f'<CustomerQueryRs requestID="{request_id.partition("-")[0]}-{list_id}" statusCode="0">{inside}'
    told = answer(message).replace("</QBXMLMsgsRs>", f"{stray}</CustomerQueryRs></QBXMLMsgsRs>")
    assert ready.bring(ticket, told) == 100
    assert set(ready.states().values()) == {"posted"}


def test_a_number_that_is_none_in_an_answer_to_a_document_is_not_believed(ready):
    ready.order()
    ticket, _ = ready.authenticate()
    told = answer(ready.send(ticket)).replace("<InvoiceAddRs ", '<InvoiceAddRs retCount="many" ')
    assert ready.bring(ticket, told) == -1
    assert set(ready.states().values()) == {"in_doubt"}


def test_what_is_saved_and_then_refused_in_one_answer_is_saved(ready):
    ready.order()
    ticket, _ = ready.authenticate()
    message = ready.send(ticket)
    request_id = dict(requests_of(message))["InvoiceAdd"]
    refusal = f'<InvoiceAddRs requestID="{request_id}" statusCode="3070" statusSeverity="Error" statusMessage="no"/>'
    ready.bring(ticket, answer(message).replace("</QBXMLMsgsRs>", f"{refusal}</QBXMLMsgsRs>"))
    assert ready.states()["Invoice"] == "posted"


@pytest.mark.parametrize("wrong", ["x" * 37, "two words", "é"])
def test_an_answer_with_an_id_that_is_none_is_not_believed(ready, wrong):
    ready.order()
    ticket, _ = ready.authenticate()
    message = ready.send(ticket)
    request_id = dict(requests_of(message))["InvoiceAdd"]
    assert ready.bring(ticket, answer(message).replace(f"X-{request_id}", wrong)) == -1
    assert ready.states()["Invoice"] == "in_doubt"


def test_a_list_that_breaks_off_leaves_the_mirror_as_it_was(line):
    ticket, _ = line.authenticate()
    message = line.send(ticket)
    record = "<AccountRet><ListID>B-{0}</ListID><FullName>{0}</FullName></AccountRet>"
    many = "".join(record.format(number) for number in range(8000))  # more than is read at once
    whole = answer(message).replace("</AccountQueryRs>", f"{many}</AccountQueryRs>")
    assert line.bring(ticket, whole[: whole.index("</AccountQueryRs>")]) == -1
    with line.engine.connect() as db:
        assert db.exec_driver_sql("SELECT count(*) FROM list_records").scalar_one() == 0


def test_words_of_any_length_are_kept_short(ready):
    ready.order()
    ticket, _ = ready.authenticate()
    ready.send(ticket)
    assert ready.bring(ticket, hresult="0x" + "9" * 100_000, message="é" * 100_000) == -1
    with ready.engine.connect() as db:
        kept = db.exec_driver_sql("SELECT max(length(note)) FROM job_history").scalar_one()
    assert 2000 < kept < 2300


def test_a_version_that_no_quickbooks_has_does_no_harm(line):
    ticket, _ = line.authenticate()
    assert line.sessions.send_request(ticket, "", "", "a country" * 100, 15, 2**31 - 1).count("?qbxml version=") == 1


@pytest.mark.skipif(not memory.STATUS.exists(), reason="memory is read as Linux tells it")
def test_names_that_quickbooks_never_uses_leave_nothing_behind(ready):
    """lxml keeps the names that it met for as long as the thread lives that met them."""

    def names(part):
        return "".join(f"<A{part}-{n}/>" for n in range(100_000))

    ready.order()
    ticket, _ = ready.authenticate()
    host = HOST.format(versions=versions("13.0"), name="ABC", stamp="")
    whole = answer(ready.send(ticket, host.replace("</HostRet>", f"{names('host')}</HostRet>")))
    before = 0
    for part in range(14):
        ready.bring(ticket, whole.replace("</InvoiceAddRs>", f"{names(part)}</InvoiceAddRs>"))
        if part == 2:
            before = memory.settled()
    assert set(ready.states().values()) == {"posted"}
    assert memory.settled() - before < 25_000_000  # it would be twice that

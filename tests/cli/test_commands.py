"""The commands: output, data, and exit codes (design.md part 4). As processes they run in test_processes."""

import json
import stat

import pytest

from tests.orders import as_text, make_order
from tests.service import Qbwc


@pytest.fixture
def place(tmp_path):
    """-> the command and its folder, where `init` has run."""
    made = Qbwc(tmp_path)
    made.init()
    return made


@pytest.fixture
def qbwc(place):
    return place.here


@pytest.fixture
def company(qbwc):
    return qbwc.data("company", "add", "ABC Company")


def fails(done, code, *words):
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr
    return done.stderr


def test_init_may_be_run_again_and_keeps_the_key(place):
    file = place.data_dir / "secret.key"
    key = file.read_text()
    place.here.ok("init")
    assert file.read_text() == key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_without_a_database_every_command_says_what_to_do(tmp_path):
    done = Qbwc(tmp_path).here.run("company", "list")
    assert fails(done, 1, "qbwc init").count("\n") == 1


def test_all_faults_of_the_environment_are_told_at_once(tmp_path):
    command = Qbwc(tmp_path, database_url="mysql://x")
    command.environment |= {"QBWC_PUBLIC_URL": "http://books.example.com", "PORT": "http", "QBWC_SECRET_KEY": "short"}
    fails(command.here.run("company", "list"), 1, "DATABASE_URL", "QBWC_PUBLIC_URL", "PORT", "QBWC_SECRET_KEY")


def test_a_company_is_added_listed_shown_and_removed(qbwc):
    added = qbwc.data("company", "add", "ABC Company", "--company-file", r"C:\Books\abc.qbw", "--every-minutes", "3")
    assert set(added) == {"id", "name", "username", "password", "owner_id", "file_id"}
    assert [row["name"] for row in qbwc.data("company", "list")] == ["ABC Company"]
    shown = qbwc.data("company", "show", str(added["id"]))
    assert shown["company_file"] == r"C:\Books\abc.qbw"
    assert added["password"] not in json.dumps(shown)
    assert qbwc.data("company", "show", "abc company")["username"] == added["username"]
    qbwc.ok("company", "remove", "ABC Company")
    fails(qbwc.run("company", "show", "ABC Company"), 3)
    assert qbwc.data("company", "list") == []


def test_a_name_taken_is_exit_1_and_an_unknown_one_exit_3(qbwc, company):
    fails(qbwc.run("company", "add", "ABC Company"), 1, "ABC Company")
    for arguments in (
        ("company", "show", "Nobody"),
        ("qwc", "Nobody"),
        ("regenerate-password", "Nobody"),
        ("order", "show", "Nobody", "1"),
        ("order", "show", "ABC Company", "1"),
        ("order", "send", "ABC Company", "1"),
        ("job", "show", "1000"),
        ("job", "retry", "1000"),
        ("job", "list", "--company", "Nobody"),
    ):
        fails(qbwc.run(*arguments), 3)


def test_wrong_usage_is_exit_2(qbwc):
    for arguments in (
        ("order",),
        ("order", "add"),
        ("nonsense",),
        ("job", "list", "--state", "odd"),
        ("company", "add"),
    ):
        assert qbwc.run(*arguments).returncode == 2, arguments


def test_the_company_may_be_left_out_when_there_is_one(qbwc, company):
    assert qbwc.data("regenerate-password")["username"] == company["username"]
    assert company["file_id"] in qbwc.ok("qwc")
    qbwc.data("company", "add", "Other")
    assert qbwc.run("qwc").returncode == 2
    assert company["file_id"] in qbwc.ok("qwc", "ABC Company")


def test_the_qwc_file_is_written_and_holds_no_password(place, qbwc, company, tmp_path):
    file = tmp_path / "abc.qwc"
    qbwc.ok("qwc", "--output", str(file))
    assert file.read_text() == qbwc.ok("qwc")
    assert company["password"] not in file.read_text()
    assert f"{place.url}/qbwc" in file.read_text()
    fails(qbwc.run("qwc", "--output", str(tmp_path / "no" / "where.qwc")), 1, "where.qwc")


def test_a_new_password_is_printed_and_differs(qbwc, company):
    new = qbwc.data("regenerate-password", "ABC Company", "--grace", "24h")
    assert set(new) == {"username", "password"}
    assert new["username"] == company["username"]
    assert new["password"] != company["password"]
    for grace in ("24", "-1h", "8d", "0h"):
        assert qbwc.run("regenerate-password", "--grace", grace).returncode == 2


def test_an_order_is_stored_and_the_same_one_again_changes_nothing(qbwc, company):
    expected = {"orders": [{"number": "1001", "state": "new"}]}
    assert qbwc.data("order", "add", "ABC Company", "-", stdin=as_text(make_order())) == expected
    assert qbwc.data("order", "add", "ABC Company", "-", stdin=as_text(make_order())) == expected
    assert qbwc.data("order", "show", "ABC Company", "1001") == {"number": "1001", "state": "new", "documents": []}


def test_orders_are_stored_all_or_none(qbwc, company):
    bad = make_order("1002", tax={"amount": "1.005"})
    fails(qbwc.run("order", "add", "ABC Company", "-", stdin=as_text(make_order("1001"), bad)), 1, "[1].tax.amount")
    fails(qbwc.run("order", "show", "ABC Company", "1001"), 3)


def test_ten_faults_are_all_told_and_nothing_is_stored(qbwc, company, tmp_path):
    lines = [{"product_number": "A", "quantity": n, "rate": "x"} for n in range(5)]
    file = tmp_path / "order.json"
    file.write_text(as_text(make_order(lines=lines)))
    told = fails(qbwc.run("order", "add", "ABC Company", str(file)), 1)
    for n in range(5):
        assert f"lines[{n}].quantity" in told
        assert f"lines[{n}].rate" in told
    fails(qbwc.run("order", "show", "ABC Company", "1001"), 3)


@pytest.mark.parametrize("text", ["", "{", "[]", "\x00", "null"])
def test_a_wrong_file_is_one_clear_line(qbwc, company, text):
    assert len(fails(qbwc.run("order", "add", "ABC Company", "-", stdin=text), 1).splitlines()) == 2


def test_a_missing_file_is_named(qbwc, company):
    assert len(fails(qbwc.run("order", "add", "ABC Company", "nowhere.json"), 1, "nowhere.json").splitlines()) == 1


def test_an_order_not_sent_yet_is_replaced_and_a_sent_one_is_not(qbwc, company):
    qbwc.ok("order", "add", "ABC Company", "-", stdin=as_text(make_order()))
    changed = as_text(make_order(memo="changed"))
    qbwc.ok("order", "add", "ABC Company", "-", "--send", stdin=changed)
    told = fails(qbwc.run("order", "add", "ABC Company", "-", stdin=as_text(make_order())), 1, "1001")
    assert "memo" in told
    assert qbwc.data("order", "add", "ABC Company", "-", "--send", stdin=changed)["orders"][0]["state"] == "waiting"


def test_a_sent_order_whose_documents_are_all_cancelled_may_be_replaced_and_sent_anew(qbwc, company):
    qbwc.ok("order", "add", "ABC Company", "-", "--send", stdin=as_text(make_order()))
    jobs = qbwc.data("job", "list", "--company", "ABC Company")
    qbwc.ok("job", "cancel", *[str(job["id"]) for job in jobs])
    assert {job["state"] for job in qbwc.data("job", "list")} == {"cancelled"}
    changed = as_text(make_order(lines=[{"product_number": "NEW", "quantity": "1", "rate": "300"}]))
    assert qbwc.data("order", "add", "ABC Company", "-", stdin=changed)["orders"][0]["state"] == "new"
    qbwc.ok("order", "send", "ABC Company", "1001")
    shown = qbwc.data("order", "show", "ABC Company", "1001")
    assert shown["state"] == "waiting"
    assert [(d["kind"], d["state"]) for d in shown["documents"] if d["kind"] == "Invoice"] == [("Invoice", "waiting")]


def test_sending_twice_is_one_sending_and_adds_only_what_is_new(qbwc, company):
    qbwc.ok("order", "add", "ABC Company", "-", stdin=as_text(make_order()))
    qbwc.ok("order", "send", "ABC Company", "1001")
    once = qbwc.data("order", "show", "ABC Company", "1001")
    assert {row["kind"] for row in once["documents"]} == {
        "Customer",
        "ItemNonInventory",
        "ItemDiscount",
        "Invoice",
        "PaymentMethod",
        "ReceivePayment",
    }
    qbwc.ok("order", "send", "ABC Company", "1001")
    assert qbwc.data("order", "show", "ABC Company", "1001") == once
    qbwc.ok("order", "send", "ABC Company", "1001", "--bill", "--purchase-order")
    kinds = [row["kind"] for row in qbwc.data("order", "show", "ABC Company", "1001")["documents"]]
    assert sorted(kinds) == sorted([*(row["kind"] for row in once["documents"]), "Vendor", "Bill", "PurchaseOrder"])


def test_a_dry_run_shows_the_plan_and_sends_nothing(qbwc, company):
    qbwc.ok("order", "add", "ABC Company", "-", stdin=as_text(make_order()))
    shown = qbwc.data("order", "send", "ABC Company", "1001", "--bill", "--dry-run")
    (invoice,) = [row for row in shown["documents"] if row["kind"] == "Invoice"]
    assert (invoice["total"], invoice["applied"], invoice["balance"]) == ("218.50", "100.00", "118.50")
    assert "218.50" in qbwc.ok("order", "send", "ABC Company", "1001", "--dry-run")
    assert qbwc.data("job", "list") == []


def test_an_order_that_cannot_be_sent_says_all_that_stands_in_the_way(qbwc, company):
    qbwc.ok("order", "add", "ABC Company", "-", stdin=as_text(make_order(discount={"amount": "999.00"})))
    fails(qbwc.run("order", "send", "ABC Company", "1001"), 1, "below zero")
    assert qbwc.data("job", "list") == []
    assert qbwc.run("order", "send", "ABC Company", "1001", "--dry-run").returncode == 1


def test_two_orders_never_get_one_number(qbwc, company):
    suppliers = [{"id": "S-3", "name": "ASI Supplier", "purchase_order_number": "PO-1"}]
    both = (make_order("1", suppliers=suppliers), make_order("2", suppliers=suppliers))
    qbwc.ok("order", "add", "ABC Company", "-", stdin=as_text(*both))
    qbwc.ok("order", "send", "ABC Company", "1", "--purchase-order")
    fails(qbwc.run("order", "send", "ABC Company", "2", "--purchase-order"), 1, "PO-1", "order 1")


def test_jobs_are_listed_shown_retried_and_cancelled(qbwc, company):
    qbwc.ok("order", "add", "ABC Company", "-", "--send", stdin=as_text(make_order()))
    jobs = qbwc.data("job", "list", "--company", "ABC Company")
    assert set(jobs[0]) == {
        "id",
        "company",
        "order",
        "kind",
        "state",
        "attempts",
        "next_try",
        "status_code",
        "explanation",
    }
    invoice = next(job for job in jobs if job["kind"] == "Invoice")
    shown = qbwc.data("job", "show", str(invoice["id"]))
    assert "<InvoiceAdd>" in shown["request"]
    assert shown["history"][0]["event"] == "ASKED"
    assert "InvoiceAdd" in qbwc.ok("job", "show", str(invoice["id"]))
    fails(qbwc.run("job", "retry", str(invoice["id"])), 1, "waiting")
    cancelled = qbwc.ok("job", "cancel", str(invoice["id"]))
    assert "Invoice" in cancelled
    assert "ReceivePayment" in cancelled
    states = {job["kind"]: job["state"] for job in qbwc.data("job", "list")}
    assert states["Invoice"] == states["ReceivePayment"] == "cancelled"
    assert states["Customer"] == "ready"


def test_status_and_doctor_say_what_is_wrong_with_exit_4(qbwc, company):
    assert qbwc.data("status")["companies"][0]["company"] == "ABC Company"
    done = qbwc.run("doctor", "--json")
    assert done.returncode == 4
    found = {row["check"]: row for row in json.loads(done.stdout)}
    assert "never called yet" in found["ABC Company: Web Connector"]["finding"]


def test_help_is_there_at_every_level(qbwc):
    for arguments in ((), ("company",), ("order", "send")):
        assert "Usage: qbwc" in qbwc.ok(*arguments, "--help")


def test_the_commands_work_on_postgresql(tmp_path, postgres_url):
    command = Qbwc(tmp_path, database_url=postgres_url.replace("postgresql+psycopg", "postgres")).here
    command.ok("init")
    fails(command.run("company", "list"), 1, "qbwc init")
    command.ok("migrate")
    command.ok("migrate")
    command.data("company", "add", "ABC Company")
    command.ok("order", "add", "ABC Company", "-", "--send", stdin=as_text(make_order()))
    assert command.data("order", "show", "ABC Company", "1001")["state"] == "waiting"
    assert len(command.data("job", "list")) == 6

"""Orders go in by command, a Web Connector polls over HTTP, and QuickBooks holds them, exactly once."""

import signal

import pytest

from qbwc_service.simulator import Company, RequestFailed
from tests.orders import make_order


def test_the_manuals_order_arrives_to_the_cent(installation):
    installation.add(make_order(), send=False)
    installation.send("1001", "--bill", "--purchase-order")
    outcome = installation.connector.poll()
    assert (outcome.code, outcome.round_trips) == ("", 2)
    (invoice,) = installation.transactions("Invoice")
    assert [(line["item"], line["quantity"], line["rate"], line["amount"]) for line in invoice["lines"]] == [
        ("A7102", "100", "2.30", "230.00"),
        ("Discount", None, "-11.50", "-11.50"),
    ]
    assert (invoice["total"], invoice["applied"], invoice["balance"]) == ("218.50", "100.00", "118.50")
    assert [held["total"] for held in installation.transactions("Bill")] == ["115.00"]
    assert [held["total"] for held in installation.transactions("PurchaseOrder")] == ["115.00"]
    documents = installation.documents("1001")
    assert {row["state"] for row in documents.values()} == {"posted"}
    assert documents["Invoice"]["txn_id"] == invoice["txn_id"]
    assert installation.state("1001") == "posted"


def test_with_nothing_to_do_the_answer_is_none_and_nothing_is_asked(installation):
    installation.connector.poll()
    outcome = installation.connector.poll()
    assert outcome.round_trips == 0
    assert "sendRequestXML" not in outcome.calls


def test_a_later_order_of_a_known_customer_takes_one_message(installation):
    installation.add(make_order("1001"))
    installation.connector.poll()
    installation.add(make_order("1002"))
    assert installation.connector.poll().round_trips == 1
    assert len(installation.books.customers) == 1
    assert [held["ref_number"] for held in installation.transactions("Invoice")] == ["1001", "1002"]


def test_many_orders_of_a_new_customer_create_it_once_and_go_together(installation):
    installation.add(*[make_order(str(number)) for number in range(1, 31)])
    assert installation.connector.poll().round_trips == 2
    assert len(installation.books.customers) == 1
    assert len(installation.transactions("Invoice")) == 30
    assert all(installation.state(str(number)) == "posted" for number in (1, 15, 30))


def test_a_customer_that_quickbooks_has_already_is_used(installation):
    installation.add(make_order("1"))
    other = installation.new_connector(installation.books)
    other.poll()
    installation.add(make_order("2", customer={"id": "C-99", "name": "abc company"}))
    installation.connector.poll()
    assert len(installation.books.customers) == 1
    assert installation.state("2") == "posted"


def test_after_a_lost_answer_quickbooks_is_asked_first_and_nothing_is_doubled(installation):
    installation.connector.poll()
    installation.add(make_order())
    installation.connector.faults.lose_next_answer()
    installation.connector.poll()
    assert installation.state("1001") == "waiting"
    documents = installation.documents("1001")
    assert documents.pop("PaymentMethod")["state"] == "posted"  # QuickBooks has Check from the first day
    assert {row["state"] for row in documents.values()} == {"in_flight"}
    installation.connector.poll()
    assert len(installation.transactions("Invoice")) == 1
    assert len(installation.transactions("ReceivePayment")) == 1
    assert installation.state("1001") == "posted"
    (invoice,) = installation.transactions("Invoice")
    assert installation.documents("1001")["Invoice"]["txn_id"] == invoice["txn_id"]


def test_a_message_that_never_reached_quickbooks_is_sent_again(installation):
    installation.connector.poll()
    installation.add(make_order())
    installation.connector.faults.drop_after("sendRequestXML")
    installation.connector.poll()
    installation.connector.poll()
    assert len(installation.transactions("Invoice")) == 1
    assert installation.state("1001") == "posted"


@pytest.mark.parametrize("after_message", [False, True])
def test_a_killed_service_goes_on_where_it_was(installation, tmp_path, after_message):
    """SIGKILL while a message is at QuickBooks, or while nothing is."""
    installation.connector.poll()
    installation.add(make_order())
    call = "receiveResponseXML" if after_message else "sendRequestXML"
    installation.connector.faults.before(call, installation.process.kill)
    installation.connector.poll()
    assert installation.process.wait(30) == -signal.SIGKILL
    process = installation.qbwc.start()
    try:
        for _ in range(3):
            installation.connector.poll()
        assert installation.state("1001") == "posted"
        assert len(installation.transactions("Invoice")) == 1
        assert len(installation.transactions("ReceivePayment")) == 1
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_a_passing_refusal_is_tried_again_by_itself(installation):
    installation.connector.poll()
    installation.add(make_order())
    installation.books.faults.refuse_next("InvoiceAdd", 3175)
    installation.connector.poll()
    documents = installation.documents("1001")
    assert documents["Invoice"]["state"] == "ready"
    assert documents["Invoice"]["status_code"] == 3175
    assert documents["ReceivePayment"]["state"] == "waiting"
    job = next(job for job in installation.qbwc.here.data("job", "list") if job["kind"] == "Invoice")
    assert job["next_try"] is not None
    installation.qbwc.here.ok("job", "retry", str(job["id"]))
    installation.connector.poll()
    assert installation.state("1001") == "posted"


def test_a_lasting_refusal_needs_a_person_and_stops_only_its_own_order(installation):
    installation.connector.poll()
    installation.books.faults.refuse_next("InvoiceAdd", 3140, "There is an invalid reference")
    installation.add(make_order("1001"), make_order("1002"))
    installation.connector.poll()
    assert installation.state("1001") == "attention"
    assert installation.state("1002") == "posted"
    documents = installation.documents("1001")
    assert documents["Invoice"]["status_code"] == 3140
    assert documents["Invoice"]["explanation"]
    assert documents["ReceivePayment"]["state"] == "waiting"
    assert installation.qbwc.here.run("status").returncode == 4
    job = next(job for job in installation.qbwc.here.data("job", "list") if job["state"] == "attention")
    installation.qbwc.here.ok("job", "retry", str(job["id"]))
    installation.connector.poll()
    assert installation.state("1001") == "posted"
    assert len(installation.transactions("Invoice")) == 2


def test_where_quickbooks_has_no_income_account_the_order_stands_in_attention_and_says_so(one):
    for account in one.books.accounts:
        if account.value("AccountType") == "Income":
            one.books.set_active(account, False)
    one.add(make_order())
    one.connector.poll()
    assert one.state("1001") == "attention"
    assert "Income" in one.documents("1001")["ItemNonInventory"]["explanation"]


def test_another_company_file_gets_a_clear_refusal_and_no_message(one):
    one.connector.poll()
    one.add(make_order())
    other = Company.new(name="Somebody else")
    other.stamp(one.account["owner_id"], "{11111111-2222-3333-4444-555555555555}")
    one.connector.faults.open_company(other)
    outcome = one.connector.poll()
    assert outcome.round_trips == 0
    assert "Wrong company file" in outcome.last_error
    assert "Somebody else" in outcome.last_error
    assert other.customers == []
    one.connector.poll()
    assert one.state("1001") == "posted"


def test_a_wrong_password_is_refused_and_said_by_the_doctor(one):
    one.connector.faults.wrong_password()
    outcome = one.connector.poll()
    assert "nvu" in str(outcome) or "Invalid password" in outcome.status
    assert "wrong password" in one.qbwc.here.run("doctor").stdout


def test_quickbooks_that_cannot_be_opened_costs_nothing(one):
    one.connector.poll()
    one.add(make_order())
    one.connector.faults.begin_fails("0x80040408")
    outcome = one.connector.poll()
    assert "connectionError" in outcome.calls
    assert one.qbwc.here.run("status").returncode == 4
    one.connector.poll()
    assert one.state("1001") == "posted"
    assert one.qbwc.here.run("status").returncode == 0


def test_one_bad_document_in_a_message_is_found_and_the_others_post(one):
    """QuickBooks refuses a message as a whole until the order at fault is not in it."""
    one.connector.poll()
    process = one.books.process

    def picky(qbxml, **how):
        if "<RefNumber>1003</RefNumber>" in qbxml and "InvoiceAdd" in qbxml:
            raise RequestFailed("0x80040400", "QuickBooks found an error when parsing the provided XML text stream.")
        return process(qbxml, **how)

    one.books.process = picky
    one.add(*[make_order(str(1000 + n), payments=[]) for n in range(8)])
    for _ in range(2):
        one.connector.poll()
    assert [one.state(str(1000 + n)) for n in range(8)] == [*["posted"] * 3, "attention", *["posted"] * 4]
    assert len(one.transactions("Invoice")) == 7


def test_secrets_are_in_no_log(one):
    one.add(make_order())
    one.connector.faults.wrong_password()
    one.connector.poll()
    one.connector.poll()
    log = one.qbwc.log()
    assert "message leaves" in log
    assert one.account["password"] not in log
    assert "<" not in log


def test_sigterm_ends_the_service_in_order(one):
    one.connector.poll()
    one.process.send_signal(signal.SIGTERM)
    assert one.process.wait(30) == 0
    assert "Traceback" not in one.qbwc.log()

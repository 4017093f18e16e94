"""What becomes of orders at a QuickBooks that has its own mind: names, accounts, records, codes; on both databases."""

import re

import pytest
from sqlalchemy import select

from qbwc_service.companies import preferences
from qbwc_service.db import companies, job_views
from qbwc_service.db import jobs as job_table
from qbwc_service.db import lists as list_table
from qbwc_service.db.lists import List
from qbwc_service.db.messages import messages
from qbwc_service.lists import sync
from qbwc_service.posting import queue
from qbwc_service.posting import send as sending
from qbwc_service.posting.naming import item_record
from qbwc_service.posting.plan import Choices
from qbwc_service.simulator import RequestFailed
from tests.faults.world import World
from tests.orders import make_order

INVOICE = Choices()


@pytest.fixture
def world(engine):
    made = World.new(engine, 1)
    with made.gone():
        yield made


def poll(world, connector=None, most=50):
    """-> how many messages one update took, in which nothing goes wrong but in QuickBooks' mind."""
    connector = connector or world.connector()
    if not connector.login():
        return 0
    for count in range(1, most):
        message = connector.fetch()
        if not message:
            connector.service.call("last_error", connector.ticket)
            connector.close()
            return count - 1
        percent = connector.bring(connector.process(message))
        if percent < 0 or percent == 100:
            connector.close()
            return count
    raise AssertionError("a session without end")


def job(world, record):
    with world.engine.connect() as db:
        return job_table.by_records(db, world.company.id, [record])[record]


def state(world, number):
    with world.engine.connect() as db:
        return sending.state_of(db, world.company, number)[0]


def retry(world, *records, name=None):
    ids = [job(world, record).id for record in records]
    with world.engine.begin() as db:
        held = job_table.hold(db, ids)
        if name is not None:
            queue.rename(db, held[0], name)
        queue.retry(db, held, world.clock.now)


def listed(world, which, search=""):
    with world.engine.connect() as db:
        return list_table.listed(db, world.company.id, which, search)


# --- names -------------------------------------------------------------------------------------------------------


def test_a_customer_made_in_quickbooks_meanwhile_is_adopted(world):
    poll(world)
    made = world.books.make("Customer", "ABC Company")
    world.send(make_order(), INVOICE)
    poll(world)
    assert state(world, "1001") == "posted"
    assert job(world, "customer:C-17").list_id == made.list_id
    assert len(world.books.customers) == 1


def test_a_name_that_a_vendor_has_is_for_a_person_who_gives_another(world):
    poll(world)
    world.books.make("Vendor", "ABC Company")
    world.send(make_order(), INVOICE)
    poll(world)
    assert state(world, "1001") == "attention"
    told = job(world, "customer:C-17")
    assert "vendors" in told.explanation
    assert '--name "ABC Company (Customer)"' in told.explanation
    assert job(world, "invoice:1001").state == "waiting"
    retry(world, "customer:C-17", name="ABC Company (Customer)")
    poll(world)
    assert state(world, "1001") == "posted"
    assert [customer.name for customer in world.books.customers] == ["ABC Company (Customer)"]
    assert world.books.invoices[0].entity == "ABC Company (Customer)"


def test_a_person_may_link_the_customer_instead(world):
    poll(world)
    world.books.make("Vendor", "ABC Company")
    other = world.books.make("Customer", "ABC of Trevose")
    world.send(make_order(), INVOICE)
    poll(world)
    with world.engine.begin() as db:
        queue.link(db, world.company.id, "customer:C-17", other.list_id, other.name, world.clock.now)
    poll(world)
    assert state(world, "1001") == "posted"
    assert world.books.invoices[0].entity == "ABC of Trevose"


def test_a_linked_customer_is_used_though_it_bears_another_name(world):
    other = world.books.make("Customer", "Somebody")
    with world.engine.begin() as db:
        queue.link(db, world.company.id, "customer:C-17", other.list_id, other.name, world.clock.now)
    world.send(make_order(), INVOICE)
    poll(world)
    assert state(world, "1001") == "posted"
    assert world.books.invoices[0].entity == "Somebody"
    assert len(world.books.customers) == 1


def test_a_customer_renamed_in_quickbooks_is_still_ours(world):
    world.send(make_order("1"), INVOICE)
    poll(world)
    world.books.rename(world.books.customers[0], "New Name")
    world.send(make_order("2"), INVOICE)
    poll(world)
    assert [invoice.entity for invoice in world.books.invoices][-1] == "New Name"
    assert len(world.books.customers) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_inactive_customer_is_told_by_name_and_goes_on_when_made_active(world, when):
    made = world.books.make("Customer", "ABC Company")
    if when == "before":
        made = world.books.set_active(made, False)
        poll(world)
    else:
        poll(world)
        made = world.books.set_active(made, False)
    world.send(make_order(), INVOICE)
    poll(world)
    assert state(world, "1001") == "attention"
    troubled = job(world, "customer:C-17")
    if when == "before":
        assert "inactive" in troubled.explanation
    world.books.set_active(made, True)
    world.clock.advance(25 * 3600)
    poll(world)
    records = [r.record for r in troubles(world)]
    retry(world, *records)
    poll(world)
    assert state(world, "1001") == "posted"


def troubles(world):
    with world.engine.connect() as db:
        return job_views.listed(db, company_id=world.company.id, state="attention", limit=None, lists=True)


def test_two_customers_of_one_name_share_the_record_and_two_of_long_names_do_not(world):
    long = "The Very Long Company Name of Somewhere Far Incorporated"
    world.send(make_order("1", customer={"id": "A", "name": "Same"}), INVOICE)
    world.send(make_order("2", customer={"id": "B", "name": "Same"}), INVOICE)
    world.send(make_order("3", customer={"id": "C", "name": long}), INVOICE)
    world.send(make_order("4", customer={"id": "D", "name": long}), INVOICE)
    for _ in range(3):
        poll(world)
    assert [state(world, number) for number in "1234"] == ["posted"] * 4
    assert len(world.books.customers) == 3


def test_a_customer_and_a_supplier_of_one_name_are_told_apart(world):
    suppliers = [{"id": "S-3", "name": "ABC Company"}]
    world.send(make_order(suppliers=suppliers), Choices(bill=True, purchase_order=True))
    for _ in range(2):
        poll(world)
    assert state(world, "1001") == "attention"
    assert job(world, "customer:C-17").state == "posted"
    assert job(world, "invoice:1001").state == "posted"
    assert "(Vendor)" in job(world, "vendor:S-3").explanation
    retry(world, "vendor:S-3", name="ABC Company (Vendor)")
    poll(world)
    assert state(world, "1001") == "posted"


@pytest.mark.parametrize("name", ["Discount", "Total Sales Tax", "Shipping"])
def test_a_product_that_is_called_like_our_own_items_posts_all_the_same(world, name):
    lines = [{"product_number": name, "quantity": "2", "rate": "50.00"}]
    charges = [{"name": "shipping", "amount": "5.00"}]
    order = make_order(lines=lines, charges=charges, tax={"amount": "7.00"}, payments=[], suppliers=[])
    world.send(order, INVOICE)
    poll(world)
    assert state(world, "1001") == "posted"
    assert str(world.books.invoices[0].total) == "100.50"


# --- accounts, features, codes ------------------------------------------------------------------------------------


def test_without_purchase_orders_the_rest_of_the_order_posts(world):
    world.books.features.purchase_orders = False
    world.send(make_order(), Choices(bill=True, purchase_order=True))
    poll(world)
    assert job(world, "invoice:1001").state == "posted"
    assert job(world, "bill:1001:S-3").state == "posted"
    refused = job(world, "purchase_order:1001:S-3")
    assert (refused.state, refused.status_code) == ("attention", "3250")


def test_a_closed_period_needs_a_person_who_opens_it(world):
    world.books.features.closing_date = "2026-11-30"
    world.send(make_order(), INVOICE)
    poll(world)
    assert job(world, "invoice:1001").status_code == "3171"
    world.books.features.closing_date = None
    retry(world, "invoice:1001")
    poll(world)
    assert state(world, "1001") == "posted"


KINDS = ("CustomerAdd", "ItemNonInventoryAdd", "InvoiceAdd", "ReceivePaymentAdd", "BillAdd")
PASSING = (1010, 3175, 3176, 3231)
FOR_A_PERSON = (
    1030,
    1060,
    3000,
    3020,
    3040,
    3060,
    3090,
    3120,
    3140,
    3153,
    3171,
    3210,
    3250,
    3260,
    3261,
    3263,
    3270,
    9101,
    9102,
    9103,
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("code", PASSING)
def test_what_quickbooks_calls_passing_is_tried_again_by_itself(world, kind, code):
    poll(world)
    world.books.faults.refuse_next(kind, code)
    world.send(make_order(), Choices(bill=True))
    poll(world)
    assert state(world, "1001") == "waiting"
    world.clock.advance(30)
    for _ in range(2):
        poll(world)
    assert state(world, "1001") == "posted"
    assert len(world.books.invoices) == len(world.books.bills) == len(world.books.payments) == 1


@pytest.mark.parametrize("code", FOR_A_PERSON)
def test_what_will_not_pass_stands_with_its_explanation_and_posts_when_retried(world, code):
    poll(world)
    world.books.faults.refuse_next("InvoiceAdd", code, "QuickBooks' own words")
    world.send(make_order("1"), INVOICE)
    world.send(make_order("2"), INVOICE)
    poll(world)
    refused = job(world, "invoice:1")
    assert (refused.state, refused.status_code) == ("attention", str(code))
    assert "QuickBooks' own words" in refused.explanation
    assert job(world, "payment:1:P-1").state == "waiting"
    assert state(world, "2") == "posted"
    retry(world, "invoice:1")
    poll(world)
    assert state(world, "1") == "posted"


@pytest.mark.parametrize("code", [1000, 4711])
def test_what_leaves_open_whether_it_was_saved_is_looked_up_first(world, code):
    poll(world)
    world.books.faults.refuse_next("InvoiceAdd", code)
    world.send(make_order(), INVOICE)
    poll(world)
    world.clock.advance(60)
    for _ in range(2):
        poll(world)
    if code == 4711:  # unknown to the error book: a person decides, and QuickBooks was asked before
        assert state(world, "1001") == "attention"
        retry(world, "invoice:1001")
        poll(world)
    assert state(world, "1001") == "posted"
    assert len(world.books.invoices) == 1


def test_a_message_set_that_quickbooks_could_not_store_is_taken_as_it_is(world):
    poll(world)
    world.books.faults.fail_to_store()
    world.send(make_order(), INVOICE)
    poll(world)
    assert state(world, "1001") == "posted"


@pytest.mark.parametrize("set_status", [600, 9001, 9002, 9004, 9005])
def test_a_message_set_status_without_answers_is_looked_up(world, set_status):
    poll(world)
    world.send(make_order(), INVOICE)
    connector = world.connector()
    connector.login()
    connector.process(connector.fetch())
    empty = f'<?xml version="1.0" ?><QBXML><QBXMLMsgsRs messageSetStatusCode="{set_status}"/></QBXML>'
    assert connector.bring((empty, "", "")) < 100
    poll(world, connector=None)
    for _ in range(2):
        poll(world)
    assert state(world, "1001") == "posted"
    assert len(world.books.invoices) == 1


@pytest.mark.parametrize("version", ["8.0", "10.0", "11.0", "13.0", "16.0"])
def test_a_stored_answer_settles_with_and_without_error_recovery(engine, version):
    world = World.new(engine, 2)
    world.books.qbxml_version = version
    with world.gone():
        poll(world)
        world.send(make_order(), Choices(bill=True, purchase_order=True))
        connector = world.connector()
        connector.login()
        message = connector.fetch()
        assert f'<?qbxml version="{version}"?>' in message
        for record in world.books.customers:
            world.books.delete(record)
        connector.process(message)
        for _ in range(3):
            poll(world)
        assert state(world, "1001") == "posted"
        assert len(world.books.invoices) == 1


def test_a_posted_transaction_that_was_deleted_while_in_doubt_is_for_a_person(world):
    world.books.qbxml_version = "10.0"  # below 11.0 QuickBooks remembers that it saved, and not what
    poll(world)
    world.send(make_order(payments=[]), INVOICE)
    connector = world.connector()
    connector.login()
    connector.process(connector.fetch())
    world.books.delete(world.books.invoices[0])
    for _ in range(3):
        poll(world)
    told = job(world, "invoice:1001")
    assert told.state == "attention"
    assert "deleted" in told.explanation


def test_two_transactions_with_our_marker_are_for_a_person_with_both_numbers(world):
    poll(world)
    world.send(make_order(payments=[]), INVOICE)
    connector = world.connector()
    connector.login()
    message = connector.fetch()
    connector.process(message)
    connector.process(
        message.replace("newMessageSetID", "oldMessageSetID")
        .replace("oldMessageSetID", "newMessageSetID", 1)
        .replace('newMessageSetID="Q', 'newMessageSetID="Z')
    )
    assert len(world.books.invoices) == 2
    poll(world)
    told = job(world, "invoice:1001")
    assert told.state == "attention"
    for invoice in world.books.invoices:
        assert invoice.txn_id in told.explanation
    retry(world, "invoice:1001")
    poll(world)
    assert job(world, "invoice:1001").state == "attention"
    assert len(world.books.invoices) == 2
    world.books.delete(world.books.invoices[1])
    retry(world, "invoice:1001")
    poll(world)
    assert job(world, "invoice:1001").txn_id == world.books.invoices[0].txn_id
    assert state(world, "1001") == "posted"
    assert len(world.books.invoices) == 1


def bring_late(world, change=lambda response: response):
    """A message is sent again, looked up in vain, and carried out; then its first sending is, and is answered."""
    poll(world)
    world.send(make_order(payments=[]), INVOICE)
    world.books.message_sets.capacity = 0
    first = world.connector()
    first.login()
    message = first.fetch()
    old = first.ticket
    poll(world)
    assert state(world, "1001") == "posted"
    response, *rest = first.process(message)
    first.service.call("receive_response", old, change(response), *rest)


def says_that_it_stands_there_twice(world):
    told = job(world, "invoice:1001")
    numbers = [invoice.txn_id for invoice in world.books.invoices]
    return told.state == "attention" and len(numbers) == 2 and all(number in told.explanation for number in numbers)


def test_a_late_answer_with_another_number_shows_that_it_stands_there_twice(world):
    bring_late(world)
    assert says_that_it_stands_there_twice(world)
    world.books.delete(world.books.invoices[0])
    retry(world, "invoice:1001")
    poll(world)
    assert state(world, "1001") == "posted"
    assert job(world, "invoice:1001").txn_id == world.books.invoices[0].txn_id


def begun(response):
    """-> where the first response begins, and the number of its message."""
    first = re.search(r'<\w+Rs requestID="(\d+)-', response)
    return first.start(), first[1]


def test_a_late_answer_is_heard_among_however_many_that_concern_nobody(world):
    def crowd(response):
        begin, number = begun(response)
        strange = "".join(f'<InvoiceAddRs requestID="{number}-{n}" statusCode="0"/>' for n in range(5000, 6300))
        return response[:begin] + strange + response[begin:]

    bring_late(world, crowd)
    assert says_that_it_stands_there_twice(world)


@pytest.mark.parametrize(
    ("strange", "result", "becomes"),
    [
        ("<ErrorRecovery><TxnID>a b</TxnID></ErrorRecovery>", 100, "posted"),
        ("<a:b><TxnID>7</TxnID></a:b>", -1, "in_doubt"),  # not well-formed, which is seen only at the end
    ],
    ids=["no id", "no name"],
)
def test_what_is_said_of_nobodys_job_does_no_harm(world, strange, result, becomes):
    poll(world)
    world.send(make_order(payments=[]), INVOICE)
    connector = world.connector()
    connector.login()
    response, *rest = connector.process(connector.fetch())
    begin, number = begun(response)
    nobodys = f'<InvoiceAddRs requestID="{number}-99999" statusCode="0">{strange}</InvoiceAddRs>'
    passed_over = '<NothingRs statusCode="0"/>' * 30_000  # more than is read at once
    assert connector.bring((response[:begin] + nobodys + passed_over + response[begin:], *rest)) == result
    assert job(world, "invoice:1001").state == becomes


def test_of_many_that_bear_one_number_and_marker_some_are_told(world):
    poll(world)
    world.send(make_order(payments=[]), INVOICE)
    connector = world.connector()
    connector.login()
    connector.process(connector.fetch())
    connector = world.connector()
    connector.login()
    response, *rest = connector.process(connector.fetch())
    found = re.search(r"<InvoiceRet>.*?</InvoiceRet>", response, re.DOTALL)[0]
    txn_id = world.books.invoices[0].txn_id
    others = "".join(found.replace(txn_id, f"AB-{n}") for n in range(30))
    connector.bring((response.replace(found, found + others), *rest))
    told = job(world, "invoice:1001")
    assert told.state == "attention"
    assert "holds at least 20 transactions" in told.explanation
    assert f"({txn_id}, AB-0, AB-1," in told.explanation


def test_a_question_that_quickbooks_refuses_is_for_a_person_and_the_others_are_settled(world):
    poll(world)
    world.send(make_order("1", payments=[]), INVOICE)
    world.send(make_order("2", payments=[]), INVOICE)
    connector = world.connector()
    connector.login()
    connector.process(connector.fetch())
    connector = world.connector()
    connector.login()
    look_up = connector.fetch()
    response = connector.process(look_up)[0]
    refused = re.search(r'(<InvoiceQueryRs requestID="[^"]+") statusCode="0"', response)
    response = response.replace(refused[0], f'{refused[1]} statusCode="3000"', 1)
    connector.bring((response, "", ""))
    for _ in range(2):
        poll(world)
    assert sorted([state(world, "1"), state(world, "2")]) == ["attention", "posted"]
    assert len(world.books.invoices) == 2


def test_a_look_up_that_is_never_answered_ends_the_session_and_is_told(world):
    poll(world)
    world.send(make_order(), INVOICE)
    connector = world.connector()
    connector.login()
    connector.process(connector.fetch())
    connector = world.connector()
    connector.login()
    look_up = connector.fetch()
    busy = re.sub(
        r'<(\w+)Rq requestID="([^"]+)".*?</\1Rq>',
        r'<\1Rs requestID="\2" statusCode="3175" statusSeverity="Error" statusMessage="busy"/>',
        look_up[look_up.index("<QBXMLMsgsRq") :].split(">", 1)[1],
    ).replace("</QBXMLMsgsRq>", "</QBXMLMsgsRs>")
    assert connector.bring((f"<QBXML><QBXMLMsgsRs>{busy}", "", "")) == -1
    assert "in doubt" in connector.service.call("last_error", connector.ticket)
    poll(world)
    assert state(world, "1001") == "posted"


# --- settings ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("macros", ["yes", "no"])
def test_without_macros_payments_follow_in_a_second_message(engine, macros):
    world = World.new(engine, 3, macros=macros)
    with world.gone():
        poll(world)
        world.send(make_order(), INVOICE)
        assert poll(world) == (1 if macros == "yes" else 2)
        assert state(world, "1001") == "posted"
        assert str(world.books.invoices[0].balance) == "118.50"


def test_a_bill_linked_to_its_purchase_order_follows_in_a_second_message(engine):
    world = World.new(engine, 4, link_bills="yes")
    with world.gone():
        poll(world)
        world.send(make_order(), Choices(bill=True, purchase_order=True))
        assert poll(world) == 2
        assert state(world, "1001") == "posted"
        (bill,) = world.books.bills
        assert str(bill.total) == "115.00"
        assert [link.kind for link in bill.links] == ["PurchaseOrder"]


def test_the_companys_accounts_are_used(engine):
    world = World.new(engine, 5, income_account="Shipping Income", ar_account="Accounts Receivable")
    with world.gone():
        world.send(make_order(), INVOICE)
        poll(world)
        assert state(world, "1001") == "posted"
        (item,) = [item for item in world.books.items if item.name == "A7102"]
        assert item.value("SalesAndPurchase", "IncomeAccountRef", "FullName") == "Shipping Income"


def test_tax_reckoned_by_quickbooks_comes_on_top_of_taxed_lines(engine):
    world = World.new(engine, 6, tax="quickbooks", tax_item="State Tax")
    with world.gone():
        lines = [{"product_number": "A", "quantity": "1", "rate": "100.00", "taxable": True}]
        order = make_order(lines=lines, discount=None, tax={"amount": "8.00"}, suppliers=[], payments=[])
        world.send(order, INVOICE)
        poll(world)
        assert state(world, "1001") == "posted"
        assert str(world.books.invoices[0].total) == "108.00"
        assert job(world, "invoice:1001").explanation is None


def test_where_quickbooks_adds_tax_of_its_own_the_posted_invoice_says_so(world):
    """The customer's own tax is not ours to know; lines without a tax code of ours would be taxed."""
    world.send(make_order(payments=[]), INVOICE)
    poll(world)
    assert job(world, "invoice:1001").explanation is None
    assert str(world.books.invoices[0].total) == "218.50"


def preview(world, number, choices=INVOICE):
    with world.engine.connect() as db:
        return sending.preview(db, world.company, number, choices)


def test_the_preview_says_what_quickbooks_has_already(world):
    world.books.make("Customer", "ABC Company")
    world.books.set_active(world.books.make("Vendor", "ASI Supplier"), False)
    poll(world)
    world.send(make_order("1"), INVOICE)
    rules = {note.path: note.rule for note in preview(world, "1", Choices(bill=True)).notes}
    assert "customer:C-17" not in rules  # asked for already
    assert "inactive" in rules["vendor:S-3"]
    world.send(make_order("2", customer={"id": "C-18", "name": "abc company"}), INVOICE)
    assert preview(world, "2").documents


def test_accounts_of_the_wrong_type_or_name_stand_in_the_way(world):
    poll(world)
    world.send(make_order(), INVOICE)
    for account, told in (("Sales", "type Income"), ("Nowhere", "no active account"), ("Accounts Receivable", None)):
        obstacles = preview(world, "1001", Choices(ar_account=account)).obstacles
        assert [obstacle.path for obstacle in obstacles] == ([] if told is None else ["ar_account"])
        assert told is None or told in obstacles[0].message


def test_only_the_suppliers_that_are_chosen_get_documents(world):
    lines = [
        {"product_number": n, "quantity": "1", "rate": "2", "cost": "1", "supplier_id": s} for n, s in ("AX", "BY")
    ]
    suppliers = [{"id": "X", "name": "Supplier X"}, {"id": "Y", "name": "Supplier Y"}]
    order = make_order(lines=lines, suppliers=suppliers, discount=None, payments=[])
    world.send(order, Choices(bill=True, suppliers=("Y",)))
    poll(world)
    assert [bill.entity for bill in world.books.bills] == ["Supplier Y"]
    assert [o.path for o in preview(world, "1001", Choices(bill=True, suppliers=("Z",))).obstacles] == ["suppliers"]


def test_an_account_chosen_after_the_refusal_serves_the_retry(world):
    for account in world.books.accounts:
        if account.value("AccountType") == "Income":
            world.books.set_active(account, False)
    world.send(make_order(payments=[], discount=None), INVOICE)
    poll(world)
    assert state(world, "1001") == "attention"
    sales = next(account for account in world.books.accounts if account.name == "Sales")
    world.books.set_active(sales, True)
    with world.engine.begin() as db:
        companies.save_settings(db, world.company.id, preferences.dump(preferences.Preferences(income_account="Sales")))
    retry(world, *[row.record for row in troubles(world)])
    poll(world)
    assert state(world, "1001") == "posted"


def test_orders_and_payments_of_any_ids_are_never_mistaken_for_each_other(world):
    def paid(number, payment):
        payments = [{"id": payment, "date": "2026-11-20", "amount": "2.00"}]
        return make_order(number, payments=payments, suppliers=[], discount=None)

    for number, payment in (("A:B", "C"), ("A", "B:C"), ("A%3AB", "C"), ("x" * 500, "y" * 500)):
        world.send({**paid(number, payment), "lines": [{"product_number": "P", "quantity": "1", "rate": "9"}]}, INVOICE)
    poll(world)
    assert len(world.books.payments) == len(world.books.invoices) == 4
    assert {state(world, number) for number in ("A:B", "A", "A%3AB", "x" * 500)} == {"posted"}


def test_an_order_replaced_before_anything_left_leaves_nothing_of_its_old_names(world):
    poll(world)
    world.send(make_order(customer={"id": "C-1", "name": "Acmee Typo"}), INVOICE)
    with world.engine.begin() as db:
        row = sending.state_of(db, world.company, "1001")[1]
        invoice = [j for j in row if j.kind == "Invoice"]
        queue.cancel(db, job_table.hold(db, [j.id for j in invoice]), world.clock.now)
    world.send(make_order(customer={"id": "C-1", "name": "Acme"}), INVOICE)
    poll(world)
    assert [customer.name for customer in world.books.customers] == ["Acme"]
    assert state(world, "1001") == "posted"


def test_the_preview_names_the_customer_as_quickbooks_does(world):
    world.send(make_order("1"), INVOICE)
    poll(world)
    world.send(make_order("2", customer={"id": "C-17", "name": "Renamed by us"}), INVOICE)
    invoice = next(d for d in preview(world, "2").documents if d.kind == "Invoice")
    assert invoice.entity == "ABC Company"


def test_an_order_with_a_cancelled_invoice_is_not_posted(world):
    world.send(make_order(payments=[]), INVOICE)
    with world.engine.begin() as db:
        queue.cancel(db, job_table.hold(db, [1000]), world.clock.now)
    invoice = job(world, "invoice:1001").id
    with world.engine.begin() as db:
        queue.cancel(db, job_table.hold(db, [invoice]), world.clock.now)
    poll(world)
    assert state(world, "1001") == "waiting"


def test_the_reading_of_a_list_cannot_be_cancelled(world):
    reading = job(world, "list:account").id
    with world.engine.begin() as db, pytest.raises(queue.NotNow):
        queue.cancel(db, job_table.hold(db, [reading]), world.clock.now)


def test_a_list_that_quickbooks_never_tells_is_found_and_given_to_a_person(world):
    process = world.books.process

    def broken(qbxml, **how):
        if "<VendorQueryRq" in qbxml and "MaxReturned" in qbxml:
            raise RequestFailed("0x80040400", "QuickBooks found an error when parsing the provided XML text stream.")
        return process(qbxml, **how)

    world.books.process = broken
    world.send(make_order(), INVOICE)
    for _ in range(12):
        poll(world)
        world.clock.advance(3700)
    assert state(world, "1001") == "posted"
    assert [row.record for row in troubles(world)] == ["list:vendor"]


def test_an_item_made_anew_in_quickbooks_is_linked_and_the_order_goes_on(world):
    lines = [{"product_number": "MUG", "quantity": "1", "rate": "9"}]
    world.send(make_order("1", lines=lines, discount=None, payments=[], suppliers=[]), INVOICE)
    poll(world)
    world.books.delete(next(item for item in world.books.items if item.name == "MUG"))
    anew = world.books.make("ItemService", "Mug")
    world.send(make_order("2", lines=lines, discount=None, payments=[], suppliers=[]), INVOICE)
    poll(world)
    assert state(world, "2") == "attention"
    with world.engine.begin() as db:
        queue.link(db, world.company.id, item_record("MUG"), anew.list_id, anew.name, world.clock.now)
    retry(world, "invoice:2")
    poll(world)
    assert state(world, "2") == "posted"


# --- lists -------------------------------------------------------------------------------------------------------


def test_the_lists_are_mirrored_and_follow_changes(world):
    made = world.books.make("Customer", "Old Name")
    poll(world)
    assert [(row.name, row.is_active) for row in listed(world, List.CUSTOMER)] == [("Old Name", True)]
    assert "Sales" in [row.name for row in listed(world, List.ACCOUNT)]
    made = world.books.rename(made, "New Name")
    world.books.set_active(made, False)
    world.books.make("Customer", "Another")
    world.clock.advance(24 * 3600)
    poll(world)
    assert [(row.name, row.is_active) for row in listed(world, List.CUSTOMER)] == [
        ("Another", True),
        ("New Name", False),
    ]


def test_an_item_keeps_its_kind_and_jobs_of_customers_their_full_name(world):
    parent = world.books.make("Customer", "ABC")
    world.books.make("Customer", "Job 1", parent=parent)
    world.send(make_order(), INVOICE)
    poll(world)
    world.clock.advance(24 * 3600)
    poll(world)
    assert "ABC:Job 1" in [row.name for row in listed(world, List.CUSTOMER)]
    assert {row.name: row.type for row in listed(world, List.ITEM)}["Discount"] == "ItemDiscount"


def test_a_long_list_comes_in_pages_and_an_order_goes_before_the_next_page(world, monkeypatch):
    monkeypatch.setattr(sync, "PAGE", 10)
    for number in range(57):
        world.books.make("Customer", f"Customer {number:03}")
    world.send(make_order(), INVOICE)
    assert poll(world) == 7  # 6 pages of customers, and the order
    with world.engine.connect() as db:
        bodies = db.execute(select(messages.c.body).order_by(messages.c.id)).scalars().all()
    assert "InvoiceAdd" in bodies[1]
    assert len(listed(world, List.CUSTOMER)) == 57


def test_a_list_cut_short_begins_again_in_the_next_session(world, monkeypatch):
    monkeypatch.setattr(sync, "PAGE", 10)
    for number in range(35):
        world.books.make("Customer", f"Customer {number:03}")
    connector = world.connector()
    connector.login()
    connector.bring(connector.process(connector.fetch()))
    connector.bring(connector.process(connector.fetch()))
    connector.books.end_session(connector.ticket)
    poll(world)
    assert len(listed(world, List.CUSTOMER)) == 35
    assert poll(world) == 0


def test_only_what_changed_is_read_the_next_day(world):
    for number in range(5):
        world.books.make("Customer", f"Customer {number}")
    poll(world)
    world.clock.advance(24 * 3600)
    poll(world)
    with world.engine.connect() as db:
        last = db.execute(select(messages.c.body).order_by(messages.c.id.desc()).limit(1)).scalar_one()
    assert re.search("<CustomerQueryRq .*?<FromModifiedDate>", last)


def test_lists_of_a_quickbooks_without_sales_tax_are_empty_and_orders_post(world):
    world.books.features.sales_tax = False
    world.send(make_order(), INVOICE)
    poll(world)
    assert state(world, "1001") == "posted"
    assert str(world.books.invoices[0].total) == "218.50"


# --- many -------------------------------------------------------------------------------------------------------


def test_two_hundred_orders_need_at_most_eight_messages(world):
    """A fifth of the thousand that need at most forty: those are counted by `python -m tests.bench round_trips`."""
    poll(world)
    for number in range(200):
        world.send(make_order(str(number)), Choices(bill=True, purchase_order=True))
    assert poll(world) <= 8
    assert len(world.books.invoices) == len(world.books.payments) == len(world.books.bills) == 200


def test_the_first_order_of_a_company_with_its_lists_takes_at_most_six_messages(world):
    for number in range(500):
        world.books.make("Customer", f"Customer {number}")
    world.send(make_order(), Choices(bill=True, purchase_order=True))
    assert poll(world) <= 6
    assert state(world, "1001") == "posted"
    world.send(make_order("1002"), Choices(bill=True, purchase_order=True))
    assert poll(world) == 1


def test_two_companies_with_one_service_do_not_meet(engine):
    one, two = World.new(engine, 7), World.new(engine, 8)
    with one.gone(), two.gone():
        one.send(make_order(), INVOICE)
        two.send(make_order(discount=None), INVOICE)
        poll(one)
        poll(two)
        assert [str(i.total) for i in one.books.invoices] == ["218.50"]
        assert [str(i.total) for i in two.books.invoices] == ["230.00"]

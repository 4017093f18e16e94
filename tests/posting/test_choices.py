"""What somebody chooses of an order: for all its suppliers, or for each; and sending otherwise what did not arrive."""

import json

import pytest

from qbwc_service import orders
from qbwc_service.companies.preferences import Preferences
from qbwc_service.db import job_views
from qbwc_service.db import jobs as job_table
from qbwc_service.db import lists as list_table
from qbwc_service.people import NotAllowed, Right
from qbwc_service.posting import send as sending
from qbwc_service.posting.plan import Choices, ForSupplier, plan
from qbwc_service.posting.resend import resend
from tests.faults.world import World
from tests.orders import make_order
from tests.posting.test_quickbooks import job, poll, state

TWO = make_order(
    lines=[
        {"product_number": "A7102", "quantity": "100", "rate": "2.30", "supplier_id": "S-3", "cost": "1.15"},
        {"product_number": "B1", "quantity": "1", "rate": "5.00", "supplier_id": "S-4", "cost": "2.00"},
    ],
    suppliers=[{"id": "S-3", "name": "ASI Supplier"}, {"id": "S-4", "name": "Other"}],
    payments=[],
)
FILE_ID = "{90A44FB5-33D9-4815-AC85-BC87A7E7D1EB}"


@pytest.fixture
def world(engine):
    made = World.new(engine, 1)
    with made.gone():
        yield made


def planned(choices, order=TWO, **preferences):
    (read,) = orders.read(json.dumps(order))
    return plan(read, choices, Preferences(**preferences), FILE_ID)


def records(found):
    return {document.record for document in found.documents if document.kind in ("Invoice", "Bill", "PurchaseOrder")}


def test_bills_and_purchase_orders_are_of_the_suppliers_that_were_ticked_for_them():
    each = {"S-3": ForSupplier(bill=True), "S-4": ForSupplier(purchase_order=True)}
    found = planned(Choices(invoice=False, by_supplier=each))
    assert records(found) == {"bill:1001:S-3", "purchase_order:1001:S-4"}


def test_a_supplier_of_its_own_choice_is_not_of_the_others():
    found = planned(Choices(invoice=False, bill=True, by_supplier={"S-3": ForSupplier()}))
    assert records(found) == {"bill:1001:S-4"}
    assert records(planned(Choices(invoice=False, bill=True))) == {"bill:1001:S-3", "bill:1001:S-4"}
    assert records(planned(Choices(invoice=False, bill=True, suppliers=("S-4",)))) == {"bill:1001:S-4"}


def test_an_unknown_supplier_stands_in_the_way():
    found = planned(Choices(by_supplier={"S-9": ForSupplier(bill=True)}))
    assert [str(obstacle) for obstacle in found.obstacles] == ["suppliers: the order has no supplier S-9"]


def test_accounts_may_differ_by_supplier():
    each = {
        "S-3": ForSupplier(bill=True, ap_account="Payables 3", cost_account="Costs 3"),
        "S-4": ForSupplier(bill=True),
    }
    found = planned(Choices(by_supplier=each), ap_account="Payables", cost_account="Costs")
    text = {document.record: document.draft.text for document in found.documents}
    assert "<FullName>Payables 3</FullName>" in text["bill:1001:S-3"]
    assert "<FullName>Payables</FullName>" in text["bill:1001:S-4"]
    assert "<FullName>Costs 3</FullName>" in text["item:a7102"]
    assert "<FullName>Costs</FullName>" in text["item:b1"]


def test_the_rights_that_one_needs_are_those_of_each_supplier_too():
    each = {"S-3": ForSupplier(bill=True), "S-4": ForSupplier(purchase_order=True)}
    assert sending.asked_for(Choices(invoice=False, by_supplier=each)) == {Right.BILL, Right.PURCHASE_ORDER}
    assert sending.asked_for(Choices()) == {Right.INVOICE}


def test_a_wrong_account_of_one_supplier_is_told_by_its_place(world):
    poll(world)
    (read,) = orders.read(json.dumps(TWO))
    each = {"S-4": ForSupplier(bill=True, ap_account="Sales")}
    with world.engine.begin() as db:
        sending.store(db, world.company, read, world.clock.now)
        found = sending.preview(db, world.company, "1001", Choices(by_supplier=each))
    assert [obstacle.path for obstacle in found.obstacles] == ["suppliers[1].ap_account"]


# --- sending otherwise ---------------------------------------------------------------------------------------------


def again(world, choices, rights=frozenset(Right)):
    with world.engine.begin() as db:
        return resend(db, world.company, "1001", choices, world.clock.now, rights)


def numbers(world):
    return sorted(one["ref_number"] for one in world.books.transactions())


def test_a_refused_invoice_is_sent_with_another_account_and_its_payment_with_it(world):
    poll(world)
    world.books.faults.refuse_next("InvoiceAdd", 3140)
    world.send(make_order(), Choices())
    poll(world)
    assert state(world, "1001") == "attention"
    assert again(world, Choices(ar_account="Accounts Receivable")) == 2
    poll(world)
    assert state(world, "1001") == "posted"
    assert numbers(world) == ["1001", "2231"]
    posted = job(world, "invoice:1001").id
    with world.engine.connect() as db:
        assert "Accounts Receivable" in job_table.contents(db, [posted])[posted]


def test_a_refused_item_is_created_otherwise_and_what_waited_for_it_goes_on(world):
    poll(world)
    world.books.faults.refuse_next("ItemNonInventoryAdd", 3140)
    world.send(make_order(), Choices())
    poll(world)
    assert job(world, "item:a7102").state == "attention"
    again(world, Choices(income_account="Shipping Income"))
    poll(world)
    assert state(world, "1001") == "posted"
    assert "Shipping Income" in str(world.books.items[0].fields) + str(world.books.items[-1].fields)


def test_what_is_in_quickbooks_stays_and_is_not_doubled(world):
    poll(world)
    world.send(make_order(), Choices())
    poll(world)
    assert again(world, Choices(ar_account="Accounts Receivable")) == 0
    poll(world)
    assert numbers(world) == ["1001", "2231"]


def test_what_quickbooks_may_hold_is_not_sent_otherwise(world):
    poll(world)
    connector = world.connector()
    world.send(make_order(), Choices())
    connector.login()
    connector.process(connector.fetch())  # done, and the answer is lost
    assert again(world, Choices(ar_account="Accounts Receivable")) == 0
    poll(world)
    assert numbers(world) == ["1001", "2231"]


def test_what_has_not_left_is_no_longer_sent_when_it_is_unticked(world):
    poll(world)
    world.send(make_order(), Choices(bill=True))
    assert again(world, Choices()) > 0
    poll(world)
    assert state(world, "1001") == "posted"
    assert {one["kind"] for one in world.books.transactions()} == {"Invoice", "ReceivePayment"}


def test_who_may_not_send_bills_takes_none_back(world):
    poll(world)
    world.send(make_order(), Choices(bill=True))
    again(world, Choices(ar_account="Accounts Receivable"), frozenset({Right.INVOICE}))
    poll(world)
    assert {one["kind"] for one in world.books.transactions()} == {"Invoice", "ReceivePayment", "Bill"}


def test_a_bill_that_goes_with_its_purchase_order_needs_its_right(engine):
    world = World.new(engine, 2, link_bills="yes")
    with world.gone():
        poll(world)
        world.send(make_order(), Choices(bill=True, purchase_order=True))
        with pytest.raises(NotAllowed):
            again(world, Choices(), frozenset({Right.INVOICE, Right.PURCHASE_ORDER}))
        assert job(world, "bill:1001:S-3").state in ("ready", "waiting")


def test_a_link_is_taken_away_only_while_nothing_needs_it(world):
    poll(world)
    made = world.books.make("Customer", "Another")
    with world.engine.begin() as db:
        list_table.put_links(db, world.company.id, [("customer:C-17", made.id, "Another")], world.clock.now)
    world.send(make_order(), Choices())
    with world.engine.begin() as db, pytest.raises(sending.StillNeeded):
        sending.unlink(db, world.company, "C-17")
    poll(world)
    with world.engine.begin() as db:
        assert not job_views.on_their_way(db, world.company.id, "C-17")
        sending.unlink(db, world.company, "C-17")
        assert list_table.links_of(db, world.company.id, ["customer:C-17"]) == {}

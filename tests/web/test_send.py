"""The window "Send to QuickBooks", without scripts as with them: to the cent, and once."""

import datetime as dt
import json

import pytest
from lxml import html as markup

from qbwc_service.db import audit, companies
from qbwc_service.db import lists as list_table
from qbwc_service.db.lists import List
from qbwc_service.posting import send as sending
from tests.web.forms import fields_of, press, put_order, said_by, settings, texts, window
from tests.web.site import Site, served

TWO_SUPPLIERS = {
    "lines": [
        {"product_number": "A7102", "quantity": "100", "rate": "2.30", "supplier_id": "S-3", "cost": "1.15"},
        {"product_number": "B1", "quantity": "1", "rate": "5.00", "supplier_id": "S-4", "cost": "2.00"},
    ],
    "suppliers": [{"id": "S-3", "name": "ASI Supplier"}, {"id": "S-4", "name": "Other Supplier"}],
    "discount": None,
    "payments": [],
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory):
    with served(tmp_path_factory.mktemp("send"), lists=False) as running:
        for name in ("ABC of Trevose", "ABC of Boston", "Zenith & Sons", "<script>alert(1)</script>"):
            running.books.make("Customer", name)
        for number in range(12):
            running.books.make("Customer", f"Many {number:02}")
        running.books.make("Vendor", "Trevose Mugs")
        running.poll()
        yield running


def list_id(site, which, name):
    with site.engine.connect() as db:
        return list_table.by_keys(db, site.company_id, which, [name])[name.lower()].list_id


def preview_of(page):
    return said_by(markup.tostring(markup.fromstring(page.text).find(".//section[@id='preview']"), encoding="unicode"))


def test_the_window_begins_with_the_manuals_words_and_shows_the_sums(site: Site) -> None:
    put_order(site, "1001")
    page = site.clerk.get(f"{site.base}/orders/1001/send")
    said = texts(page)
    assert "Customer (ABC Company) Create New Customer" in said
    assert "Vendor (ASI Supplier) Create New Vendor" in said
    shown = preview_of(page)
    assert "Invoice 218.50 = 230.00 − 11.50; payments applied 100.00; balance due 118.50." in shown
    assert "A7102 100 Almond - 11 oz/Stoneware 2.30 230.00" in shown
    assert "Discount -11.50 -11.50" in shown
    assert "Customer ABC Company: is created" in shown
    assert "Payment method Check: QuickBooks has it already: it is used" in shown
    assert "6 documents are added." in shown


def test_what_is_sent_is_in_quickbooks_to_the_cent_and_once(site: Site) -> None:
    put_order(site, "1002")
    first = window(site, site.clerk, "1002", bill_0="on", purchase_order_0="on")
    other_tab = list(first)
    queued = press(site, site.clerk, "1002", "send", first)
    assert queued.url == f"{site.url}{site.base}/orders/1002"
    assert "Queued: 9 documents. QuickBooks gets them at the next poll" in texts(queued)
    assert "Nothing was added: all of it was sent before." in texts(press(site, site.admin, "1002", "send", other_tab))
    site.poll()
    (invoice,) = [one for one in site.books.transactions() if one["ref_number"] == "1002"]
    assert (invoice["total"], invoice["applied"], invoice["balance"]) == ("218.50", "100.00", "118.50")
    assert {one["kind"] for one in site.books.transactions()} >= {"Invoice", "ReceivePayment", "Bill", "PurchaseOrder"}
    again = site.clerk.get(f"{site.base}/orders/1002/send")
    assert "Of this order was sent already: Invoice 1002: In QuickBooks" in texts(again)
    assert "Nothing is added: all of this was sent before." in preview_of(again)
    with site.engine.connect() as db:
        sent = [row for row in audit.listed(db, company_id=site.company_id) if row.about == "1002"]
    assert [(row.who, row.act, row.detail) for row in sent] == [
        ("carl@example.com", "order.sent", "bill, invoice, purchase_order")
    ]


def test_sent_later_only_what_was_not_asked_for_is_added(site: Site) -> None:
    put_order(site, "1003", payments=[])
    press(site, site.clerk, "1003", "send", window(site, site.clerk, "1003"))
    page = press(site, site.clerk, "1003", "preview", window(site, site.clerk, "1003", bill_0="on"))
    assert "– it was sent before, and stays as it was sent." in preview_of(page)
    added = press(site, site.clerk, "1003", "send", window(site, site.clerk, "1003", bill_0="on"))
    assert "Queued: 1 document." in texts(added) or "Queued: 2 documents." in texts(added)
    assert "Bill INV-1003" in texts(added)


def test_a_search_shows_records_to_choose_and_keeps_what_was_chosen(site: Site) -> None:
    put_order(site, "1004", customer={"id": "C-4", "name": "Trevose"})
    fields = window(site, site.clerk, "1004", find_customer="ABC of", bill_0="on", tax="quickbooks")
    page = press(site, site.clerk, "1004", "find", fields)
    said = texts(page)
    assert "Create New Customer ABC of Boston ABC of Trevose" in said
    assert "2 to choose from" in said
    tree = markup.fromstring(page.text)
    assert tree.xpath("//input[@name='bill-0']/@checked")
    assert tree.xpath("//select[@name='tax']/option[@selected]/@value") == ["quickbooks"]
    many = press(site, site.clerk, "1004", "find", window(site, site.clerk, "1004", find_customer="many"))
    assert "More than can be shown: write more of the name." in texts(many)
    none = press(site, site.clerk, "1004", "find", window(site, site.clerk, "1004", find_customer="nobody"))
    assert "QuickBooks has none of this name." in texts(none)


def test_while_one_types_only_the_part_that_changes_comes(site: Site) -> None:
    put_order(site, "1005", customer={"id": "C-5", "name": "Boston"})
    fields = window(site, site.clerk, "1005", find_customer="boston")
    found = press(site, site.clerk, "1005", "find:customer", fields, htmx=True)
    assert "<html" not in found.text
    assert "ABC of Boston" in found.text
    assert 'id="found-customer"' in found.text
    preview = press(site, site.clerk, "1005", "preview", fields, htmx=True)
    assert "<html" not in preview.text
    assert 'id="preview"' in preview.text
    assert press(site, site.clerk, "1005", "find:nothing", fields, htmx=True).status_code == 200


def test_a_chosen_customer_is_tried_in_the_preview_and_linked_by_the_sending(site: Site) -> None:
    chosen = list_id(site, List.CUSTOMER, "ABC of Trevose")
    put_order(site, "1006", customer={"id": "C-6", "name": "Sixth"})
    fields = window(site, site.clerk, "1006", customer=chosen)
    page = press(site, site.clerk, "1006", "preview", fields)
    assert "Customer Sixth" not in preview_of(page)
    assert "Invoice 1006 ABC of Trevose" in preview_of(page)
    with site.engine.connect() as db:
        assert list_table.links_of(db, site.company_id, ["customer:C-6"]) == {}
    press(site, site.clerk, "1006", "send", fields)
    site.poll()
    (invoice,) = [one for one in site.books.transactions() if one["ref_number"] == "1006"]
    assert invoice["entity"] == "ABC of Trevose"
    again = site.clerk.get(f"{site.base}/orders/1006/send")
    assert "ABC of Trevose (linked)" in texts(again)


def test_a_customer_of_the_same_name_is_chosen_already(site: Site) -> None:
    put_order(site, "1007", customer={"id": "C-7", "name": "zenith & sons"})
    page = site.clerk.get(f"{site.base}/orders/1007/send")
    chosen = markup.fromstring(page.text).xpath("//input[@name='customer'][@checked]/@value")
    assert chosen == [list_id(site, List.CUSTOMER, "Zenith & Sons")]


def test_a_record_that_is_gone_is_told_beside_the_picker_and_nothing_is_sent(site: Site) -> None:
    put_order(site, "1008", customer={"id": "C-8", "name": "Eighth"})
    page = press(site, site.clerk, "1008", "send", window(site, site.clerk, "1008", customer="80000FFF-1"))
    assert page.status_code == 422
    assert "does not hold this record any more" in page.text
    assert 'href="#field-customer"' in page.text
    assert "Not sent" in texts(site.clerk.get(f"{site.base}/orders/1008"))


def test_each_supplier_has_its_own_ticks_vendor_and_accounts(site: Site) -> None:
    put_order(site, "1009", **TWO_SUPPLIERS)
    vendor = list_id(site, List.VENDOR, "Trevose Mugs")
    fields = window(
        site,
        site.clerk,
        "1009",
        invoice=None,
        bill_0="on",
        vendor_0=vendor,
        purchase_order_1="on",
        cost_account_1="Freight Costs",
    )
    press(site, site.clerk, "1009", "send", fields)
    site.poll()
    made = {(one["kind"], one["entity"]) for one in site.books.transactions() if "1009" in str(one["ref_number"])}
    assert made == {("Bill", "Trevose Mugs"), ("PurchaseOrder", "Other Supplier")}
    (item,) = [one for one in site.books.items if one.name == "B1"]
    assert "Freight Costs" in str(item.fields)


def test_what_stands_in_the_way_is_told_with_the_way_to_mend_it(site: Site) -> None:
    put_order(site, "1010", discount={"amount": "900"}, payments=[])
    page = site.clerk.get(f"{site.base}/orders/1010/send")
    assert "Discount: the invoice would come to -670.00; QuickBooks takes no invoice below zero" in preview_of(page)
    assert "It cannot be sent yet." in preview_of(page)
    refused = press(site, site.clerk, "1010", "send", window(site, site.clerk, "1010"))
    assert refused.status_code == 422
    assert 'href="#field-preview"' in refused.text


def test_an_account_of_the_wrong_kind_is_told_beside_its_field(site: Site) -> None:
    put_order(site, "1011")
    fields = window(site, site.clerk, "1011", ar_account="Retained Earnings", bill_0="on", ap_account_0="Sales")
    page = press(site, site.clerk, "1011", "send", fields)
    assert page.status_code == 422
    tree = markup.fromstring(page.text)
    said = tree.get_element_by_id("fault-ar_account").text_content()
    assert said == "Retained Earnings is of type Equity; QuickBooks takes Accounts Receivable here"
    assert "Sales is of type Income" in tree.get_element_by_id("fault-ap_account-0").text_content()
    assert tree.xpath("//input[@name='bill-0']/@checked")
    assert tree.xpath("//select[@name='ar_account']/option[@selected]/@value") == ["Retained Earnings"]
    wrong = press(site, site.clerk, "1011", "preview", window(site, site.clerk, "1011", income_account="Nowhere"))
    assert "Income account: QuickBooks has no active account Nowhere. Choose another one." in preview_of(wrong)


def test_a_companys_wrong_account_is_for_an_admin_to_mend(site: Site) -> None:
    put_order(site, "1012")
    settings(site, deposit_account="Gone")
    try:
        assert f'href="{site.base}/accounts"' in site.admin.get(f"{site.base}/orders/1012/send").text
        clerks = site.clerk.get(f"{site.base}/orders/1012/send")
        assert "An admin can choose another one in Accounts." in clerks.text
        assert f'href="{site.base}/accounts"' not in clerks.text
    finally:
        settings(site, deposit_account="")


def test_a_number_that_another_order_has_leads_to_that_order(site: Site) -> None:
    put_order(site, "ORDER-2026-000001")
    found = press(site, site.clerk, "ORDER-2026-000001", "send", window(site, site.clerk, "ORDER-2026-000001"))
    short = next(word for word in texts(found).split() if word.endswith("-000001") and len(word) == 11)
    put_order(site, short)
    page = site.clerk.get(f"{site.base}/orders/{short}/send")
    assert f"Invoice number {short} is taken by order ORDER-2026-000001" in preview_of(page)
    assert f'href="{site.base}/orders/ORDER-2026-000001"' in page.text


def test_what_looks_different_in_quickbooks_is_told(site: Site) -> None:
    put_order(site, "1013", customer={"id": "C-13", "name": "Łódź and a very long name that no QuickBooks holds"})
    shown = preview_of(site.clerk.get(f"{site.base}/orders/1013/send"))
    assert "Customer's name: “Łódź and a very long name that no QuickBooks holds” becomes “Lódz and" in shown
    assert "it has characters that QuickBooks cannot hold; it is too long for QuickBooks" in shown


def test_taxes_are_quickbooks_own_or_an_item(site: Site) -> None:
    put_order(site, "1014", tax={"amount": "8.05"}, payments=[])
    item = press(site, site.clerk, "1014", "preview", window(site, site.clerk, "1014", tax="item"))
    assert "Total Sales Tax 8.05" in preview_of(item)
    own = press(site, site.clerk, "1014", "preview", window(site, site.clerk, "1014", tax="item:State Tax"))
    assert "Total Sales Tax" not in preview_of(own)
    assert "Tax that QuickBooks is expected to add 8.05" in preview_of(own)
    assert "QuickBooks tax: State Tax" in own.text


def test_what_somebody_may_not_send_is_hidden_and_refused(site: Site) -> None:
    put_order(site, "1015")
    fields = window(site, site.clerk, "1015", bill_0="on", purchase_order_0="on")
    settings(site, allow_bills="no", allow_purchase_orders="no")
    try:
        page = site.clerk.get(f"{site.base}/orders/1015/send")
        assert "You may not send bills. You may not send purchase orders. These people can allow you to:" in texts(page)
        assert "ana@example.com" in page.text
        assert 'name="bill-0"' not in page.text
        refused = press(site, site.clerk, "1015", "send", fields)
        assert refused.status_code == 403
        assert "Not sent" in texts(site.clerk.get(f"{site.base}/orders/1015"))
        assert press(site, site.admin, "1015", "send", fields).status_code == 200
    finally:
        settings(site, allow_bills="yes", allow_purchase_orders="yes")


def test_who_may_send_nothing_finds_no_form(site: Site) -> None:
    put_order(site, "1016")
    settings(site, allow_invoices="no", allow_bills="no", allow_purchase_orders="no")
    try:
        page = site.clerk.get(f"{site.base}/orders/1016/send")
        assert "You may not send invoices." in page.text
        assert 'value="send"' not in page.text
        assert 'role="button" class="small qb"' not in site.clerk.get(f"{site.base}/orders").text
    finally:
        settings(site, allow_invoices="yes", allow_bills="yes", allow_purchase_orders="yes")


def test_a_form_of_an_order_that_was_replaced_is_shown_again_with_what_changed(site: Site) -> None:
    put_order(site, "1017")
    stale = window(site, site.clerk, "1017", bill_0="on")
    put_order(site, "1017", discount={"amount": "1.50"}, memo="new")
    page = press(site, site.clerk, "1017", "send", stale)
    assert page.status_code == 422
    assert "Other than before: the discount." in page.text
    assert "Invoice 228.50 = 230.00 − 1.50" in preview_of(page)
    assert markup.fromstring(page.text).xpath("//input[@name='bill-0']/@checked")
    told = press(site, site.clerk, "1017", "preview", stale, htmx=True)
    assert "Other than before: the discount." in told.text
    assert "Not sent" in texts(site.clerk.get(f"{site.base}/orders/1017"))
    assert "Queued" in press(site, site.clerk, "1017", "send", window(site, site.clerk, "1017")).text


def test_what_is_not_ticked_any_more_is_told_to_be_taken_back(site: Site) -> None:
    site.poll()  # what the other tests sent
    put_order(site, "1062")
    press(site, site.clerk, "1062", "send", window(site, site.clerk, "1062", bill_0="on"))
    again = [
        (name, value) for name, value in window(site, site.clerk, "1062", again="on") if name not in ("bill-0", "again")
    ]
    shown = preview_of(press(site, site.clerk, "1062", "preview", [*again, ("again", "on")]))
    assert "It was sent before, is not in QuickBooks, and is taken back: it is not sent any more." in shown
    bills = [one["kind"] for one in site.books.transactions()].count("Bill")
    press(site, site.clerk, "1062", "send", [*again, ("again", "on")])
    site.poll()
    kinds = [one["kind"] for one in site.books.transactions()]
    assert kinds.count("Bill") == bills
    assert [one["kind"] for one in site.books.transactions() if one["ref_number"] == "1062"] == ["Invoice"]


def test_what_quickbooks_refused_can_be_sent_otherwise(site: Site) -> None:
    site.poll()  # what the other tests sent
    put_order(site, "1018", customer={"id": "C-18", "name": "Eighteenth"})
    press(site, site.clerk, "1018", "send", window(site, site.clerk, "1018"))
    site.books.faults.refuse_next("InvoiceAdd", 3140)
    site.poll()
    order = site.clerk.get(f"{site.base}/orders/1018")
    assert "Edit and resend" in texts(order)
    path = f"{site.base}/orders/1018/send"
    page = site.clerk.get(f"{path}?again=yes")
    assert "2 documents are added." in preview_of(page)
    fields = window(site, site.clerk, "1018", again="on", ar_account="Accounts Receivable")
    assert "Queued: 2 documents" in texts(press(site, site.clerk, "1018", "send", fields))
    site.poll()
    assert "all of it is there" in texts(site.clerk.get(f"{site.base}/orders/1018"))
    assert len([one for one in site.books.transactions() if one["ref_number"] == "1018"]) == 1


def test_an_order_from_before_the_installation_is_sent_by_hand_only(site: Site) -> None:
    put_order(site, "1019", completed_at="2020-01-02T10:00:00Z")
    note = "This order was finished before QuickBooks was connected."
    assert note in site.clerk.get(f"{site.base}/orders/1019").text
    assert note in site.clerk.get(f"{site.base}/orders/1019/send").text
    assert "Queued" in press(site, site.clerk, "1019", "send", window(site, site.clerk, "1019")).text


def test_the_window_speaks_spanish_also_of_what_stands_in_the_way(site: Site) -> None:
    put_order(site, "1020", discount={"amount": "900"}, payments=[])
    site.add_user("eva@example.com", "Eva Encargada")
    eva = site.browser("eva@example.com")
    eva.post("/language", {"language": "es"})
    page = eva.get(f"{site.base}/orders/1020/send")
    said = texts(page)
    assert "Cliente (ABC Company)" in said
    assert "Descuento: la factura sumaría -670.00; QuickBooks no acepta facturas por debajo de cero" in said


def test_hostile_names_in_quickbooks_lists_are_shown_as_text(site: Site) -> None:
    put_order(site, "1021", customer={"id": "C-21", "name": "Hostile"})
    page = press(site, site.clerk, "1021", "find", window(site, site.clerk, "1021", find_customer="<script"))
    tree = markup.fromstring(page.text)
    assert "<script>alert(1)</script>" in tree.text_content()
    assert tree.xpath("//script[not(@src)]") == []


def test_the_window_needs_the_token_of_its_page(site: Site) -> None:
    put_order(site, "1022")
    fields = [*window(site, site.clerk, "1022"), ("csrf", "wrong")]
    assert press(site, site.clerk, "1022", "send", fields).status_code == 409
    assert "Not sent" in texts(site.clerk.get(f"{site.base}/orders/1022"))


def test_the_preview_is_what_the_command_shows(site: Site) -> None:
    put_order(site, "1023")
    told = site.qbwc.here.run("order", "send", str(site.company_id), "1023", "--dry-run", "--json")
    (invoice,) = [one for one in json.loads(told.stdout)["documents"] if one["kind"] == "Invoice"]
    shown = preview_of(site.clerk.get(f"{site.base}/orders/1023/send"))
    assert f"balance due {invoice['balance']}" in shown


def test_settings_that_changed_since_the_preview_are_told_before_anything_is_sent(site: Site) -> None:
    put_order(site, "1060", tax={"amount": "7.00"})
    shown = window(site, site.clerk, "1060")
    settings(site, tax="quickbooks")
    try:
        again = press(site, site.clerk, "1060", "send", shown)
        assert again.status_code == 422
        assert "The company's settings were changed while this window was open." in texts(again)
        assert "Tax that QuickBooks is expected to add" in again.text  # the preview is of what holds now
        path = f"{site.base}/orders/1060/send"
        assert "Queued" in texts(press(site, site.clerk, "1060", "send", fields_of(again, path)))
    finally:
        settings(site, tax="item")


def test_a_customer_who_was_linked_meanwhile_is_told_instead_of_billed_to_another(site: Site) -> None:
    put_order(site, "1061", customer={"id": "C-1061", "name": "Not In QuickBooks"})
    shown = window(site, site.clerk, "1061")
    assert ("customer", "") in shown
    with site.engine.begin() as db:
        company = companies.by_id(db, site.company_id)
        record = list_table.listed(db, site.company_id, List.CUSTOMER)[0]
        sending.link(db, company, "customer:C-1061", List.CUSTOMER, record.list_id, dt.datetime.now(dt.UTC))
    again = press(site, site.clerk, "1061", "send", shown)
    assert again.status_code == 422
    assert f"was linked to {record.name} in QuickBooks while this window was open" in texts(again)
    path = f"{site.base}/orders/1061/send"
    assert ("customer", record.list_id) in fields_of(again, path)
    assert "Queued" in texts(press(site, site.clerk, "1061", "send", fields_of(again, path)))

"""The company file: what it says of itself, what is stamped on it, and that nothing is lost on disk."""

from __future__ import annotations

import json
import pathlib
from datetime import timedelta

import pytest
from lxml import etree

from qbwc_service.simulator.company import Company
from qbwc_service.simulator.errors import StampClash

from .asking import (
    HUNDRED_AT_230,
    Clock,
    ask,
    bill,
    faults_of,
    invoice,
    make_company,
    message,
    one,
    order_line,
    payment,
    purchase_order,
    texts,
)

OWNER = "{11111111-AAAA-1111-1111-111111111111}"
FILE = "{22222222-2222-2222-2222-222222222222}"


def busy_company() -> Company:
    """-> one of which there is something of everything to save."""
    company = make_company()
    company.stamp(OWNER, FILE)
    company.lock(OWNER, "FRONT-DESK")
    company.features.closing_date = "2025-12-31"
    company.message_sets.capacity = 3
    ask(
        company,
        invoice(HUNDRED_AT_230, macro="TxnID:a", head="<TxnDate>2026-03-01</TxnDate>")
        + payment("100.00", ("TxnID:a", "100.00"))
        + purchase_order(order_line("A7102", "<Quantity>3</Quantity>"))
        + invoice(HUNDRED_AT_230, who="Nobody"),
        newMessageSetID="A1",
    )
    one(company, bill(f"<LinkToTxnID>{company.purchase_orders[0].txn_id}</LinkToTxnID>"))
    return company


def test_what_is_saved_is_what_is_loaded(tmp_path: pathlib.Path) -> None:
    company = busy_company()
    path = tmp_path / "books.json"
    company.save(path)
    loaded = Company.load(path, clock=Clock())
    assert loaded.to_json() == company.to_json()
    assert loaded.transactions() == company.transactions()
    assert loaded.features == company.features
    assert [file.name for file in tmp_path.iterdir()] == ["books.json"]


def test_a_loaded_company_remembers_message_sets_names_and_numbers(tmp_path: pathlib.Path) -> None:
    company = busy_company()
    company.save(tmp_path / "books.json")
    loaded = Company.load(tmp_path / "books.json", clock=Clock())
    asked = message(newMessageSetID="A1", oldMessageSetID="A1")
    assert loaded.process(asked) == company.process(asked)
    first, second = (etree.tostring(one(books, invoice(HUNDRED_AT_230))) for books in (company, loaded))
    assert first == second
    assert len({record.txn_id for record in loaded.invoices}) == 2


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: pathlib.Path) -> None:
    company = make_company()
    path = tmp_path / "books.json"
    company.save(path)
    before = path.read_bytes()
    company.name = "\ud800"  # cannot be written as UTF-8
    with pytest.raises(UnicodeEncodeError):
        company.save(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["books.json"]


def test_money_is_text_on_disk() -> None:
    told = busy_company().to_json()
    assert json.loads(json.dumps(told)) == told
    assert '"total": "230.00"' in json.dumps(told)


def test_another_format_is_refused() -> None:
    told = make_company().to_json()
    with pytest.raises(ValueError, match="format 1"):
        Company.from_json({**told, "format": 2})


def test_what_the_first_request_of_a_session_tells() -> None:
    company = busy_company()
    document = company.host_xml()
    assert document.startswith('<?xml version="1.0" ?>')
    assert faults_of(document) == []
    answers = etree.fromstring(document.encode())[0]
    assert [str(answer.tag) for answer in answers] == ["HostQueryRs", "CompanyQueryRs", "PreferencesQueryRs"]
    assert [answer.get("requestID") for answer in answers] == ["0", "1", "2"]
    assert texts(answers, "HostQueryRs/HostRet/SupportedQBXMLVersion")[-1] == "16.0"
    assert texts(answers, "CompanyQueryRs/CompanyRet/CompanyName") == ["ABC Promotions"]
    told = {one.findtext("DataExtName"): one.findtext("DataExtValue") for one in answers.iter("DataExtRet")}
    assert told["FileID"] == FILE
    assert (told["AppLock"] or "").startswith("LOCKED:FRONT-DESK:")
    assert answers.findtext(".//ClosingDate") == "2025-12-31"


def test_the_lock_holds_the_time_in_ticks() -> None:
    clock = Clock()
    company = make_company(clock)
    company.lock(OWNER, "PC")
    clock.move(seconds=1)
    company.lock(OWNER.lower(), "PC")
    (extension,) = company.extensions.values()
    ticks = int(extension.value.rsplit(":", 1)[1])
    assert timedelta(microseconds=ticks / 10) == timedelta(
        days=(clock.now.date().toordinal() - 1), hours=9.5, seconds=1
    )


def test_preferences_say_what_is_switched_on() -> None:
    company = make_company()
    company.features.sales_tax = False
    company.features.multi_user = True
    answers = etree.fromstring(company.host_xml().encode())[0]
    assert answers.find(".//SalesTaxPreferences") is None
    assert answers.findtext(".//QBFileMode") == "MultiUser"


def test_data_extensions_are_told_to_their_owner_alone() -> None:
    company = make_company()
    company.stamp(OWNER, FILE)
    company.stamp(FILE, OWNER)
    asked = f"<CompanyQueryRq><OwnerID>{OWNER.lower()}</OwnerID></CompanyQueryRq>"
    assert texts(one(company, asked), "CompanyRet/DataExtRet/DataExtValue") == [FILE]
    assert texts(one(company, "<CompanyQueryRq/>"), "CompanyRet/DataExtRet") == []


def test_an_owner_has_one_file_id() -> None:
    company = make_company()
    company.stamp(OWNER, FILE)
    company.stamp(OWNER.lower(), FILE)
    with pytest.raises(StampClash) as clash:
        company.stamp(OWNER, OWNER)
    assert clash.value.held == FILE


def test_ids_look_like_quickbooks_and_are_never_given_twice() -> None:
    company = busy_company()
    lists = [one.list_id for one in (*company.accounts, *company.customers, *company.items)]
    transactions = [one.txn_id for one in (*company.invoices, *company.payments, *company.bills)]
    assert len({*lists, *transactions}) == len(lists) + len(transactions)
    assert all(len(id_) == 19 and id_.startswith("8000") for id_ in lists)
    assert all(int(id_.partition("-")[0], 16) < 0x80000000 for id_ in transactions)


def test_the_edit_sequence_grows_with_every_change_within_a_second() -> None:
    company = make_company()
    one(company, invoice(HUNDRED_AT_230))
    seen = [int(company.invoices[0].edit_sequence)]
    for _ in range(3):
        one(company, payment("1.00", (company.invoices[0].txn_id, "1.00")))
        seen.append(int(company.invoices[0].edit_sequence))
    assert seen == sorted(set(seen))


def test_times_have_an_offset_and_no_fraction() -> None:
    company = Company.new()
    one(company, "<VendorAddRq><VendorAdd><Name>X</Name></VendorAdd></VendorAddRq>")
    told = one(company, "<VendorQueryRq/>").findtext("VendorRet/TimeCreated") or ""
    assert len(told) == len("2026-03-02T09:30:00+00:00")
    assert told[19] in "+-"


def test_the_default_chart_has_what_an_order_needs() -> None:
    kinds = {account.value("AccountType") for account in Company.new().accounts}
    assert {"AccountsReceivable", "AccountsPayable", "Income", "CostOfGoodsSold", "Bank"} <= kinds

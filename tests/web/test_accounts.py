"""The tab Accounts: each of our fields and the QuickBooks account it goes to."""

import pathlib
from collections.abc import Iterator

import pytest
from lxml import html

from qbwc_service.companies.preferences import Tax
from qbwc_service.db import companies
from qbwc_service.db.engine import reading
from qbwc_service.db.lists import List
from tests.web.desk import Desk, desk_in, now
from tests.web.markup import fields_of, text_of

CHART = [
    ("1", "Accounts Receivable", "AccountsReceivable", True),
    ("2", "Sales", "Income", True),
    ("3", "Sales <b>East</b> & West", "Income", True),
    ("4", "Old Sales", "Income", False),
    ("5", "Checking", "Bank", True),
    ("6", "Retained Earnings", "Equity", True),
    ("7", "Cost of Goods Sold", "CostOfGoodsSold", True),
    ("8", "Interest", "OtherIncome", True),
    ("9", "Accounts Payable", "AccountsPayable", True),
]


@pytest.fixture
def desk(tmp_path: pathlib.Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as made:
        made.mirror_nothing()
        made.mirror(List.ACCOUNT, CHART)
        made.mirror(List.SALES_TAX_ITEM, [("20", "Austin", "", True), ("21", "Gone", "", False)])
        yield made


def choices(page: str, name: str) -> list[str]:
    """-> what a field offers, but for what stands for an open choice."""
    options = html.fromstring(page.encode()).get_element_by_id(f"field-{name}").iter("option")
    return [option.get("value") for option in options if option.get("value")]


def test_each_field_offers_the_active_accounts_that_quickbooks_takes_there(desk: Desk) -> None:
    page = desk.admin.get(f"{desk.base}/accounts").text
    assert choices(page, "ar_account") == ["Accounts Receivable"]
    assert choices(page, "income_account") == ["Sales", "Sales <b>East</b> & West", "Interest"]
    assert choices(page, "ap_account") == ["Accounts Payable"]
    assert choices(page, "cost_account") == ["Cost of Goods Sold"]
    assert choices(page, "deposit_account") == ["Checking"]
    assert choices(page, "tax_item") == ["Austin"]
    assert len(choices(page, "discount_account")) == len(CHART) - 1


def test_what_is_chosen_is_saved_and_shown(desk: Desk) -> None:
    page = desk.submit(
        "/accounts",
        "/accounts",
        income_account="Sales <b>East</b> & West",
        ar_account="Accounts Receivable",
        discount_account="Interest",
        tax="quickbooks",
        tax_item="Austin",
    )
    assert "Saved." in page.text
    saved = desk.preferences()
    assert (saved.income_account, saved.ar_account) == ("Sales <b>East</b> & West", "Accounts Receivable")
    assert (saved.tax, saved.tax_item, saved.ap_account) == (Tax.QUICKBOOKS, "Austin", "")
    assert fields_of(page.text, f"{desk.base}/accounts")["discount_account"] == "Interest"
    assert (desk.trail()[0].act, desk.trail()[0].who) == ("accounts.saved", "ana@example.com")


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        (
            "ar_account",
            "Retained Earnings",
            "Retained Earnings is an account of the type Equity. QuickBooks takes only Accounts Receivable here, and "
            "would refuse each document.",
        ),
        ("deposit_account", "Sales", "QuickBooks takes only Bank or Other Current Asset here"),
        ("income_account", "Old Sales", "The account Old Sales is inactive in QuickBooks."),
        ("income_account", "Nowhere", "QuickBooks has no account Nowhere."),
        ("tax_item", "Gone", "QuickBooks has no active sales tax item Gone."),
    ],
)
def test_an_account_that_quickbooks_would_refuse_is_told_of_before_it_does(
    desk: Desk, field: str, value: str, said: str
) -> None:
    """Neither is one set anew, nor does one that was set before go unmarked; and other fields can be saved with it."""
    fields = fields_of(desk.admin.get(f"{desk.base}/accounts").text, f"{desk.base}/accounts")
    refused = desk.send("/accounts", {**fields, field: value})
    assert refused.status_code == 422
    assert text_of(refused.text).count(said) == 2
    assert getattr(desk.preferences(), field) == ""

    desk.set(**{field: value})
    marked = desk.admin.get(f"{desk.base}/accounts").text
    assert said in text_of(marked)
    assert fields_of(marked, f"{desk.base}/accounts")[field] == value
    assert "Saved." in desk.submit("/accounts", "/accounts", cost_account="Cost of Goods Sold").text
    assert (getattr(desk.preferences(), field), desk.preferences().cost_account) == (value, "Cost of Goods Sold")


def test_before_the_lists_were_read_nothing_is_called_wrong(tmp_path: pathlib.Path) -> None:
    with desk_in(tmp_path) as desk:
        desk.set(income_account="Sales", ar_account="Receivables")
        page = desk.admin.get(f"{desk.base}/accounts").text
        assert "The lists arrive at the first contact with QuickBooks." in page
        assert 'aria-invalid="true"' not in page
        assert "Saved." in desk.submit("/accounts", "/accounts", tax="item-always").text
        assert (desk.preferences().income_account, desk.preferences().tax) == ("Sales", Tax.ITEM_ALWAYS)


def test_a_form_that_is_older_than_what_is_saved_shows_both(desk: Desk) -> None:
    page = desk.admin.get(f"{desk.base}/accounts").text
    mine = {**fields_of(page, f"{desk.base}/accounts"), "income_account": "Interest"}
    desk.submit("/accounts", "/accounts", income_account="Sales")
    shown = desk.send("/accounts", mine)
    assert shown.status_code == 409
    assert "Income account Sales Interest" in text_of(shown.text)
    assert desk.preferences().income_account == "Sales"
    assert "Saved." in desk.send("/accounts", fields_of(shown.text, f"{desk.base}/accounts")).text
    assert desk.preferences().income_account == "Interest"


def test_settings_saved_on_the_other_tab_meanwhile_are_no_conflict(desk: Desk) -> None:
    page = desk.admin.get(f"{desk.base}/accounts").text
    mine = {**fields_of(page, f"{desk.base}/accounts"), "income_account": "Interest"}
    desk.submit("/details", "/details", batch="9")
    assert "Saved." in desk.send("/accounts", mine).text
    assert (desk.preferences().income_account, desk.preferences().batch) == ("Interest", 9)


def test_the_lists_are_read_again_at_the_next_poll_when_somebody_asks_for_it(desk: Desk) -> None:
    page = desk.submit("/accounts", "/lists/refresh")
    assert "QuickBooks' lists are read again at the next poll." in text_of(page.text)
    assert "Refresh at the next poll" not in page.text
    with reading(desk.engine) as db:
        due = companies.connection_of(db, desk.company.id).lists_due_at
    assert due <= now()


def test_the_reason_is_told_in_spanish(desk: Desk) -> None:
    desk.set(ar_account="Checking")
    page = desk.admin.get(f"{desk.base}/accounts", headers={"Accept-Language": "es"}).text
    assert "Checking es una cuenta del tipo Banco. Aquí QuickBooks solo acepta Cuentas por cobrar" in page


def test_spanish_says_u_before_an_o(desk: Desk) -> None:
    page = desk.admin.get(f"{desk.base}/accounts", headers={"Accept-Language": "es"}).text
    assert "Cuentas del tipo Ingresos u Otros ingresos." in page
    assert " u Otros gastos." in page

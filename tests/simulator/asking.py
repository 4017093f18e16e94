"""How the tests of the simulated QuickBooks ask it, and what they ask for; every answer goes past Intuit's XSD."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from lxml import etree

from qbwc_service.simulator.company import Company
from tests.shared import ROOT, oracle

DAY = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@functools.cache
def _validator() -> Callable[[bytes], list[str]]:
    """-> the oracle's; where it does not lie beside the checkout, one that finds no fault."""
    if not (ROOT / "qbxml/validate.py").exists():
        return lambda document: []
    found: Callable[[bytes], list[str]] = oracle().validate
    return found


def faults_of(document: str) -> list[str]:
    return _validator()(document.encode())


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime = DAY) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


def message(body: str = "", version: str = "13.0", **attributes: str) -> str:
    attributes = {"onError": "continueOnError", **attributes}
    written = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    return (
        f'<?xml version="1.0" encoding="utf-8"?><?qbxml version="{version}"?>'
        f"<QBXML><QBXMLMsgsRq {written}>{body}</QBXMLMsgsRq></QBXML>"
    )


def ask(
    company: Company, body: str = "", version: str = "13.0", session: str = "", **attributes: str
) -> etree._Element:
    """-> the QBXMLMsgsRs; fails when the XSD finds a fault in it."""
    answer = company.process(message(body, version, **attributes), session=session)
    assert faults_of(answer) == []
    found = etree.fromstring(answer.encode()).find("QBXMLMsgsRs")
    assert found is not None
    return found


def one(company: Company, body: str, version: str = "13.0", session: str = "", **attributes: str) -> etree._Element:
    """-> the answer to a single request."""
    (answer,) = ask(company, body, version, session, **attributes)
    return answer


def code(answer: etree._Element) -> int:
    return int(answer.get("statusCode", "-1"))


def texts(node: etree._Element, path: str) -> list[str]:
    return [found.text or "" for found in node.findall(path)]


def make_company(clock: Callable[[], datetime] | None = None) -> Company:
    """-> a company with a customer, a vendor, an item of each kind that orders need; all requests went well."""
    company = Company.new("ABC Promotions", clock=clock or Clock())
    body = (
        customer("ABC Company")
        + vendor("ASI Supplier")
        + item("A7102", 2.30, 1.15)
        + item("SETUP", 55, 20)
        + discount()
    )
    assert [code(answer) for answer in ask(company, body)] == [0] * 5
    return company


def customer(name: str, more: str = "") -> str:
    return f"<CustomerAddRq><CustomerAdd><Name>{name}</Name>{more}</CustomerAdd></CustomerAddRq>"


def vendor(name: str) -> str:
    return f"<VendorAddRq><VendorAdd><Name>{name}</Name></VendorAdd></VendorAddRq>"


def item(name: str, price: float, cost: float, income: str = "Sales", expense: str = "Cost of Goods Sold") -> str:
    return (
        f"<ItemNonInventoryAddRq><ItemNonInventoryAdd><Name>{name}</Name><SalesAndPurchase><SalesDesc>{name} sold"
        f"</SalesDesc><SalesPrice>{price}</SalesPrice><IncomeAccountRef><FullName>{income}</FullName></IncomeAccountRef>"
        f"<PurchaseDesc>{name} bought</PurchaseDesc><PurchaseCost>{cost}</PurchaseCost><ExpenseAccountRef><FullName>"
        f"{expense}</FullName></ExpenseAccountRef></SalesAndPurchase></ItemNonInventoryAdd></ItemNonInventoryAddRq>"
    )


def discount(more: str = "") -> str:
    return (
        f"<ItemDiscountAddRq><ItemDiscountAdd><Name>Discount</Name>{more}<AccountRef><FullName>Sales Discounts"
        "</FullName></AccountRef></ItemDiscountAdd></ItemDiscountAddRq>"
    )


def line(name: str, more: str) -> str:
    return f"<InvoiceLineAdd><ItemRef><FullName>{name}</FullName></ItemRef>{more}</InvoiceLineAdd>"


def invoice(*lines: str, number: str = "1001", head: str = "", who: str = "ABC Company", macro: str = "") -> str:
    """`head` stands between CustomerRef and RefNumber."""
    defined = f' defMacro="{macro}"' if macro else ""
    return (
        f'<InvoiceAddRq requestID="i{number}"><InvoiceAdd{defined}>'
        f"<CustomerRef><FullName>{who}</FullName></CustomerRef>{head}<RefNumber>{number}</RefNumber>{''.join(lines)}</InvoiceAdd></InvoiceAddRq>"
    )


def payment(total: str, *applied: tuple[str, str], who: str = "ABC Company", auto: str = "false") -> str:
    """`applied` are TxnIDs, or macros, and amounts."""
    parts = [
        f'<AppliedToTxnAdd><TxnID useMacro="{id_}"/><PaymentAmount>{amount}</PaymentAmount></AppliedToTxnAdd>'
        if id_.startswith("TxnID:")
        else f"<AppliedToTxnAdd><TxnID>{id_}</TxnID><PaymentAmount>{amount}</PaymentAmount></AppliedToTxnAdd>"
        for id_, amount in applied
    ]
    return (
        f"<ReceivePaymentAddRq><ReceivePaymentAdd><CustomerRef><FullName>{who}</FullName></CustomerRef>"
        f"<TotalAmount>{total}</TotalAmount>{''.join(parts) or f'<IsAutoApply>{auto}</IsAutoApply>'}"
        "</ReceivePaymentAdd></ReceivePaymentAddRq>"
    )


def order_line(name: str, more: str) -> str:
    return f"<PurchaseOrderLineAdd><ItemRef><FullName>{name}</FullName></ItemRef>{more}</PurchaseOrderLineAdd>"


def purchase_order(*lines: str, number: str = "PO-1", who: str = "ASI Supplier") -> str:
    return (
        f"<PurchaseOrderAddRq><PurchaseOrderAdd><VendorRef><FullName>{who}</FullName></VendorRef><RefNumber>{number}"
        f"</RefNumber>{''.join(lines)}</PurchaseOrderAdd></PurchaseOrderAddRq>"
    )


def bill(body: str, who: str = "ASI Supplier", head: str = "") -> str:
    return f"<BillAddRq><BillAdd><VendorRef><FullName>{who}</FullName></VendorRef>{head}{body}</BillAdd></BillAddRq>"


HUNDRED_AT_230 = line("A7102", "<Quantity>100</Quantity><Rate>2.30</Rate>")

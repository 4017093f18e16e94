"""The queries: which records, how many of them at once, and how much is told of each."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from .answers import Balances, ret
from .books import ITEMS, Books
from .filters import Wanted, wanted_list, wanted_transactions
from .grammar import Version
from .records import LINES, TRANSACTIONS, ZERO, Record
from .refusals import Code, Refused
from .shapes import only
from .tree import Node

KINDS = {
    "AccountQuery": ("Account",),
    "CustomerQuery": ("Customer",),
    "VendorQuery": ("Vendor",),
    "ItemQuery": ITEMS,
    "ItemSalesTaxQuery": ("ItemSalesTax",),
    "ItemNonInventoryQuery": ("ItemNonInventory",),
    "ItemServiceQuery": ("ItemService",),
    "ItemOtherChargeQuery": ("ItemOtherCharge",),
    "ItemDiscountQuery": ("ItemDiscount",),
    "TermsQuery": ("StandardTerms",),
    "StandardTermsQuery": ("StandardTerms",),
    "SalesTaxCodeQuery": ("SalesTaxCode",),
    "PaymentMethodQuery": ("PaymentMethod",),
    "InvoiceQuery": ("Invoice",),
    "ReceivePaymentQuery": ("ReceivePayment",),
    "BillQuery": ("Bill",),
    "PurchaseOrderQuery": ("PurchaseOrder",),
}
_SALES_TAX = ("SalesTaxCodeQuery", "ItemSalesTaxQuery")


@dataclass(frozen=True)
class Found:
    """The answer of a query: the Rets, its status, and the attributes beside those of every answer."""

    rets: tuple[Node, ...]
    code: int
    message: str
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass
class Iterators:
    """Those that are under way: they die with their session (contract.md, field-notes 34: 3391)."""

    _open: dict[str, tuple[str, str, list[str]]] = field(default_factory=dict)
    _made: int = 0

    def start(self, session: str, query: str, ids: list[str]) -> str:
        self._made += 1
        id_ = f"{{{self._made:08x}-0000-4000-8000-{self._made:012x}}}"
        self._open[id_] = (session, query, ids)
        return id_

    def left(self, id_: str, session: str, query: str) -> list[str]:
        """-> the ids still to be told; raises Refused (3391)."""
        found = self._open.get(id_)
        if found is None or found[:2] != (session, query):
            raise Refused(Code.ITERATOR_UNKNOWN, f'The iteratorID "{id_}" is not valid.')
        return found[2]

    def drop(self, id_: str) -> None:
        del self._open[id_]

    def end(self, session: str) -> None:
        self._open = {id_: one for id_, one in self._open.items() if one[0] != session}


@dataclass(frozen=True)
class Asking:
    """What a query is put to."""

    books: Books
    iterators: Iterators
    session: str
    version: Version
    now: datetime
    sales_tax: bool
    purchase_orders: bool

    @property
    def today(self) -> date:
        return self.now.date()


def query(asking: Asking, asked: Node) -> Found:
    """-> the answer to a ...QueryRq of a list or a transaction; raises Refused."""
    name = asked.name.removesuffix("Rq")
    if (name in _SALES_TAX and not asking.sales_tax) or (name == "PurchaseOrderQuery" and not asking.purchase_orders):
        raise Refused(Code.FEATURE_OFF, f"{name}: this feature is turned off in this company file.")
    kinds = KINDS[name]
    if asked.attribute("iterator") is not None or asked.attribute("iteratorID") is not None:
        return _iterate(asking, asked, kinds)
    wanted = _wanted(asking, asked, kinds)
    most = asked.value("MaxReturned")
    records = wanted.records if most is None else wanted.records[: int(most)]
    counted = asked.attribute("metaData") in ("MetaDataOnly", "MetaDataAndResponseData")
    count = (("retCount", str(len(records))),) if counted else ()
    rets = () if asked.attribute("metaData") == "MetaDataOnly" else _rets(asking, asked, records)
    return _found(wanted, bool(records), rets, count)


def _wanted(asking: Asking, asked: Node, kinds: tuple[str, ...]) -> Wanted:
    if kinds[0] in TRANSACTIONS:
        return wanted_transactions(asking.books, asked, kinds[0], asking.today)
    # Several at once only where a balance is asked about: it takes all invoices to tell.
    return wanted_list(asking.books, asked, kinds, lambda: balances(asking.books).with_jobs)


def _found(wanted: Wanted, any_: bool, rets: tuple[Node, ...], attributes: tuple[tuple[str, str], ...]) -> Found:
    if wanted.missing:
        told = f'There was a required element ("{wanted.missing[0]}") that could not be found in QuickBooks.'
        code = Code.SOME_NOT_FOUND
        return Found(rets, code, f"The query request has not been fully completed. {told}", attributes)
    if not any_:
        code = Code.NO_MATCH
        return Found(rets, code, "A query request did not find a matching object in QuickBooks", attributes)
    return Found(rets, Code.FINE, "Status OK", attributes)


def _iterate(asking: Asking, asked: Node, kinds: tuple[str, ...]) -> Found:
    name, most = asked.name.removesuffix("Rq"), int(asked.value("MaxReturned") or 0)
    if most < 1:
        raise Refused(Code.ELEMENTS_CONFLICT, "An iterator needs MaxReturned.")
    if asked.attribute("iterator") == "Start":
        wanted = _wanted(asking, asked, kinds)
        id_ = asking.iterators.start(asking.session, name, [record.id for record in wanted.records])
    else:
        wanted = Wanted([], [])
        id_ = asked.attribute("iteratorID") or ""
    left = asking.iterators.left(id_, asking.session, name)
    now, left[:] = left[:most], left[most:]
    if not left:
        asking.iterators.drop(id_)
    records = [record for one in now if (record := asking.books.get(one)) is not None]
    attributes = (("iteratorRemainingCount", str(len(left))), ("iteratorID", id_))
    return _found(wanted, bool(records), _rets(asking, asked, records), attributes)


def _rets(asking: Asking, asked: Node, records: list[Record]) -> tuple[Node, ...]:
    named = frozenset(element.text for element in asked.all("IncludeRetElement"))
    owing = balances(asking.books) if any(record.kind in ("Customer", "Vendor") for record in records) else None
    return tuple(only(_without_lines(asked, ret(record, asking.version, owing)), named) for record in records)


def _without_lines(asked: Node, told: Node) -> Node:
    """-> the Ret without its lines and links, unless they were asked for."""
    left_out: set[str] = set()
    if asked.value("IncludeLineItems") not in ("true", "1"):
        left_out |= {*LINES, "AppliedToTxnRet"}
    if asked.value("IncludeLinkedTxns") not in ("true", "1"):
        left_out.add("LinkedTxn")
    return replace(told, children=tuple(child for child in told.children if child.name not in left_out))


def balances(books: Books) -> Balances:
    """-> what each customer owes and each vendor is owed: invoices less what of payments is unused; bills."""
    own: dict[str, Decimal] = {}
    for record in books.of("Invoice", "Bill"):
        own[record.entity_id] = own.get(record.entity_id, ZERO) + record.balance
    for record in books.of("ReceivePayment"):
        own[record.entity_id] = own.get(record.entity_id, ZERO) - record.balance
    with_jobs = dict(own)
    for customer in books.of("Customer"):
        for parent in _ancestors(books, customer):
            with_jobs[parent.id] = with_jobs.get(parent.id, ZERO) + own.get(customer.id, ZERO)
    return Balances(own, with_jobs)


def _ancestors(books: Books, customer: Record) -> list[Record]:
    names = customer.full_name.split(":")
    above = (":".join(names[:depth]) for depth in range(1, len(names)))
    return [found for name in above if (found := books.named(name, ("Customer",))) is not None]

"""What a company file holds: list records and transactions, as plain values that can be written to JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeAlias

from .tree import Node

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"
CENT = Decimal("0.01")
ZERO = Decimal("0.00")
TRANSACTIONS = ("Invoice", "ReceivePayment", "Bill", "PurchaseOrder")
LINES = ("InvoiceLineRet", "ExpenseLineRet", "ItemLineRet", "PurchaseOrderLineRet")


def cents(amount: Decimal) -> Decimal:
    """-> the amount to the cent, half up."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def money(amount: Decimal) -> str:
    return str(cents(amount))


def plain(number: Decimal) -> str:
    """-> the number without an exponent and without zeros at its end: "2.3", "100"."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True)
class Link:
    """What one transaction has to do with another; `amount` of a payment is negative, as QuickBooks tells it."""

    txn_id: str
    kind: str
    date: str
    ref_number: str | None
    amount: Decimal
    by_quantity: bool = False


@dataclass(frozen=True)
class Line:
    """A line as people see it."""

    item: str | None
    quantity: str | None
    description: str | None
    rate: str | None
    amount: Decimal | None


@dataclass(frozen=True)
class Record:
    """A list record or a transaction. `fields` are the elements of its Ret that do not follow from anything else.

    `total` of an invoice is with tax; `applied` is what of it is paid, and of a payment what of it is used.
    """

    kind: str
    id: str
    created: datetime
    modified: datetime
    edit_sequence: str
    fields: tuple[Node, ...]
    full_name: str = ""
    number: int | None = None
    total: Decimal = ZERO
    applied: Decimal = ZERO
    links: tuple[Link, ...] = ()
    _found: dict[str, Node] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        first: dict[str, Node] = {}
        for node in self.fields:
            first.setdefault(node.name, node)
        object.__setattr__(self, "_found", first)

    def value(self, *path: str) -> str | None:
        node = self._found.get(path[0])
        return node.value(*path[1:]) if node is not None and len(path) > 1 else (node.text or None) if node else None

    @property
    def txn_id(self) -> str:
        return self.id

    @property
    def list_id(self) -> str:
        return self.id

    @property
    def name(self) -> str:
        return self.value("Name") or ""

    @property
    def is_active(self) -> bool:
        return self.value("IsActive") not in ("false", "0")

    @property
    def is_transaction(self) -> bool:
        return self.kind in TRANSACTIONS

    @property
    def ref_number(self) -> str | None:
        return self.value("RefNumber")

    @property
    def memo(self) -> str | None:
        return self.value("Memo")

    @property
    def date(self) -> date:
        return date.fromisoformat(self.value("TxnDate") or "")

    @property
    def entity_element(self) -> str:
        return "VendorRef" if self.kind in ("Bill", "PurchaseOrder") else "CustomerRef"

    @property
    def entity(self) -> str | None:
        return self.value(self.entity_element, "FullName")

    @property
    def entity_id(self) -> str:
        return self.value(self.entity_element, "ListID") or ""

    @property
    def balance(self) -> Decimal:
        return self.total - self.applied

    @property
    def is_paid(self) -> bool:
        return self.balance == 0

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(_line(node) for node in self.fields if node.name in LINES)


def _line(node: Node) -> Line:
    amount = node.value("Amount")
    return Line(
        item=node.value("ItemRef", "FullName"),
        quantity=node.value("Quantity"),
        description=node.value("Desc") or node.value("Memo"),
        rate=node.value("Rate") or node.value("Cost"),
        amount=Decimal(amount) if amount is not None else None,
    )


def told(record: Record) -> dict[str, Json]:
    """-> the transaction as `qbwc demo --json` prints it (design.md 4): money with two decimals, else None."""
    owed = record.kind != "PurchaseOrder"
    lines: list[Json] = [
        {
            "item": line.item,
            "quantity": line.quantity,
            "description": line.description,
            "rate": line.rate,
            "amount": money(line.amount) if line.amount is not None else None,
        }
        for line in record.lines
    ]
    return {
        "kind": record.kind,
        "entity": record.entity,
        "ref_number": record.ref_number,
        "lines": lines,
        "total": money(record.total),
        "applied": money(record.applied) if owed else None,
        "balance": money(record.balance) if owed else None,
        "txn_id": record.id,
    }


def to_json(record: Record) -> dict[str, Json]:
    return {
        "kind": record.kind,
        "id": record.id,
        "created": record.created.isoformat(),
        "modified": record.modified.isoformat(),
        "edit_sequence": record.edit_sequence,
        "full_name": record.full_name,
        "number": record.number,
        "total": str(record.total),
        "applied": str(record.applied),
        "links": [
            [link.txn_id, link.kind, link.date, link.ref_number, str(link.amount), link.by_quantity]
            for link in record.links
        ],
        "fields": [node_to_json(node) for node in record.fields],
    }


def from_json(told: Json) -> Record:
    """Raises TypeError or KeyError for what to_json does not write."""
    about = members(told)
    number = about["number"]
    return Record(
        kind=text(about["kind"]),
        id=text(about["id"]),
        created=datetime.fromisoformat(text(about["created"])),
        modified=datetime.fromisoformat(text(about["modified"])),
        edit_sequence=text(about["edit_sequence"]),
        fields=tuple(node_from_json(node) for node in items(about["fields"])),
        full_name=text(about["full_name"]),
        number=number if isinstance(number, int) else None,
        total=Decimal(text(about["total"])),
        applied=Decimal(text(about["applied"])),
        links=tuple(_link(link) for link in items(about["links"])),
    )


def _link(told: Json) -> Link:
    txn_id, kind, day, ref_number, amount, by_quantity = items(told)
    return Link(
        text(txn_id),
        text(kind),
        text(day),
        ref_number if isinstance(ref_number, str) else None,
        Decimal(text(amount)),
        by_quantity is True,
    )


def node_to_json(node: Node) -> Json:
    """-> [name, text] of a leaf, [name, [children]] of an aggregate; attributes are not kept."""
    return [node.name, [node_to_json(child) for child in node.children] if node.children else node.text]


def node_from_json(told: Json) -> Node:
    name, content = items(told)
    if isinstance(content, list):
        return Node(text(name), children=tuple(node_from_json(child) for child in content))
    return Node(text(name), text(content))


def text(told: Json) -> str:
    if not isinstance(told, str):
        raise TypeError(f"text expected, not {told!r}")
    return told


def items(told: Json) -> list[Json]:
    if not isinstance(told, list):
        raise TypeError(f"a list expected, not {told!r}")
    return told


def members(told: Json) -> dict[str, Json]:
    if not isinstance(told, dict):
        raise TypeError(f"an object expected, not {told!r}")
    return told


def total_of(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)

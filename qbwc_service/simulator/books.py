"""The records of one company file: found by id, by name and by number, numbered as QuickBooks numbers them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from .records import LINES, ZERO, Json, Link, Record, from_json, items, members, to_json
from .tree import Node, aggregate, leaf

# Names are unique, whatever their case, in each of these (qbxml/README.md); other lists stand alone.
ENTITIES = ("Customer", "Vendor", "Employee", "OtherName")
ITEMS = (
    "ItemService",
    "ItemNonInventory",
    "ItemInventory",
    "ItemOtherCharge",
    "ItemDiscount",
    "ItemSubtotal",
    "ItemSalesTax",
)
_NAMESPACES = dict.fromkeys(ENTITIES, "entity") | dict.fromkeys(ITEMS, "item")


class Books:
    """Mutable; what it gives out is not."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._records: dict[str, Record] = {}
        self._kinds: dict[str, dict[str, None]] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._numbers: dict[tuple[str, str], list[str]] = {}
        self._made = 0

    def get(self, id_: str) -> Record | None:
        return self._records.get(id_)

    def of(self, *kinds: str) -> Iterator[Record]:
        """-> the records of those kinds, in the sequence they were made in within each."""
        return (self._records[id_] for kind in kinds for id_ in self._kinds.get(kind, ()))

    def named(self, full_name: str, kinds: Iterable[str]) -> Record | None:
        """-> the record of that full name, whatever its case, if it is of one of the kinds."""
        for kind in kinds:
            found = self.holder(kind, full_name)
            if found is not None and found.kind == kind:
                return found
        return None

    def holder(self, kind: str, full_name: str) -> Record | None:
        """-> what has that name, among all that a record of `kind` may not share it with."""
        id_ = self._names.get((_NAMESPACES.get(kind, kind), _same(full_name)))
        return self._records[id_] if id_ is not None else None

    def numbered(self, kind: str, ref_number: str) -> list[Record]:
        """-> the transactions of that RefNumber, whatever its case."""
        return [self._records[id_] for id_ in self._numbers.get((kind, _same(ref_number)), ())]

    def next_number(self, kind: str) -> str:
        """-> one more than the highest RefNumber that is a number."""
        numbers = [int(number) for a_kind, number in self._numbers if a_kind == kind and number.isdecimal()]
        return str(max(numbers, default=0) + 1)

    def list_record(self, kind: str, fields: Iterable[Node], parent: Record | None = None) -> Record:
        """Make a list record, saved; its name must be free."""
        kept = tuple(fields)
        name = next(field.text for field in kept if field.name == "Name")
        now = self._clock()
        self._made += 1
        id_ = f"{0x80000000 + self._made:X}-{int(now.timestamp())}"
        record = Record(
            kind=kind,
            id=id_,
            created=now,
            modified=now,
            edit_sequence=str(int(now.timestamp())),
            fields=kept,
            full_name=f"{parent.full_name}:{name}" if parent is not None else name,
        )
        self._keep(record)
        return record

    def transaction(self, kind: str, fields: Iterable[Node], total: Decimal, applied: Decimal = ZERO) -> Record:
        """Make a transaction, saved."""
        now = self._clock()
        self._made += 1
        number = self._made
        record = Record(
            kind=kind,
            id=f"{number:X}-{int(now.timestamp())}",
            created=now,
            modified=now,
            edit_sequence=str(int(now.timestamp())),
            fields=tuple(self._with_line_id(field, now) for field in fields),
            number=number,
            total=total,
            applied=applied,
        )
        self._keep(record)
        return record

    def _with_line_id(self, field: Node, now: datetime) -> Node:
        if field.name not in LINES:
            return field
        self._made += 1
        return replace(field, children=(leaf("TxnLineID", f"{self._made:X}-{int(now.timestamp())}"), *field.children))

    def change(self, record: Record, **changes: object) -> Record:
        """Save the record with other attributes; its EditSequence grows."""
        now = self._clock()
        sequence = max(int(now.timestamp()), int(record.edit_sequence) + 1)
        changed: Record = replace(record, modified=now, edit_sequence=str(sequence), **changes)  # type: ignore[arg-type]
        self._forget(record)
        self._keep(changed)
        return changed

    def link(self, record: Record, other: Record, amount: Decimal, *, by_quantity: bool = False) -> Record:
        """Save with `record` that it has to do with `other`."""
        day = other.value("TxnDate") or ""
        link = Link(other.id, other.kind, day, other.ref_number, amount, by_quantity)
        return self.change(record, links=(*record.links, link))

    def remove(self, record: Record) -> None:
        """What a user does who deletes it in QuickBooks."""
        self._forget(record)
        del self._records[record.id]
        del self._kinds[record.kind][record.id]

    def to_json(self) -> dict[str, Json]:
        return {"made": self._made, "records": [to_json(record) for record in self._records.values()]}

    @classmethod
    def from_json(cls, told: Json, clock: Callable[[], datetime]) -> Books:
        books = cls(clock)
        about = members(told)
        made = about["made"]
        if not isinstance(made, int):
            raise TypeError(f"a number expected, not {made!r}")
        books._made = made
        for record in items(about["records"]):
            books._keep(from_json(record))
        return books

    def _keep(self, record: Record) -> None:
        self._records[record.id] = record
        self._kinds.setdefault(record.kind, {})[record.id] = None
        if record.full_name:
            self._names[_NAMESPACES.get(record.kind, record.kind), _same(record.full_name)] = record.id
        elif record.ref_number is not None:
            self._numbers.setdefault((record.kind, _same(record.ref_number)), []).append(record.id)

    def _forget(self, record: Record) -> None:
        if record.full_name:
            del self._names[_NAMESPACES.get(record.kind, record.kind), _same(record.full_name)]
        elif record.ref_number is not None:
            self._numbers[record.kind, _same(record.ref_number)].remove(record.id)


def reference(element: str, record: Record) -> Node:
    """-> the reference to a list record, as QuickBooks tells it."""
    return aggregate(element, leaf("ListID", record.id), leaf("FullName", record.full_name))


def _same(name: str) -> str:
    return name.strip().casefold()

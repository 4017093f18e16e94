"""What every transaction asks its company about: accounts, dates, terms, records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from .books import Books, reference
from .records import Record
from .references import Features, Locks
from .refusals import Code, Refused
from .tree import Node


@dataclass(frozen=True)
class Posting:
    """What every transaction asks the company about."""

    books: Books
    features: Features
    locks: Locks
    today: date

    def dated(self, asked: Node) -> date:
        """-> the transaction's date; raises Refused if the books are closed then (3171)."""
        day = date.fromisoformat(asked.value("TxnDate") or self.today.isoformat())
        closed = self.features.closing_date
        if closed is not None and day <= date.fromisoformat(closed):
            raise Refused(Code.PERIOD_CLOSED, f"The date {day} lies in a closed period (books closed up to {closed}).")
        return day

    def account(self, asked: Node, element: str, kind: str) -> Node:
        """-> the account that was asked for, else the first of that type."""
        named = asked.get(element)
        if named is not None:
            return named
        for account in self.books.of("Account"):
            if account.is_active and account.value("AccountType") == kind:
                return reference(element, account)
        raise Refused(Code.ACCOUNT_MISSING, f"There is no account of type {kind}.")

    def due(self, day: date, asked: Node, terms: Node | None) -> str:
        given = asked.value("DueDate")
        if given is not None:
            return given
        found = self.books.get(terms.value("ListID") or "") if terms is not None else None
        days = found.value("StdDueDays") if found is not None else None
        return (day + timedelta(days=int(days or 0))).isoformat()

    def record(self, ref: Node | None) -> Record | None:
        """-> what a resolved reference names."""
        return self.books.get(ref.value("ListID") or "") if ref is not None else None


def own(record: Record, element: str) -> Node | None:
    """-> that element of the record."""
    return next((node for node in record.fields if node.name == element), None)


def missing(asked: Node, *defaults: Node | None) -> list[Node]:
    """-> those that were not asked for."""
    return [node for node in defaults if node is not None and asked.get(node.name) is None]

"""QuickBooks on one PC: the simulated one, or a light one where nothing goes wrong and only what came in counts.

Both tell what they hold by the same names, so that one judge serves.
"""

import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol

from qbwc_service.simulator import Company
from tests.connector import canned

# What our documents are known by: the marker in a transaction's memo, the name of a list record.
_REQUEST = re.compile(r"<(\w+Add)Rq requestID.*?</\1Rq>", re.DOTALL)
_MARKER = re.compile(r"\[qb:[0-9A-Z]+\]")
_NAME = re.compile(r"<Name>([^<]*)</Name>")
_INVOICE = re.compile(r"<InvoiceAddRq .*?<RefNumber>([^<]*)</RefNumber>", re.DOTALL)


class Books(Protocol):
    """A company file, open in QuickBooks."""

    @property
    def host(self) -> str:
        """-> what it tells of itself at the begin of a session."""

    @property
    def arrived(self) -> dict[str, float]:
        """-> when an invoice of each number came first."""

    def process(self, message: str, session: str) -> str:
        """-> QuickBooks' answer."""

    def held(self) -> Counter[tuple[str, str]]:
        """-> how often each marker of a transaction, and each name of a list record, stands in it."""


@dataclass
class LightBooks:
    """Takes all it is given and counts it. It remembers nothing that it could be asked for: where connectors
    disturb each other, whole books are needed."""

    host: str
    id: int
    arrived: dict[str, float] = field(default_factory=dict)
    taken: Counter[tuple[str, str]] = field(default_factory=Counter)

    def process(self, message: str, session: str) -> str:
        for found in _REQUEST.finditer(message):
            kind, text = found[1].removesuffix("Add"), found[0]
            marker = _MARKER.search(text)
            self.taken[kind, marker[0] if marker else _NAME.findall(text)[0]] += 1
        _note_arrivals(self.arrived, message)
        return canned.answer(message, ids=f"A{self.id:X}")

    def held(self) -> Counter[tuple[str, str]]:
        return self.taken


@dataclass
class WholeBooks:
    """The simulated QuickBooks, one request at a time, as QuickBooks has it."""

    company: Company
    arrived: dict[str, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def host(self) -> str:
        with self.lock:
            return self.company.host_xml()

    def process(self, message: str, session: str) -> str:
        with self.lock:
            answer = self.company.process(message, session=session)
        _note_arrivals(self.arrived, message)
        return answer

    def held(self) -> Counter[tuple[str, str]]:
        company = self.company
        transactions = [*company.invoices, *company.payments, *company.bills, *company.purchase_orders]
        records = [*company.customers, *company.vendors, *company.items, *company.payment_methods]
        found = Counter((one.kind, mark[0]) for one in transactions if (mark := _MARKER.search(one.memo or "")))
        return found + Counter((one.kind, one.full_name) for one in records)


def _note_arrivals(arrived: dict[str, float], message: str) -> None:
    for number in _INVOICE.findall(message):
        arrived.setdefault(number, time.monotonic())

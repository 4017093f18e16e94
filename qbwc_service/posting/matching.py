"""Our customers and suppliers linked to QuickBooks' records of the same name, all at once (product.md M17)."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from ..db import jobs as job_table
from ..db import lists as list_table
from ..db import parties
from ..db.companies import Company
from ..db.engine import AnyRow
from ..db.parties import LIST_OF, Linked, Side
from ..db.states import State
from . import queue

BATCH = 500


@dataclass(frozen=True)
class Accepted:
    """What became of the suggestions: `doubtful` have a name that another one of ours has too, `on_their_way` are
    being created in QuickBooks just now."""

    linked: int
    doubtful: int
    on_their_way: int


def accept_exact(db: Connection, company: Company, side: Side, now: dt.datetime) -> Accepted:
    """Links each party to the active record that has exactly its name, letters' case aside.

    Where two of ours share a name, neither is linked: only a person knows whether they are one. What is under way to
    QuickBooks is left alone.
    """
    linked, on_their_way = 0, 0
    suggested = _suggested(db, company.id, side)
    of_name = Counter(row.key for row in suggested)
    clear = [row for row in suggested if of_name[row.key] == 1]
    for start in range(0, len(clear), BATCH):
        done, busy = _link(db, company.id, side, clear[start : start + BATCH], now)
        linked += done
        on_their_way += busy
    return Accepted(linked, len(suggested) - len(clear), on_their_way)


def _suggested(db: Connection, company_id: int, side: Side) -> list[AnyRow]:
    found: list[AnyRow] = []
    after: tuple[str, str] | None = None
    while True:
        rows = parties.listed(db, company_id, side, linked=Linked.SUGGESTED, after=after, limit=BATCH)
        found += rows
        if len(rows) < BATCH:
            return found
        after = (rows[-1].key, rows[-1].record)


def _link(db: Connection, company_id: int, side: Side, rows: Sequence[AnyRow], now: dt.datetime) -> tuple[int, int]:
    """-> how many were linked, and how many are on their way. Those that no job was to create go in one statement."""
    asked = job_table.by_records(db, company_id, [row.record for row in rows])
    names = list_table.by_list_ids(db, company_id, LIST_OF[side], [row.suggested for row in rows])
    new = [(row.record, row.suggested, names[row.suggested].name) for row in rows if row.record not in asked]
    list_table.put_links(db, company_id, new, now)
    busy = 0
    for row in rows:
        job = asked.get(row.record)
        if job is not None and job.state in (State.IN_FLIGHT, State.IN_DOUBT):
            busy += 1
        elif job is not None:
            queue.link(db, company_id, row.record, row.suggested, names[row.suggested].name, now)
    return len(rows) - busy, busy

"""Jobs become a message, stored with them before it leaves. The caller's transaction holds both."""

import datetime as dt
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.engine import Connection

from qbxml.documents import HostQuery
from qbxml.drafts import Draft, draft, slots_of
from qbxml.fields import FullName, ListID, TxnID, Version
from qbxml.message import Macro, Request, compose

from ..companies.preferences import Preferences
from ..db import job_changes, messages
from ..db import jobs as table
from ..db import lists as list_table
from ..db.companies import Company
from ..db.engine import AnyRow
from ..db.jobs import LISTS_AFTER, ORDERS_FIRST, Change, Claimed, Judged
from ..db.lists import List
from ..db.messages import Purpose
from ..db.states import BLOCKING, NEXT, Event, State
from ..lists import sync
from . import drafting
from .kinds import KINDS, stands_on_lines
from .verdicts import adopted, link_adopted, stop

# Slots of the accounts of new items: the account type of which the first active one is taken, and the setting that
# a company may have made since.
DEFAULT_ACCOUNTS = (
    (drafting.INCOME, "Income", "income_account"),
    (drafting.COST, "CostOfGoodsSold", "cost_account"),
)
MOST_BYTES = 2_000_000

log = logging.getLogger(__name__)


def next_message(
    db: Connection, company: Company, preferences: Preferences, session_id: int, version: Version, now: dt.datetime
) -> str | None:
    """-> the next message for QuickBooks, stored with the jobs it carries; None when nothing is to be sent now.

    Lists that an order may need come first, then orders, then the other pages of lists.
    """
    if _lists_first(db, company.id):
        return _list_message(db, company, session_id, version, now)
    return _order_message(db, company, preferences, session_id, version, now) or _list_message(
        db, company, session_id, version, now
    )


def _lists_first(db: Connection, company_id: int) -> bool:
    """Whether orders wait for a list that they may need, and that nobody has to mend first."""
    unread = sync.unread_small_lists(db, company_id)
    if not unread:
        return False
    reading = table.by_records(db, company_id, [f"list:{which}" for which in unread])
    return any(job.state not in BLOCKING for job in reading.values())


def greeting(db: Connection, company: Company, session_id: int, version: Version, now: dt.datetime) -> str:
    """-> a harmless query, for when a session has begun and there is nothing to send after all.

    An empty answer would show the user an error (contract.md 2.3).
    """
    message_id = messages.next_id(db)
    request = Request(f"{message_id}-0", draft(HostQuery()))
    return _store(db, company, session_id, message_id, Purpose.GREET, [request], {}, version, now)


def _order_message(
    db: Connection, company: Company, preferences: Preferences, session_id: int, version: Version, now: dt.datetime
) -> str | None:
    while (first := table.next_up(db, company.id, ORDERS_FIRST, now)) is not None:
        limit = min(preferences.batch, first.together or preferences.batch)
        message_id = messages.next_id(db)
        claimed = table.claim(db, company.id, priority=ORDERS_FIRST, message_id=message_id, limit=limit, now=now)
        if not claimed:
            return None
        load = _Load(db, company, preferences, claimed, message_id, now)
        load.sort_out()
        job_changes.put_back(db, load.back)
        job_changes.apply(db, load.changes, now)
        link_adopted(db, company, {job.id: job for job in claimed}, load.changes, now)
        if load.requests:
            job_changes.write_history(
                db,
                [(job.id, Event.CLAIMED.name, State.IN_FLIGHT, message_id, None) for job in load.sent],
                now,
            )
            return _store(db, company, session_id, message_id, Purpose.POST, load.requests, load.fill, version, now)
        if not load.changes:
            return None  # what could leave waits for something else
    return None


@dataclass
class _Load:
    """Sorts the claimed jobs: sent, adopted from the mirror, unfit, or put back for a later message."""

    db: Connection
    company: Company
    preferences: Preferences
    claimed: Sequence[Claimed]
    message_id: int
    now: dt.datetime
    requests: list[Request] = field(default_factory=list)
    sent: list[Claimed] = field(default_factory=list)
    back: list[int] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    fill: dict[str, Any] = field(default_factory=dict)
    nameless: dict[str, AnyRow] = field(default_factory=dict)  # posted, and nobody knows as what
    no_account: dict[str, str] = field(default_factory=dict)  # types of default accounts that QuickBooks has none of

    def sort_out(self) -> None:
        self._outer_slots(slots_of(job.content for job in self.claimed))
        needed = table.needs_of(self.db, [job.id for job in self.claimed])
        self._posted_needs(needed.posted)
        mirrored = self._mirrored()
        size = 0
        full = False
        for job in self.claimed:
            size += len(job.content)
            full = full or size > MOST_BYTES or (job.together is not None and len(self.sent) >= job.together)
            if full and self.sent:
                self.back.append(job.id)
            elif (record := mirrored.get(job.id)) is not None:
                self._adopt(job, record)
            elif (missing := self._missing_account(job)) is not None:
                self.changes.append(stop(job.id, State.IN_FLIGHT, Event.UNFIT, missing))
            elif (unknown := self._without_id(job)) is not None:
                self.changes.append(stop(job.id, State.IN_FLIGHT, Event.UNFIT, unknown))
            elif self._filled(job, needed.open.get(job.id, ())):
                self._send(job)
            else:
                self.back.append(job.id)

    def _send(self, job: Claimed) -> None:
        macro = f"J{job.id}" if job.kind == "Invoice" and self.preferences.macros else None
        self.requests.append(Request(f"{self.message_id}-{job.id}", Draft(job.request, job.content), macro))
        self.sent.append(job)
        if KINDS[job.kind].is_list:
            self.fill[job.record] = FullName(job.name)
        elif macro is not None:
            self.fill[job.record] = Macro(macro)

    def _posted_needs(self, needs: Iterable[AnyRow]) -> None:
        for need in needs:
            is_list = KINDS[need.kind].is_list
            known = need.list_id if is_list else need.txn_id
            if known:
                self.fill.setdefault(need.record, ListID(known) if is_list else TxnID(known))
            else:
                self.nameless[need.record] = need

    def _filled(self, job: Claimed, open_needs: Iterable[AnyRow]) -> bool:
        """Whether all that the job refers to, and that is not posted, stands before it in this message."""
        for need in open_needs:
            if need.record not in self.fill:
                return False
            if isinstance(self.fill[need.record], Macro) and job.kind != "ReceivePayment":
                return False  # only AppliedToTxnAdd takes a macro
        return True

    def _without_id(self, job: Claimed) -> str | None:
        if self.nameless:
            for record in slots_of([job.content]) & self.nameless.keys():
                need = self.nameless[record]
                return f"It refers to job {need.id} ({need.kind}), of which QuickBooks' own number is not known."
        return None

    def _outer_slots(self, slots: frozenset[str]) -> None:
        """Links to records that we did not create, default accounts, and the tax code of untaxed lines."""
        for record, link in list_table.links_of(self.db, self.company.id, slots).items():
            self.fill[record] = ListID(link.list_id)
        for slot, type_, setting in DEFAULT_ACCOUNTS:
            if slot in slots and (name := getattr(self.preferences, setting)):
                self.fill[slot] = FullName(name)
            elif slot in slots:
                account = list_table.first_of_type(self.db, self.company.id, List.ACCOUNT, type_)
                if account is None:
                    self.no_account[slot] = type_
                else:
                    self.fill[slot] = ListID(account.list_id)
        for slot, type_ in ((drafting.EXEMPT, "NonTaxable"), (drafting.TAXED, "Taxable")):
            if slot in slots:
                code = list_table.first_of_type(self.db, self.company.id, List.TAX_CODE, type_)
                self.fill[slot] = None if code is None else ListID(code.list_id)

    def _missing_account(self, job: Claimed) -> str | None:
        wanting = slots_of([job.content]) & self.no_account.keys() if self.no_account else ()
        for slot in sorted(wanting):
            return (
                f"QuickBooks lists no active account of type {self.no_account[slot]}, and a new item needs one. Add "
                "such an account in QuickBooks (Lists > Chart of Accounts) or choose an account in this company's "
                "settings, then retry."
            )
        return None

    def _mirrored(self) -> dict[int, AnyRow]:
        """-> records of the mirror that bear the name of a list record to be created."""
        names: dict[List, dict[str, int]] = {}
        for job in self.claimed:
            which = KINDS[job.kind].list
            if which is not None:
                names.setdefault(which, {})[job.name.lower()] = job.id
        return {
            jobs_by_name[key]: record
            for which, jobs_by_name in names.items()
            for key, record in list_table.by_keys(self.db, self.company.id, which, jobs_by_name).items()
        }

    def _adopt(self, job: Claimed, record: AnyRow) -> None:
        if not record.is_active:
            why = (
                f"QuickBooks holds an inactive record named {record.name}. Make it active there, or give this one "
                "another name, then retry."
            )
            self.changes.append(stop(job.id, State.IN_FLIGHT, Event.UNFIT, why))
        elif record.list == List.ITEM and not stands_on_lines(job.kind, record.type):
            why = (
                f"QuickBooks uses the item name {record.name} for an item of type {record.type}, which cannot stand "
                "on an order's line. Rename it there, then retry."
            )
            self.changes.append(stop(job.id, State.IN_FLIGHT, Event.UNFIT, why))
        else:
            self.changes.append(adopted(job, State.IN_FLIGHT, list_id=record.list_id, note="by name, from its lists"))
            self.fill[job.record] = ListID(record.list_id)


def _list_message(db: Connection, company: Company, session_id: int, version: Version, now: dt.datetime) -> str | None:
    first = table.next_up(db, company.id, LISTS_AFTER, now)
    if first is None:
        return None
    message_id = messages.next_id(db)
    most = first.together or len(List)
    claimed = table.claim(db, company.id, priority=LISTS_AFTER, message_id=message_id, limit=most, now=now)
    reads = list_table.read_of(db, company.id)
    requests = []
    for job in claimed:
        which = list_of(job)
        requests.append(Request(f"{message_id}-{job.id}", draft(sync.query(which, reads[which], session_id))))
    job_changes.write_history(
        db, [(job.id, Event.CLAIMED.name, State.IN_FLIGHT, message_id, None) for job in claimed], now
    )
    return _store(db, company, session_id, message_id, Purpose.READ, requests, {}, version, now)


def list_of(job: Claimed | Judged) -> List:
    return List(job.record.removeprefix("list:"))


def read_lists_of_new(db: Connection, company_id: int, now: dt.datetime) -> None:
    """A new company's lists are to be read at its first contact; one that comes back has the jobs already."""
    records = [f"list:{which}" for which in List]
    if table.by_records(db, company_id, records):
        return
    jobs = [
        table.NewJob(f"list:{which}", sync.REQUEST[which], sync.REQUEST[which], "", priority=LISTS_AFTER)
        for which in List
    ]
    job_changes.put(db, company_id, None, jobs, now)


def lists_are_due(db: Connection, company_id: int, now: dt.datetime) -> None:
    """Lists that were read, or could not be, are to be read again."""
    known = table.by_records(db, company_id, [f"list:{which}" for which in List])
    job_changes.apply(
        db,
        [
            Change(job.id, Event.DUE, State.READY, columns=(("attempts", 0), ("next_try_at", None)))
            for job in known.values()
            if Event.DUE in NEXT[State(job.state)] and job.state != State.IN_FLIGHT
        ],
        now,
    )


def _store(
    db: Connection,
    company: Company,
    session_id: int,
    message_id: int,
    purpose: Purpose,
    requests: Sequence[Request],
    fill: dict[str, Any],
    version: Version,
    now: dt.datetime,
) -> str:
    set_id = f"Q{company.id}M{message_id}" if purpose is Purpose.POST else None
    body = compose(requests, version, fill, message_set_id=set_id).decode("ascii")
    messages.put(
        db,
        id=message_id,
        company_id=company.id,
        session_id=session_id,
        purpose=purpose,
        set_id=set_id,
        body=body,
        requests=len(requests),
        now=now,
    )
    told = {"company": company.id, "session": session_id, "message_id": message_id, "purpose": purpose.value}
    log.info("message written", extra={**told, "jobs": [int(request.id.partition("-")[2]) for request in requests]})
    return body


def store_look_up(
    db: Connection,
    company: Company,
    session_id: int,
    queries: Iterable[tuple[int, Any]],
    version: Version,
    now: dt.datetime,
) -> str:
    """-> a message of queries, one a job in doubt."""
    message_id = messages.next_id(db)
    requests = [Request(f"{message_id}-{job_id}", draft(query)) for job_id, query in queries]
    return _store(db, company, session_id, message_id, Purpose.LOOK_UP, requests, {}, version, now)

"""QuickBooks' answers become what happened to the jobs. The caller's transaction holds both."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple, Self

from sqlalchemy.engine import Connection

from qbxml import responses
from qbxml.responses import Response, Ret
from qbxml.status import Act, Saved, Status, status
from qbxml.status import hresult as hresult_status

from ..db import job_changes, messages
from ..db import jobs as table
from ..db import lists as list_table
from ..db.companies import Company
from ..db.engine import AnyRow
from ..db.jobs import Change, Judged
from ..db.messages import Fate
from ..db.states import NEXT, Event, State, after
from ..lists import sync
from .exchange import list_of
from .kinds import KINDS
from .verdicts import GIVE_UP_AFTER, explain, halved, link_adopted, rest, stop, unclear

GIVE_UP_READING_AFTER = 5
_REQUEST_ID = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")
_LATE_AT_ONCE = 500


@dataclass(frozen=True)
class Settled:
    """What an answer brought: jobs that came to an end, whether anything is left in doubt, and if so, whether asking
    again at once would be of no use."""

    done: int
    doubt: bool
    stuck: bool = False


def settle_post(
    db: Connection, company: Company, message: AnyRow, answer: responses.Answer, now: dt.datetime, *, awaited: bool
) -> Settled:
    """Records what QuickBooks said of each job of a message.

    Also for an answer that comes late, not `awaited`: it settles what is still open, and what is posted already stays
    as it is. Of a message that left more than once an answer tells only what became of one of its sendings: QuickBooks
    is asked what it holds.
    """
    said = _Said(db, company, message, answer, now, awaited)
    changes = said.changes()
    job_changes.apply(db, changes, now)
    link_adopted(db, company, said.rows, changes, now)
    doubt = any(change.state == State.IN_DOUBT for change in changes)
    if awaited or (
        message.fate == Fate.IN_DOUBT and not doubt and not table.is_anything_away(db, company.id, message.id)
    ):
        messages.set_fate(db, message.id, Fate.IN_DOUBT if doubt else Fate.ANSWERED, now)
    return Settled(sum(change.state in (State.POSTED, State.ATTENTION) for change in changes), doubt)


class _Late(NamedTuple):
    """What counts of a Response, whose job is looked up later, together with others: all of each would be as much as
    who writes the answer pleases."""

    kind: str
    status_code: int
    severity: str
    message: str
    single: Ret | None
    recovery: Ret | None

    @classmethod
    def of(cls, response: Response) -> Self:
        ret, recovery, asked = response.single, response.recovery_told, ASKED_OF[response.kind.removesuffix("Add")]
        return cls(
            response.kind,
            response.status_code,
            response.severity,
            response.message,
            ret and ret.only(asked),
            recovery and recovery.only(asked),
        )


@dataclass
class _Said:
    db: Connection
    company: Company
    message: AnyRow
    answer: responses.Answer
    now: dt.datetime
    awaited: bool
    rows: dict[int, Judged] = field(default_factory=dict)
    mentioned: set[int] = field(default_factory=set)
    heard: dict[int, Change] = field(default_factory=dict)

    def changes(self) -> list[Change]:
        rows = self.rows = {job.id: job for job in table.away(self.db, self.company.id, self.message.id)}
        late: list[tuple[int, _Late]] = []
        for response in self.answer:
            job_id = job_of(response.request_id)
            if job_id in rows:
                self._hear(rows[job_id], response)
            elif job_id is not None and response.kind.removesuffix("Add") in ASKED_OF:
                late.append((job_id, _Late.of(response)))
                if len(late) == _LATE_AT_ONCE:
                    self._hear_late(late)
                    late = []
        if late:
            self._hear_late(late)
        changes = self.heard
        for job in rows.values():
            if self.awaited and job.id not in self.mentioned and job.state == State.IN_FLIGHT:
                changes[job.id] = unclear(job, "QuickBooks' answer does not mention it")
        self._hold_back(changes)
        if self.message.times_sent > 1:
            changes = {job_id: self._doubted(change) for job_id, change in changes.items()}
        return [changes[job_id] for job_id in sorted(changes)]

    def _hear_late(self, late: Sequence[tuple[int, _Late]]) -> None:
        """What the message is not out for any more."""
        ids = {job_id for job_id, _ in late}
        self.rows.update((job.id, job) for job in table.carried(self.db, self.company.id, ids))
        for job_id, response in late:
            if job_id in self.rows:
                self._hear(self.rows[job_id], response)

    def _hear(self, job: Judged, response: Response | _Late) -> None:
        if job.request != response.kind or job.kind not in KINDS:
            return  # of a request that was another, or of one that reads a list: it says nothing of this one
        self.mentioned.add(job.id)
        known = self.heard.get(job.id)
        if known is not None and known.event is Event.SAVED:
            return  # what is saved is not undone by what else is said of it
        if (change := self._change(job, response)) is not None:
            self.heard[job.id] = change

    def _doubted(self, change: Change) -> Change:
        """What an answer to one of several sendings says of a job, as a matter to ask QuickBooks about: another one
        may have been carried out too, or instead."""
        job = self.rows[change.job_id]
        facts = dict(change.columns)
        if change.event is Event.SAVED:
            # Of a list record QuickBooks never holds two; and what is no longer on its way is not asked for anew.
            if KINDS[job.kind].is_list or job.state not in (State.IN_FLIGHT, State.IN_DOUBT):
                return change
            return unclear(job, "saved; it left more than once, so QuickBooks is asked how often it holds it", "0")
        if change.event in (Event.REFUSED, Event.PASSING):
            note = f"{change.note}; it left more than once, so QuickBooks is asked whether it holds it"
            return unclear(job, note, facts["status_code"], facts["explanation"])
        return unclear(job, str(change.note)) if change.event is Event.HELD_BACK else change

    def _change(self, job: Judged, response: Response | _Late) -> Change | None:
        state, ret = State(job.state), response.single
        if ret is not None:
            ret.look_at(ASKED_OF[job.kind])
        own = own_id(job.kind, ret) or own_id(job.kind, response.recovery)
        if not self.awaited and state is State.IN_FLIGHT and job.message_id == self.message.id:
            return None  # of an earlier sending: the one that is under way now decides
        what = status(response.status_code, response.message, response.severity, kept=own is not None)
        if own is not None:
            if state is State.POSTED:
                return _doubled(job, own)
            if Event.SAVED not in NEXT[state]:
                return None
            return _saved(job, state, response, what, ret, own)
        if not self.awaited or state is not State.IN_FLIGHT or job.message_id != self.message.id:
            return None  # a late refusal decides nothing
        return _refused(job, state, response, what, self.now)

    def _hold_back(self, changes: dict[int, Change]) -> None:
        """What failed because something before it failed is not at fault: it waits for that."""
        failed = {job_id for job_id, change in changes.items() if change.state != State.POSTED}
        if not failed:
            return
        needed = table.needed_by(self.db, failed)
        for job_id in sorted(failed):
            change = changes[job_id]
            if change.event not in (Event.REFUSED, Event.PASSING):
                continue
            blamed = [need for need in needed.get(job_id, ()) if need.id in failed]
            if blamed:
                changes[job_id] = Change(
                    job_id,
                    Event.HELD_BACK,
                    State.WAITING,
                    note=f"job {blamed[0].id} ({blamed[0].kind}) was not saved",
                    message_id=self.message.id,
                    columns=(("status_code", None), ("explanation", None), ("next_try_at", None)),
                )


_TOTALS = {
    "Invoice": ("Subtotal", "SalesTaxTotal"),
    "ReceivePayment": ("TotalAmount",),
    "Bill": ("AmountDue",),
    "PurchaseOrder": ("TotalAmount",),
}
"""What tells a transaction's total: the sum of these, of which the first must be there."""

ASKED_OF = {
    name: ("ListID" if kind.is_list else "TxnID", "EditSequence", *_TOTALS.get(name, ()))
    for name, kind in KINDS.items()
}
"""The elements of a record that count for what becomes of a job, by the job's kind."""


def own_id(kind: str, said: Any) -> str | None:
    """-> the ListID or TxnID that QuickBooks gave what it saved, told in the record or in its ErrorRecovery."""
    if said is None:
        return None
    return (said.list_id if KINDS[kind].is_list else said.txn_id) or None


def job_of(request_id: str | None) -> int | None:
    """-> the job of a requestID, `message-job`; None for any other."""
    match = _REQUEST_ID.fullmatch(request_id or "")
    return int(match[2]) if match else None


def message_of(text: str) -> int | None:
    """-> the message that an answer answers: its first requestID says so, whichever ticket brought it."""
    match = re.search(r'requestID="([0-9]{1,18})-[0-9]{1,18}"', text[:20_000])
    return int(match[1]) if match else None


def _saved(
    job: Judged,
    state: State,
    response: Response | _Late,
    what: Status,
    ret: Any,
    own: str,
) -> Change:
    note = None if response.status_code == 0 else f"{response.status_code}: {response.message}"
    explanation = what.meaning if what.then is Act.REVIEW else None
    if ret is not None and job.total is not None:
        total = total_of(job.kind, ret)
        if total is not None and total != Decimal(job.total):
            explanation = (
                f"QuickBooks reckons {total} where the order comes to {job.total}: it added or left out tax. "
                "Look at it there."
            )
    return Change(
        job.id,
        Event.SAVED,
        after(state, Event.SAVED),
        note=note,
        message_id=job.message_id,
        columns=(
            ("list_id" if KINDS[job.kind].is_list else "txn_id", own),
            ("edit_sequence", ret.edit_sequence if ret is not None else None),
            ("status_code", str(response.status_code)),
            ("explanation", explanation),
        ),
    )


def _doubled(job: Judged, txn_id: str) -> Change | None:
    """A posted transaction that comes as saved under another number was saved twice: that must not stay unseen."""
    if KINDS[job.kind].is_list or job.txn_id is None or txn_id == job.txn_id:
        return None
    why = (
        f"QuickBooks saved this twice, as {job.txn_id} and as {txn_id}. Delete one of the two in QuickBooks, then "
        "retry: the one that is left will be recognised."
    )
    return stop(job.id, State.POSTED, Event.DOUBLED, why, None, job.message_id)


def total_of(kind: str, ret: Any) -> Decimal | None:
    """-> what QuickBooks reckons that a transaction comes to, without what it does not tell; None of a list record."""
    amounts: list[Decimal | None] = [ret.amount(path) for path in _TOTALS.get(kind, ())]
    if not amounts or amounts[0] is None:
        return None
    return sum((amount for amount in amounts[1:] if amount is not None), amounts[0])


def _refused(job: Judged, state: State, response: Response | _Late, what: Status, now: dt.datetime) -> Change | None:
    code, said = str(response.status_code), f"{response.status_code}: {response.message}"
    if what.then is Act.RETRY and what.saved is Saved.NO and job.attempts < GIVE_UP_AFTER:
        return Change(
            job.id,
            Event.PASSING,
            State.READY,
            note=said,
            message_id=job.message_id,
            columns=(
                ("status_code", code),
                ("explanation", explain(what, response.message)),
                ("next_try_at", now + rest(job.attempts)),
            ),
        )
    asks = what.then is Act.ASK or (what.then is Act.ADOPT and KINDS[job.kind].is_list)
    if asks or what.saved is Saved.UNKNOWN or response.status_code < 1000:
        return unclear(job, said, code, explain(what, response.message))
    return stop(job.id, state, Event.REFUSED, explain(what, response.message), code, job.message_id)


def settle_failure(
    db: Connection, company: Company, message: AnyRow, hresult: str, said: str, now: dt.datetime
) -> Settled:
    """QuickBooks answered a message of Adds with an HRESULT, or with nothing.

    A message that it could not parse was not carried out at all (contract.md 5.4): its jobs are tried again in
    halves, until the one at fault is alone. After anything else nobody knows what was saved.
    """
    what = hresult_status(hresult, after_write=True) if hresult else None
    away = table.away(db, company.id, message.id, State.IN_FLIGHT)
    # Of a message that left before, the refusal says nothing of what became of it then.
    refused_whole = what is not None and what.saved is Saved.NO and message.times_sent == 1
    if not refused_whole:
        note = f"{hresult} {said}".strip() or "the answer was empty"
        changes = [Change(job.id, Event.LOST, State.IN_DOUBT, note=note, message_id=message.id) for job in away]
    elif len(away) == 1:
        assert what is not None
        changes = [stop(away[0].id, State.IN_FLIGHT, Event.REFUSED, explain(what, said), hresult.lower(), message.id)]
    else:
        changes = halved(away, State.IN_FLIGHT, Event.SPLIT, f"{hresult} {said}".strip(), message.id)
    job_changes.apply(db, changes, now)
    messages.set_fate(db, message.id, Fate.ANSWERED if refused_whole else Fate.IN_DOUBT, now)
    return Settled(sum(change.state == State.ATTENTION for change in changes), not refused_whole)


def settle_read(
    db: Connection,
    company: Company,
    message: AnyRow,
    session_id: int,
    answer: responses.Answer,
    now: dt.datetime,
) -> Settled:
    """Stores the pages that came, and asks for the next ones."""
    away = {job.id: job for job in table.away(db, company.id, message.id)}
    reads = list_table.read_of(db, company.id)
    changes = []
    for response in answer:
        job = away.get(job_of(response.request_id) or 0)
        if job is not None and job.request == response.kind:
            del away[job.id]
            changes.append(_page(db, company, job, reads[list_of(job)], response, session_id, now))
    changes += [
        Change(job.id, Event.DUE, State.READY, note="not answered", message_id=message.id) for job in away.values()
    ]
    job_changes.apply(db, changes, now)
    messages.set_fate(db, message.id, Fate.ANSWERED, now)
    return Settled(sum(change.state == State.POSTED for change in changes), doubt=False)


def _page(
    db: Connection,
    company: Company,
    job: Judged,
    read: AnyRow,
    response: Response,
    session_id: int,
    now: dt.datetime,
) -> Change:
    code = response.status_code
    if code >= 500 and code not in sync.EMPTY_CODES:
        what = status(code, response.message, response.severity)
        list_table.note_read(db, company.id, list_of(job), iterator_id=None, session_id=None)
        if what.then is Act.RETRY or (read.iterator_id is not None and read.session_id == session_id):
            due = now + rest(job.attempts)
            return Change(
                job.id, Event.DUE, State.READY, f"{code}: {response.message}", job.message_id, (("next_try_at", due),)
            )
        return stop(job.id, State.IN_FLIGHT, Event.REFUSED, explain(what, response.message), str(code), job.message_id)
    page = sync.take(db, company.id, list_of(job), read, response, session_id, now)
    columns = (("attempts", 0), ("together", None))
    if page.complete:
        return Change(job.id, Event.READ, State.POSTED, f"{page.seen} records", job.message_id, columns)
    return Change(job.id, Event.DUE, State.READY, f"{page.seen} records so far", job.message_id, columns)


def read_failed(db: Connection, company: Company, message: AnyRow, note: str, now: dt.datetime) -> None:
    """Queries without a usable answer change nothing: they are asked again after a rest, in halves, so that one that
    QuickBooks cannot answer is found; after five times alone it is a person's."""
    away = table.away(db, company.id, message.id)
    most = max(1, len(away) // 2)
    changes = []
    for job in away:
        if len(away) == 1 and job.attempts >= GIVE_UP_READING_AFTER:
            why = f"QuickBooks cannot tell this list ({note}). Have QuickBooks checked, then retry."
            changes.append(stop(job.id, State.IN_FLIGHT, Event.REFUSED, why, None, message.id))
            continue
        columns = (("next_try_at", now + rest(job.attempts)), ("together", most))
        changes.append(Change(job.id, Event.DUE, State.READY, note, message.id, columns))
    job_changes.apply(db, changes, now)
    messages.set_fate(db, message.id, Fate.LOST, now)

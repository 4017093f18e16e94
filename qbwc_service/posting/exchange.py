"""Jobs become a message; its answer becomes what happened to the jobs. The caller's transaction holds both."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from sqlalchemy.engine import Connection

from qbxml import responses
from qbxml.documents import HostQuery
from qbxml.fields import FullName, ListID, TxnID, Version
from qbxml.message import Draft, Macro, Request, compose, draft
from qbxml.responses import Response
from qbxml.status import Act, Saved, Status, status
from qbxml.status import hresult as hresult_status

from ..companies.preferences import Preferences
from ..db import jobs as table
from ..db import lists as list_table
from ..db import messages
from ..db.companies import Company
from ..db.engine import AnyRow
from ..db.jobs import LISTS_AFTER, ORDERS_FIRST, Change
from ..db.lists import List
from ..db.messages import Fate, Purpose
from ..db.states import NEXT, Event, State, after
from ..lists import sync
from . import plan as planning
from .kinds import KINDS, USABLE_ITEMS

MOST_BYTES = 2_000_000
GIVE_UP_AFTER = 12  # attempts that QuickBooks called passing: some ten hours
_SLOT = re.compile(r"<\?(?:ref|opt|txn) ([^?]*)\?>")


def next_message(
    db: Connection, company: Company, preferences: Preferences, session_id: int, version: Version, now: dt.datetime
) -> str | None:
    """-> the next message for QuickBooks, stored with the jobs it carries; None when nothing is to be sent now.

    Lists that an order may need come first, then orders, then the other pages of lists.
    """
    if not sync.small_lists_known(db, company.id):
        body = _list_message(db, company, session_id, version, now)
        if body is not None:
            return body
    return _order_message(db, company, preferences, session_id, version, now) or _list_message(
        db, company, session_id, version, now
    )


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
        table.put_back(db, load.back)
        table.apply(db, load.changes, now)
        link_adopted(db, company, {job.id: job for job in claimed}, load.changes, now)
        if load.requests:
            table.write_history(
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
    claimed: Sequence[AnyRow]
    message_id: int
    now: dt.datetime
    requests: list[Request] = field(default_factory=list)
    sent: list[AnyRow] = field(default_factory=list)
    back: list[int] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    fill: dict[str, Any] = field(default_factory=dict)

    def sort_out(self) -> None:
        self._outer_slots()
        needed: dict[int, list[AnyRow]] = {}
        for need in table.needed_by(self.db, [job.id for job in self.claimed]):
            needed.setdefault(need.job_id, []).append(need)
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
                self.changes.append(_stop(job.id, State.IN_FLIGHT, Event.UNFIT, missing))
            elif self._filled(job, needed.get(job.id, ())):
                self._send(job)
            else:
                self.back.append(job.id)

    def _send(self, job: AnyRow) -> None:
        macro = f"J{job.id}" if job.kind == "Invoice" and self.preferences.macros else None
        self.requests.append(Request(f"{self.message_id}-{job.id}", Draft(job.request, job.content), macro))
        self.sent.append(job)
        if KINDS[job.kind].is_list:
            self.fill[job.record] = FullName(job.name)
        elif macro is not None:
            self.fill[job.record] = Macro(macro)

    def _filled(self, job: AnyRow, needs: Iterable[AnyRow]) -> bool:
        """Whether all that the job refers to is known, or stands before it in this message."""
        for need in needs:
            if need.state == State.POSTED:
                known = ListID(need.list_id) if need.list_id else TxnID(need.txn_id) if need.txn_id else None
                if known is None:
                    return False
                self.fill.setdefault(need.record, known)
            elif need.record not in self.fill:
                return False
            elif isinstance(self.fill[need.record], Macro) and job.kind != "ReceivePayment":
                return False  # only AppliedToTxnAdd takes a macro
        return True

    def _outer_slots(self) -> None:
        """Links to records that we did not create, default accounts, and the tax code of untaxed lines."""
        slots = {unquote(key) for job in self.claimed for key in _SLOT.findall(job.content)}
        for record, link in list_table.links_of(self.db, self.company.id, slots).items():
            self.fill[record] = ListID(link.list_id)
        for slot, type_ in ((planning.INCOME, "Income"), (planning.COST, "CostOfGoodsSold")):
            if slot in slots:
                account = list_table.first_of_type(self.db, self.company.id, List.ACCOUNT, type_)
                if account is not None:
                    self.fill[slot] = ListID(account.list_id)
        if planning.EXEMPT in slots:
            code = list_table.first_of_type(self.db, self.company.id, List.TAX_CODE, "NonTaxable")
            self.fill[planning.EXEMPT] = None if code is None else ListID(code.list_id)

    def _missing_account(self, job: AnyRow) -> str | None:
        for slot, type_ in ((planning.INCOME, "Income"), (planning.COST, "CostOfGoodsSold")):
            if slot not in self.fill and f"<?ref {slot}?>" in job.content:
                return (
                    f"QuickBooks lists no active account of type {type_}, and a new item needs one. Add such an "
                    "account in QuickBooks (Lists > Chart of Accounts) or choose an account in this company's "
                    "settings, then retry."
                )
        return None

    def _mirrored(self) -> dict[int, AnyRow]:
        """-> records of the mirror that bear the name of a list record to be created."""
        names: dict[List, dict[str, int]] = {}
        for job in self.claimed:
            which = KINDS[job.kind].list
            if which is not None:
                names.setdefault(which, {})[job.name.casefold()] = job.id
        return {
            jobs_by_name[key]: record
            for which, jobs_by_name in names.items()
            for key, record in list_table.by_keys(self.db, self.company.id, which, jobs_by_name).items()
        }

    def _adopt(self, job: AnyRow, record: AnyRow) -> None:
        if not record.is_active:
            why = (
                f"QuickBooks holds an inactive record named {record.name}. Make it active there, or give this one "
                "another name, then retry."
            )
            self.changes.append(_stop(job.id, State.IN_FLIGHT, Event.UNFIT, why))
        elif record.list == List.ITEM and record.type not in USABLE_ITEMS:
            why = (
                f"QuickBooks uses the item name {record.name} for an item of type {record.type}, which cannot stand "
                "on an order's line. Rename it there, then retry."
            )
            self.changes.append(_stop(job.id, State.IN_FLIGHT, Event.UNFIT, why))
        else:
            self.changes.append(adopted(job, State.IN_FLIGHT, list_id=record.list_id, note="by name, from its lists"))
            self.fill[job.record] = ListID(record.list_id)


def _list_message(db: Connection, company: Company, session_id: int, version: Version, now: dt.datetime) -> str | None:
    if table.next_up(db, company.id, LISTS_AFTER, now) is None:
        return None
    message_id = messages.next_id(db)
    claimed = table.claim(db, company.id, priority=LISTS_AFTER, message_id=message_id, limit=len(List), now=now)
    reads = list_table.read_of(db, company.id)
    requests = []
    for job in claimed:
        which = list_of(job)
        requests.append(Request(f"{message_id}-{job.id}", draft(sync.query(which, reads[which], session_id))))
    table.write_history(db, [(job.id, Event.CLAIMED.name, State.IN_FLIGHT, message_id, None) for job in claimed], now)
    return _store(db, company, session_id, message_id, Purpose.READ, requests, {}, version, now)


def list_of(job: AnyRow) -> List:
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
    table.put(db, company_id, None, jobs, now)


def lists_are_due(db: Connection, company_id: int, now: dt.datetime) -> None:
    """Lists that were read, or could not be, are to be read again."""
    known = table.by_records(db, company_id, [f"list:{which}" for which in List])
    table.apply(
        db,
        [
            Change(job.id, Event.DUE, State.READY, columns=(("attempts", 0), ("next_try_at", None)))
            for job in known.values()
            if job.state in (State.POSTED, State.ATTENTION)
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


# --- answers ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Settled:
    """What an answer brought: jobs that came to an end, and whether anything is left in doubt."""

    done: int
    doubt: bool


def settle_post(
    db: Connection, company: Company, message: AnyRow, answer: responses.Answer, now: dt.datetime
) -> Settled:
    """Records what QuickBooks said of each job of a message.

    Also for an answer that comes late: it settles what is still open, and what is posted already stays as it is.
    """
    said = _Said(db, company, message, answer, now)
    changes = said.changes()
    table.apply(db, changes, now)
    link_adopted(db, company, said.rows, changes, now)
    doubt = any(change.state == State.IN_DOUBT for change in changes)
    if message.fate in (Fate.SENT, Fate.IN_DOUBT):
        messages.set_fate(db, message.id, Fate.IN_DOUBT if doubt else Fate.ANSWERED, now)
    return Settled(sum(change.state in (State.POSTED, State.ATTENTION) for change in changes), doubt)


@dataclass
class _Said:
    db: Connection
    company: Company
    message: AnyRow
    answer: responses.Answer
    now: dt.datetime
    rows: dict[int, AnyRow] = field(default_factory=dict)

    def changes(self) -> list[Change]:
        answered: list[tuple[int, Response, Any]] = []
        for response in self.answer:
            job_id = job_of(response.request_id)
            if job_id is not None:
                answered.append((job_id, response, response.single))
        ids = {job_id for job_id, _, _ in answered}
        rows = {job.id: job for job in table.carried(self.db, self.company.id, ids)}
        for away in table.away(self.db, self.company.id, self.message.id):
            rows[away.id] = away
        self.rows = rows
        changes: dict[int, Change] = {}
        for job_id, response, ret in answered:
            job = rows.get(job_id)
            if job is not None and (change := self._change(job, response, ret)) is not None:
                changes[job_id] = change
        for job in rows.values():
            if job.id not in ids and job.state == State.IN_FLIGHT:
                changes[job.id] = _unclear(job, "QuickBooks' answer does not mention it")
        self._hold_back(changes)
        return [changes[job_id] for job_id in sorted(changes)]

    def _change(self, job: AnyRow, response: Response, ret: Any) -> Change | None:
        state = State(job.state)
        recovery = response.recovery
        list_id = (ret.list_id if ret is not None else None) or (recovery.list_id if recovery is not None else None)
        txn_id = (ret.txn_id if ret is not None else None) or (recovery.txn_id if recovery is not None else None)
        what = status(response.status_code, response.message, response.severity)
        if list_id or txn_id:
            if state is State.POSTED or Event.SAVED not in NEXT[state]:
                return None
            return _saved(job, state, response, what, ret, list_id=list_id, txn_id=txn_id)
        if state is not State.IN_FLIGHT or job.message_id != self.message.id:
            return None  # a late refusal decides nothing
        return _refused(job, state, response, what, self.now)

    def _hold_back(self, changes: dict[int, Change]) -> None:
        """What failed because something before it failed is not at fault: it waits for that."""
        failed = {job_id for job_id, change in changes.items() if change.state != State.POSTED}
        if not failed:
            return
        needed: dict[int, list[AnyRow]] = {}
        for need in table.needed_by(self.db, sorted(failed)):
            needed.setdefault(need.job_id, []).append(need)
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


def link_adopted(
    db: Connection, company: Company, rows: Mapping[int, AnyRow], changes: Iterable[Change], now: dt.datetime
) -> None:
    """Customers, vendors and items that QuickBooks holds are known by their ListID from now on."""
    known = []
    for change in changes:
        job = rows[change.job_id]
        list_id = dict(change.columns).get("list_id")
        if change.state == State.POSTED and KINDS[job.kind].is_list and list_id:
            known.append((job.record, list_id, job.name))
    list_table.put_links(db, company.id, known, now)


def job_of(request_id: str | None) -> int | None:
    """-> the job of a requestID, `message-job`; None for any other."""
    match = re.fullmatch(r"([0-9]+)-([0-9]+)", request_id or "")
    return int(match[2]) if match else None


def message_of(text: str) -> int | None:
    """-> the message that an answer answers: its first requestID says so, whichever ticket brought it."""
    match = re.search(r'requestID="([0-9]+)-[0-9]+"', text[:20_000])
    return int(match[1]) if match else None


def _saved(
    job: AnyRow,
    state: State,
    response: Response,
    what: Status,
    ret: Any,
    *,
    list_id: str | None,
    txn_id: str | None,
) -> Change:
    note = None if response.status_code == 0 else f"{response.status_code}: {response.message}"
    explanation = what.meaning if what.then is Act.REVIEW else None
    total = _total(job.kind, ret) if ret is not None and job.total is not None else None
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
            ("list_id", list_id),
            ("txn_id", txn_id),
            ("edit_sequence", ret.edit_sequence if ret is not None else None),
            ("status_code", str(response.status_code)),
            ("explanation", explanation),
        ),
    )


def _total(kind: str, ret: Any) -> Decimal | None:
    if kind == "Invoice":
        subtotal, tax = ret.amount("Subtotal"), ret.amount("SalesTaxTotal")
        return None if subtotal is None else subtotal + (tax or Decimal(0))
    path = {"ReceivePayment": "TotalAmount", "Bill": "AmountDue", "PurchaseOrder": "TotalAmount"}.get(kind)
    return ret.amount(path) if path else None


def _refused(job: AnyRow, state: State, response: Response, what: Status, now: dt.datetime) -> Change | None:
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
        return _unclear(job, said, code)
    return _stop(job.id, state, Event.REFUSED, explain(what, response.message), code, job.message_id)


def explain(what: Status, message: str) -> str:
    """-> what a code means for the order, who mends it and where, and QuickBooks' own words."""
    text = what.meaning
    if what.who:
        text += f" To be mended by {what.who}" + (f": {what.where}." if what.where else ".")
    return f"{text} QuickBooks says: {message}" if message else text


def rest(attempts: int) -> dt.timedelta:
    """-> how long a job rests after QuickBooks could not take it: 15 s at first, an hour at most."""
    return dt.timedelta(seconds=min(15 * 4 ** max(0, attempts - 1), 3600))


def _unclear(job: AnyRow, note: str, code: str | None = None) -> Change:
    return Change(
        job.id,
        Event.UNCLEAR,
        State.IN_DOUBT,
        note=note,
        message_id=job.message_id,
        columns=(("status_code", code),),
    )


def _stop(
    job_id: int, state: State, event: Event, why: str, code: str | None = None, message_id: int | None = None
) -> Change:
    return Change(
        job_id,
        event,
        after(state, event),
        note=why,
        message_id=message_id,
        columns=(("status_code", code), ("explanation", why)),
    )


def adopted(job: AnyRow, state: State, *, list_id: str | None = None, txn_id: str | None = None, note: str) -> Change:
    return Change(
        job.id,
        Event.ADOPTED,
        after(state, Event.ADOPTED),
        note=note,
        columns=(("list_id", list_id), ("txn_id", txn_id), ("status_code", None), ("explanation", None)),
    )


def settle_failure(
    db: Connection, company: Company, message: AnyRow, hresult: str, said: str, now: dt.datetime
) -> Settled:
    """QuickBooks answered a message of Adds with an HRESULT, or with nothing.

    A message that it could not parse was not carried out at all (contract.md 5.4): its jobs are tried again in
    halves, until the one at fault is alone. After anything else nobody knows what was saved.
    """
    what = hresult_status(hresult, after_write=True) if hresult else None
    away = table.away(db, company.id, message.id, State.IN_FLIGHT)
    refused_whole = what is not None and what.saved is Saved.NO and what.then is Act.BUG
    if not refused_whole:
        note = f"{hresult} {said}".strip() or "the answer was empty"
        changes = [Change(job.id, Event.LOST, State.IN_DOUBT, note=note, message_id=message.id) for job in away]
    elif len(away) == 1:
        assert what is not None
        changes = [_stop(away[0].id, State.IN_FLIGHT, Event.REFUSED, explain(what, said), hresult.lower(), message.id)]
    else:
        changes = halved(away, State.IN_FLIGHT, Event.SPLIT, f"{hresult} {said}".strip(), message.id)
    table.apply(db, changes, now)
    messages.set_fate(db, message.id, Fate.ANSWERED if refused_whole else Fate.IN_DOUBT, now)
    return Settled(sum(change.state == State.ATTENTION for change in changes), not refused_whole)


def halved(away: Sequence[AnyRow], state: State, event: Event, note: str, message_id: int) -> list[Change]:
    """-> these jobs to be sent again, at most half as many in a message."""
    most = max(1, len(away) // 2)
    return [
        Change(job.id, event, after(state, event), note=note, message_id=message_id, columns=(("together", most),))
        for job in away
    ]


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
        job = away.pop(job_of(response.request_id) or 0, None)
        if job is not None:
            changes.append(_page(db, company, job, reads[list_of(job)], response, session_id, now))
    changes += [
        Change(job.id, Event.DUE, State.READY, note="not answered", message_id=message.id) for job in away.values()
    ]
    table.apply(db, changes, now)
    messages.set_fate(db, message.id, Fate.ANSWERED, now)
    return Settled(sum(change.state == State.POSTED for change in changes), doubt=False)


def _page(
    db: Connection,
    company: Company,
    job: AnyRow,
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
        return _stop(job.id, State.IN_FLIGHT, Event.REFUSED, explain(what, response.message), str(code), job.message_id)
    page = sync.take(db, company.id, list_of(job), read, response, session_id, now)
    if page.complete:
        return Change(job.id, Event.READ, State.POSTED, f"{page.seen} records", job.message_id, (("attempts", 0),))
    return Change(job.id, Event.DUE, State.READY, f"{page.seen} records so far", job.message_id, (("attempts", 0),))


def read_failed(db: Connection, company: Company, message: AnyRow, note: str, now: dt.datetime) -> None:
    """Queries without a usable answer change nothing: they are asked again, after a rest."""
    changes = [
        Change(job.id, Event.DUE, State.READY, note, message.id, (("next_try_at", now + rest(job.attempts)),))
        for job in table.away(db, company.id, message.id)
    ]
    table.apply(db, changes, now)
    messages.set_fate(db, message.id, Fate.LOST, now)

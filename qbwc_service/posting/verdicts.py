"""What may be said of a job, by whoever judges it: the exchange, an answer, or recovery."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy.engine import Connection

from qbxml.status import Status

from ..db import lists as list_table
from ..db.companies import Company
from ..db.engine import AnyRow
from ..db.jobs import Change, Claimed, Judged
from ..db.states import Event, State, after
from .kinds import KINDS

GIVE_UP_AFTER = 12  # attempts that QuickBooks called passing: some ten hours


def link_adopted(
    db: Connection,
    company: Company,
    rows: Mapping[int, Judged] | Mapping[int, Claimed],
    changes: Iterable[Change],
    now: dt.datetime,
) -> None:
    """Customers, vendors and items that QuickBooks holds are known by their ListID from now on."""
    known = []
    for change in changes:
        job = rows[change.job_id]
        if change.state is not State.POSTED or not KINDS[job.kind].is_list:
            continue
        list_id = dict(change.columns).get("list_id")
        if list_id:
            known.append((job.record, list_id, job.name))
    list_table.put_links(db, company.id, known, now)


def explain(what: Status, message: str) -> str:
    """-> what a code means for the order, who mends it and where, and QuickBooks' own words."""
    text = what.meaning
    if what.who:
        text += f" To be mended by {what.who}" + (f": {what.where}." if what.where else ".")
    return f"{text} QuickBooks says: {message}" if message else text


def rest(attempts: int) -> dt.timedelta:
    """-> how long a job rests after QuickBooks could not take it: 15 s at first, an hour at most."""
    return dt.timedelta(seconds=min(15 * 4 ** max(0, attempts - 1), 3600))


def unclear(job: Judged, note: str, code: str | None = None, explanation: str | None = None) -> Change:
    return Change(
        job.id,
        Event.UNCLEAR,
        State.IN_DOUBT,
        note=note,
        message_id=job.message_id,
        columns=(("status_code", code), ("explanation", explanation)),
    )


def stop(
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


def adopted(
    job: Judged | Claimed | AnyRow,
    state: State,
    *,
    list_id: str | None = None,
    txn_id: str | None = None,
    note: str,
    explanation: str | None = None,
) -> Change:
    return Change(
        job.id,
        Event.ADOPTED,
        after(state, Event.ADOPTED),
        note=note,
        columns=(("list_id", list_id), ("txn_id", txn_id), ("status_code", None), ("explanation", explanation)),
    )


def halved(away: Sequence[Judged], state: State, event: Event, note: str, message_id: int) -> list[Change]:
    """-> these jobs to be sent again, at most half as many in a message."""
    most = max(1, len(away) // 2)
    return [
        Change(job.id, event, after(state, event), note=note, message_id=message_id, columns=(("together", most),))
        for job in away
    ]

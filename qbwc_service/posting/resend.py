"""Sending an order otherwise: what of it has not reached QuickBooks is taken back and planned anew (screens.md S8)."""

import datetime as dt

from sqlalchemy.engine import Connection

from ..db import job_views
from ..db import jobs as job_table
from ..db import orders as order_table
from ..db.companies import Company
from ..db.engine import AnyRow
from ..db.states import State
from ..people import ALL_RIGHTS, Right
from . import queue
from .drafting import Choices
from .queue import ASK_FIRST, LIST_KINDS
from .rights import may_act, require
from .send import UnknownOrder, held, preview, send

_NOT_LEFT = (State.WAITING, State.READY)


def resend(
    db: Connection,
    company: Company,
    number: str,
    choices: Choices,
    now: dt.datetime,
    rights: frozenset[Right] = ALL_RIGHTS,
) -> int:
    """Takes back what can be taken back of an order and sends it with these choices; -> how many documents are asked
    for. Raises what `send` raises."""
    take_back(db, company, number, choices, now, rights)
    return send(db, company, number, choices, now, rights)


def take_back(
    db: Connection, company: Company, number: str, choices: Choices, now: dt.datetime, rights: frozenset[Right]
) -> list[AnyRow]:
    """-> the jobs that are cancelled, so that a sending plans their documents anew.

    Those are the order's documents that have not left, or that QuickBooks refused; and of the list records that it
    needs, those that QuickBooks refused and that this sending would ask for again. What QuickBooks may hold stays.
    Raises UnknownOrder, and NotAllowed where a document would go that whoever sends may not send.
    """
    company = held(db, company)
    row = order_table.hold(db, company.id, number)
    if row is None:
        raise UnknownOrder(company.name, number)
    wanted = {document.record for document in preview(db, company, number, choices).documents}
    found = [
        job.id
        for job in can_take_back(db, company, row.id, rights)
        if job.kind not in LIST_KINDS or job.record in wanted
    ]
    cancelled = queue.cancel(db, job_table.hold(db, found), now) if found else []
    require((job.kind for job in cancelled), rights)
    return cancelled


def _may_go(job: AnyRow, order_id: int, rights: frozenset[Right]) -> bool:
    return job.order_id == order_id and may_act(job.kind, rights)


def _refused(db: Connection, job: AnyRow) -> bool:
    """Whether it needs a person, and QuickBooks surely does not hold it."""
    return job.state == State.ATTENTION and job_views.last_event(db, job.id) not in ASK_FIRST


def can_take_back(db: Connection, company: Company, order_id: int, rights: frozenset[Right]) -> list[AnyRow]:
    """-> of an order's jobs, those that a sending with other choices could change; for the window."""
    return [
        job
        for job in job_views.of_order(db, company.id, order_id)
        if (job.kind in LIST_KINDS or _may_go(job, order_id, rights))
        and (_refused(db, job) or (job.state in _NOT_LEFT and job.kind not in LIST_KINDS))
    ]

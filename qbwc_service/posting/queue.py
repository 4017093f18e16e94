"""The queue as people see it: send an order's plan, have a job tried again, cancel one."""

import datetime as dt
import re
from collections.abc import Collection, Sequence

from sqlalchemy.engine import Connection

from qbxml.text import as_reference, fit_name

from ..db import job_changes, job_views
from ..db import jobs as table
from ..db import lists as list_table
from ..db import orders as order_table
from ..db.engine import AnyRow
from ..db.jobs import Change, NewJob
from ..db.states import NEXT, Event, OrderState, State, after
from . import naming, restored
from .plan import Document, Plan
from .verdicts import adopted

LIST_KINDS = frozenset({"Customer", "Vendor", "PaymentMethod", "ItemNonInventory", "ItemOtherCharge", "ItemDiscount"})


# What a person was asked to decide because QuickBooks may hold the document: sending it at once could double it.
ASK_FIRST = (Event.AMBIGUOUS.name, Event.DOUBLED.name, Event.RESTORED.name, Event.LOOK_FIRST.name)
_NAME = re.compile(r"<Name>[^<]*</Name>")


class WrongName(Exception):
    """A name that QuickBooks would not hold as it is."""


class NotNow(Exception):
    """A job whose state does not allow what a person asked for."""

    def __init__(self, job_id: int, kind: str, state: str, wanted: str) -> None:
        super().__init__(f"job {job_id} ({kind}) is {state} and cannot be {wanted}")


def enqueue(
    db: Connection, company_id: int, order_id: int, plan: Plan, now: dt.datetime, *, ask_first: bool = False
) -> int:
    """Asks for each document that was not asked for yet; -> how many. Sending twice is one sending.

    With `ask_first` QuickBooks is asked for each before it is sent (restored.must_ask); else for those that it may hold
    of an earlier sending, which a person cancelled instead of having it looked up.
    """
    known = table.by_records(db, company_id, (document.record for document in plan.documents))
    _supersede(db, company_id, order_id, now)
    new: list[NewJob] = []
    revived: list[int] = []
    for document in plan.documents:
        job = known.get(document.record)
        if job is None or (job.state == State.CANCELLED and document.kind not in LIST_KINDS):
            new.append(_job(document))
        elif job.state == State.CANCELLED:
            job_changes.revive(db, job.id, _job(document), now)
            revived.append(job.id)
    put = job_changes.put(db, company_id, order_id, new, now)
    if ask_first:
        restored.ask_first(db, company_id, [*revived, *put], now)
    elif doubtful := job_views.doubtful_before(db, order_id, ASK_FIRST):
        again = [job_id for job_id, job in zip(put, new, strict=True) if job.record in doubtful]
        restored.ask_first(db, company_id, again, now, Event.LOOK_FIRST)
    order_table.mark_sent(db, order_id, now)
    return len(new) + len(revived)


def _supersede(db: Connection, company_id: int, order_id: int, now: dt.datetime) -> None:
    """Cancelled transactions of the order make room: those in the plan come anew, the others are no longer wanted."""
    cancelled = [
        job.id
        for job in job_views.of_order(db, company_id, order_id)
        if job.order_id == order_id and job.state == State.CANCELLED and job.kind not in LIST_KINDS
    ]
    job_changes.supersede(db, cancelled, now)


def _job(document: Document) -> NewJob:
    return NewJob(
        record=document.record,
        kind=document.kind,
        request=document.draft.request,
        content=document.draft.text,
        name=document.name,
        ref_number=document.ref_number,
        marker=document.marker,
        total=None if document.total is None else str(document.total),
        needs=document.needs,
    )


def retry(db: Connection, held: Sequence[AnyRow], now: dt.datetime) -> None:
    """These jobs leave at the next poll; one that QuickBooks may hold is looked up there first.

    Raises NotNow for a job that neither rests nor needs a person.
    """
    changes = []
    for job in held:
        if job.state == State.ATTENTION and job_views.last_event(db, job.id) in ASK_FIRST:
            cleared = (("status_code", None), ("explanation", None))
            changes.append(Change(job.id, Event.ASK_AGAIN, State.IN_DOUBT, columns=cleared))
            continue
        if Event.RETRIED not in NEXT[State(job.state)]:
            raise NotNow(job.id, job.kind, job.state, "tried again")
        columns = (("next_try_at", None), ("together", None), ("status_code", None), ("explanation", None))
        changes.append(Change(job.id, Event.RETRIED, after(State(job.state), Event.RETRIED), columns=columns))
    job_changes.apply(db, changes, now)


def rename(db: Connection, job: AnyRow, name: str) -> None:
    """A list record that needs a person gets this name in QuickBooks. Raises WrongName where it cannot bear it."""
    if job.kind not in LIST_KINDS or job.state != State.ATTENTION:
        raise NotNow(job.id, job.kind, job.state, "renamed")
    most = naming.ITEM_NAME if job.kind.startswith("Item") or job.kind == "PaymentMethod" else naming.NAME
    fitted = fit_name(name, most)
    if fitted.text != name or not name:
        raise WrongName(f"{name!r} cannot stand as a name of at most {most} characters; {fitted.text!r} could")
    said = table.contents(db, [job.id])[job.id]
    content = _NAME.sub(lambda _: f"<Name>{as_reference(name)}</Name>", said, count=1)
    job_changes.rename(db, job.id, name, content)


def cancel(db: Connection, held: Sequence[AnyRow], now: dt.datetime) -> list[AnyRow]:
    """-> the jobs that are cancelled: these, and what of the same order cannot be without them.

    Raises NotNow for a job that has left: what QuickBooks may hold is no longer ours to take back.
    """
    for job in held:
        if job.priority != table.ORDERS_FIRST:
            raise NotNow(job.id, job.kind, "the reading of a list", "cancelled")
    doomed = {job.id: job for job in held}
    for job in held:
        for dependent in job_changes.open_dependents(db, job.id):
            if dependent.order_id == job.order_id and job.kind not in LIST_KINDS:
                doomed.setdefault(dependent.id, dependent)
    changes = []
    for job in doomed.values():
        if job.state == State.CANCELLED:
            continue
        if Event.CANCELLED not in NEXT[State(job.state)]:
            raise NotNow(job.id, job.kind, job.state, "cancelled")
        changes.append(
            Change(job.id, Event.CANCELLED, State.CANCELLED, columns=(("next_try_at", None), ("blocked_by", None)))
        )
    job_changes.apply(db, changes, now)
    return list(doomed.values())


def link(db: Connection, company_id: int, record: str, list_id: str, name: str, now: dt.datetime) -> None:
    """Our record is this one of QuickBooks' from now on. A job that was to create it has nothing to create any more.

    Raises NotNow while that job is on its way: QuickBooks may be creating another one.
    """
    job = table.by_records(db, company_id, [record]).get(record)
    if job is not None:
        job = table.hold(db, [job.id])[0]  # a poll may be taking it at this moment
        if job.state in (State.IN_FLIGHT, State.IN_DOUBT):
            raise NotNow(job.id, job.kind, job.state, "linked before it is settled")
        if job.state == State.POSTED:
            job_changes.relink(db, job.id, list_id, name)
        elif job.state != State.CANCELLED:
            job_changes.apply(db, [adopted(job, State(job.state), list_id=list_id, note="linked by a person")], now)
    list_table.put_links(db, company_id, [(record, list_id, name)], now)


def order_state(sent: bool, states: Collection[str]) -> OrderState:
    """-> new, attention, posted or waiting (design.md part 4). With a document cancelled it is not posted."""
    if not sent:
        return OrderState.NEW
    if State.ATTENTION in states:
        return OrderState.ATTENTION
    return OrderState.POSTED if states and all(state == State.POSTED for state in states) else OrderState.WAITING

"""Jobs: a document on its way to QuickBooks, its history, and what a person can do about it."""

from typing import Any

from sqlalchemy.engine import Connection

from ..db import activity, job_views, messages
from ..db import jobs as table
from ..db import orders as order_table
from ..db.engine import AnyRow
from ..db.states import State
from ..posting import queue
from ..posting import rights as right
from ..posting.send import UnknownOrder
from . import problems
from .bodies import Fields, optional_json_of
from .call import Answer, Call, Route
from .facts import job_facts
from .parameters import LARGEST_ID, Parameters, following


def listed(call: Call) -> Answer:
    """The latest first; with `order`, that order's documents and the list records that they need."""
    wanted = Parameters(call.request, "state", "order", "limit", "after")
    state, before, limit = wanted.one_of("state", State), wanted.after_id(), wanted.limit()
    number = wanted.text("order")
    with call.reading() as db:
        if number:
            rows = _of_order(db, call, number, state, before)
        else:
            rows = job_views.of_company(db, call.company.id, state=state, before=before, limit=limit + 1)
    told = [_facts(row, number or row.order_number) for row in rows[:limit]]
    return Answer({"jobs": told, "next": following(rows, limit, "id")})


def _of_order(db: Connection, call: Call, number: str, state: State | None, before: int | None) -> list[AnyRow]:
    order = order_table.by_number(db, call.company.id, number)
    if order is None:
        raise UnknownOrder(call.company.name, number)
    rows = reversed(job_views.of_order(db, call.company.id, order.id))
    return [row for row in rows if (state is None or row.state == state) and (before is None or row.id < before)]


def _facts(row: AnyRow, order: str | None) -> dict[str, Any]:
    return {"order": order, **job_facts(row)}


def show(call: Call, id: int) -> Answer:
    """With its history, and the last message that carried it with QuickBooks' answers."""
    Parameters(call.request)
    with call.reading() as db:
        row = activity.one(db, call.company.id, id)
        if row is None:
            raise problems.not_found(f"job {id}")
        content = table.contents(db, [id])[id]
        past = job_views.history_of(db, id)
        message = messages.with_body(db, row.message_id) if row.message_id else None
        answers = messages.answers_to(db, row.message_id) if row.message_id else []
    return Answer(
        {
            **_facts(row, row.order_number),
            "created_at": row.created_at,
            "changed_at": row.changed_at,
            "request": content,
            "history": [
                {"at": step.at, "event": step.event, "state": step.state, "message": step.message_id, "note": step.note}
                for step in past
            ],
            "message": None
            if message is None
            else {"id": message.id, "sent_at": message.sent_at, "body": message.body},
            "answers": [
                {
                    "received_at": answer.received_at,
                    "hresult": answer.hresult,
                    "message": answer.message,
                    "note": answer.note,
                    "response": answer.response,
                }
                for answer in answers
            ],
        }
    )


def retry(call: Call, id: int) -> Answer:
    """It leaves at the next poll; with `name`, a list record is called so in QuickBooks first."""
    Parameters(call.request)
    fields = Fields(optional_json_of(call.request))
    name = fields.text("name")
    fields.close()
    with call.writing() as db:
        job = _held(db, call, id)
        right.require([job.kind], call.rights)
        if name is not None:
            queue.rename(db, job, name)
            call.note(db, "job.renamed", job.record, name)
        queue.retry(db, [job], call.now)
        call.note(db, "job.retried", job.record)
        row = activity.one(db, call.company.id, id)
        assert row is not None
    return Answer(_facts(row, row.order_number))


def cancel(call: Call, id: int) -> Answer:
    """With what of the same order cannot be without it, an invoice's payments."""
    Parameters(call.request)
    with call.writing() as db:
        cancelled = queue.cancel(db, [_held(db, call, id)], call.now)
        right.require((job.kind for job in cancelled), call.rights)
        for job in cancelled:
            call.note(db, "job.cancelled", job.record)
        rows = [activity.one(db, call.company.id, job.id) for job in cancelled]
    return Answer({"cancelled": [_facts(row, row.order_number) for row in rows if row is not None]})


def _held(db: Connection, call: Call, id: int) -> AnyRow:
    """-> the job, which nobody else changes before this transaction ends."""
    held = [job for job in table.hold(db, [id]) if job.company_id == call.company.id and job.superseded_at is None]
    if not held:
        raise problems.not_found(f"job {id}")
    return held[0]


ROUTES = (
    Route("GET", "/jobs", listed),
    Route("GET", f"/jobs/<int(max={LARGEST_ID}):id>", show),
    Route("POST", f"/jobs/<int(max={LARGEST_ID}):id>/retry", retry),
    Route("POST", f"/jobs/<int(max={LARGEST_ID}):id>/cancel", cancel),
)

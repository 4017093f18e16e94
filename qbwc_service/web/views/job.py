"""One job: what happened to it in plain words, what it means, who mends it, and the buttons that do; beneath, the
exact qbXML that was sent and answered (screens.md S8)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ... import __version__
from ...db import activity, job_views, lists, messages
from ...db import jobs as table
from ...db.activity import OPEN_STATES
from ...db.engine import AnyRow
from ...db.jobs import ORDERS_FIRST
from ...db.lists import List
from ...db.states import State
from ...people import NotAllowed
from ...posting import naming, queue, rights
from ...posting import send as sending
from ...posting.kinds import KINDS
from ...posting.queue import ASK_FIRST
from .. import addresses, explanation, next_poll, timeline, wire
from ..page import Page, Route
from .activity import LARGEST_ID, can_cancel, can_retry, name_in_trail, not_for_you, supplier_of, what_of

MESSAGES_SHOWN = 5
RECORDS_FOUND = 20
RETRIED_SAFELY = ASK_FIRST  # looked up in QuickBooks first


@dataclass(frozen=True)
class Exchanged:
    """A message that carried the job, and what came back: this job's part of each, indented."""

    id: int
    sent_at: Any
    times_sent: int
    sent: str
    answers: "tuple[Answered, ...]"


@dataclass(frozen=True)
class Answered:
    id: int
    received_at: Any
    part: str  # "" where the answer does not mention the job
    hresult: str
    message: str


def shown(page: Page, job_id: int) -> Response:
    with page.reading() as db:
        job = _job(page, db, job_id)
        facts = _facts(page, db, job)
        exchanged = _exchanged(db, job, activity.history_of(db, job.id))
    support = _for_support(page, job, facts["steps"], exchanged)
    return page.show("activity/job.html", support=support, exchanged=exchanged, **facts)


def progress(page: Page, job_id: int) -> Response:
    """The part of the page that changes by itself; 204 as long as it stands as the page shows it."""
    with page.reading() as db:
        facts = _facts(page, db, _job(page, db, job_id))
    if page.query.get("seen") == facts["mark"]:
        return Response("", 204)
    return page.show("activity/progress.html", **facts)


def _job(page: Page, db: Connection, job_id: int) -> AnyRow:
    job = activity.one(db, page.of.id, job_id) if job_id <= LARGEST_ID else None
    if job is None:
        raise NotFound
    return job


def _facts(page: Page, db: Connection, job: AnyRow) -> dict[str, Any]:
    """-> what progress.html shows; the page includes it."""
    past = activity.history_of(db, job.id)
    may = rights.may_act(job.kind, page.rights)
    needs = table.needed_by(db, [job.id]).get(job.id, [])
    last = past[-1].event if past else ""
    goes_with = activity.goes_with(db, job, queue.LIST_KINDS) if may and can_cancel(job) else []
    may_all = all(rights.may_act(row.kind, page.rights) for row in goes_with)
    stopped = may and job.state == State.ATTENTION
    is_list = job.kind in queue.LIST_KINDS
    conflict = stopped and is_list
    can_choose = conflict and _list_of(job) in (List.CUSTOMER, List.VENDOR, List.ITEM)
    find = page.query.get("find", "").strip()[:100] if can_choose else ""
    return {
        "job": job,
        "what": what_of(page, job),
        "to_whom": supplier_of(db, page, job),
        "reads_list": job.priority != ORDERS_FIRST,
        "steps": timeline.tell(page, db, past, job),
        "why": explanation.explain(page, job),
        "needs": [need for need in needs if need.state != State.POSTED],
        "blocker": _blocker(db, page, job),
        "soon": next_poll.said(page, db),
        "may": may,
        "asks_first": job.state == State.ATTENTION and last in RETRIED_SAFELY,
        "can_retry": may and can_retry(job),
        "can_cancel": may and may_all and can_cancel(job),
        "can_edit": stopped and may_all and not is_list and last not in RETRIED_SAFELY and job.order_number is not None,
        "can_rename": conflict,
        "can_choose": can_choose,
        "find": find,
        "records": lists.listed(db, page.of.id, _list_of(job), find, RECORDS_FOUND) if find else [],
        "evidence": _evidence(page, db, job, past),
        "free_name": naming.free_name(job.name, job.kind) if conflict else "",
        "goes_with": goes_with,
        "live": job.state in OPEN_STATES and job.state != State.ATTENTION,
        "order_path": None if job.order_number is None else order_path(page, job.order_number),
        "accounts_matter": _accounts_matter(job),
        "mark": f"{past[-1].id if past else 0}-{job.state}-{job.blocked_by or 0}",
    }


def order_path(page: Page, number: str) -> str:
    return addresses.order_path(page.base, number)


def _list_of(job: AnyRow) -> List:
    kind = KINDS.get(job.kind)
    return kind.list if kind is not None and kind.list is not None else List.ITEM


def _blocker(db: Connection, page: Page, job: AnyRow) -> AnyRow | None:
    """-> the job that this one waits behind, when a person must mend it or QuickBooks be asked first."""
    return None if job.blocked_by is None else activity.one(db, page.of.id, job.blocked_by)


def _accounts_matter(job: AnyRow) -> bool:
    """Whether the choice of accounts may be what QuickBooks refused."""
    said = (job.explanation or "").lower()
    return job.state == State.ATTENTION and ("account" in said or job.status_code in ("3270", "3140", "3120"))


def _exchanged(db: Connection, job: AnyRow, past: Sequence[AnyRow]) -> list[Exchanged]:
    """-> the messages that carried it, the latest first."""
    ids = dict.fromkeys([*(row.message_id for row in reversed(past)), job.message_id])
    found = []
    for message_id in [id_ for id_ in ids if id_ is not None][:MESSAGES_SHOWN]:
        message = messages.with_body(db, message_id)
        if message is None:
            continue
        request_id = f"{message.id}-{job.id}"
        answered = tuple(
            Answered(
                answer.id,
                answer.received_at,
                "\n".join(wire.parts(answer.response, request_id)),
                answer.hresult,
                answer.message,
            )
            for answer in messages.answers_to(db, message.id)
        )
        sent = "\n".join(wire.parts(message.body, request_id))
        found.append(Exchanged(message.id, message.sent_at, message.times_sent, sent, answered))
    return found


def _evidence(page: Page, db: Connection, job: AnyRow, past: Sequence[AnyRow]) -> list[dict[str, str]]:
    """-> of a job that a person has to decide about, each document that QuickBooks showed for it."""
    if job.state != State.ATTENTION or not past or past[-1].event not in RETRIED_SAFELY:
        return []
    answers = activity.answers_at(db, page.of.id, [past[-1].at])
    if job.message_id is not None:
        answers += messages.answers_to(db, job.message_id)
    found: dict[str, dict[str, str]] = {}
    for answer in answers:
        for document in wire.held(answer.response, f"{answer.message_id}-{job.id}"):
            found.setdefault(document["TxnID"], document)
    return list(found.values())


def _for_support(page: Page, job: AnyRow, steps: Sequence[timeline.Step], exchanged: Sequence[Exchanged]) -> str:
    """-> what whoever helps needs to know; in English but for the sentences, without what is another order's."""
    facts = {
        "service": f"qbwc {__version__}",
        "company": page.of.id,
        "job": job.id,
        "kind": job.kind,
        "record": job.record,
        "ref_number": job.ref_number,
        "name": job.name,
        "state": job.state,
        "attempts": job.attempts,
        "status_code": job.status_code,
        "explanation": job.explanation,
        "txn_id": job.txn_id,
        "list_id": job.list_id,
        "next_try_at": None if job.next_try_at is None else job.next_try_at.isoformat(),
    }
    lines = [json.dumps(facts, indent=1, ensure_ascii=False), ""]
    lines += [
        f"{step.at:%Y-%m-%d %H:%M:%S} UTC  {step.state}: {step.sentence} {step.remark}".rstrip() for step in steps
    ]
    for message in exchanged[:1]:
        lines += ["", f"message {message.id}, sent {message.sent_at:%Y-%m-%d %H:%M:%S} UTC", message.sent]
        lines += [
            f"answer {answer.received_at:%Y-%m-%d %H:%M:%S} UTC {answer.hresult} {answer.message}\n{answer.part}"
            for answer in message.answers
        ]
    return "\n".join(lines)


def whole(page: Page, job_id: int, message_id: int, which: str) -> Response:
    """A whole message, or the answers to it, as they went over the wire."""
    with page.reading() as db:
        _job(page, db, job_id)
        message = messages.with_body(db, message_id) if message_id <= LARGEST_ID else None
        if message is None or message.company_id != page.of.id or which not in ("sent", "answered"):
            raise NotFound
        answers = messages.answers_to(db, message_id) if which == "answered" else []
    text = wire.pretty(message.body) if which == "sent" else "\n\n".join(wire.pretty(a.response) for a in answers)
    response = Response(text + "\n", mimetype="text/plain")
    response.headers["Content-Disposition"] = f'inline; filename="message-{message_id}-{which}.txt"'
    return response


def _held(page: Page, db: Connection, job_id: int) -> AnyRow:
    """-> the job, which nobody else changes meanwhile. Raises NotAllowed where this person may not act on its kind."""
    _job(page, db, job_id)
    job = table.hold(db, [job_id])[0]
    rights.require([job.kind], page.rights)
    return job


def _path(page: Page, job_id: int) -> str:
    return f"{page.base}/activity/{job_id}"


def _meanwhile(page: Page, job_id: int) -> Response:
    """What was asked for is no longer possible: the page as it stands now says why."""
    said = page.text("Nothing was changed: meanwhile it has gone on. This is how it stands now.")
    return page.go(_path(page, job_id), said)


def retry(page: Page, job_id: int) -> Response:
    try:
        with page.writing() as db:
            job = _held(page, db, job_id)
            asks = job_views.last_event(db, job.id) in RETRIED_SAFELY
            queue.retry(db, [job], page.now)
            page.note(db, "job.retried", name_in_trail(job))
            soon = next_poll.said(page, db)
    except NotAllowed:
        return not_for_you(page)
    except queue.NotNow:
        return _meanwhile(page, job_id)
    if asks:
        return page.go(_path(page, job_id), page.text("QuickBooks is asked what it holds, %(soon)s.", soon=soon))
    return page.go(_path(page, job_id), page.text("It is tried again %(soon)s.", soon=soon))


def cancel(page: Page, job_id: int) -> Response:
    cancelled = _cancel(page, job_id)
    if isinstance(cancelled, Response):
        return cancelled
    more = page.plural(
        "With it %(number)s other is cancelled.", "With it %(number)s others are cancelled.", len(cancelled) - 1
    )
    said = page.text("It is cancelled, and is not sent.")
    return page.go(_path(page, job_id), f"{said} {more}" if len(cancelled) > 1 else said)


def _cancel(page: Page, job_id: int) -> list[AnyRow] | Response:
    try:
        with page.writing() as db:
            job = _held(page, db, job_id)
            cancelled = queue.cancel(db, [job], page.now)
            rights.require([row.kind for row in cancelled], page.rights)
            for row in cancelled:
                page.note(db, "job.cancelled", name_in_trail(row))
    except NotAllowed:
        return not_for_you(page)
    except queue.NotNow:
        return _meanwhile(page, job_id)
    return cancelled


def rename(page: Page, job_id: int) -> Response:
    name = page.form.get("name", "").strip()
    try:
        with page.writing() as db:
            job = _held(page, db, job_id)
            queue.rename(db, job, name)
            queue.retry(db, table.hold(db, [job.id]), page.now)
            page.note(db, "job.renamed", name_in_trail(job), name)
            soon = next_poll.said(page, db)
    except NotAllowed:
        return not_for_you(page)
    except queue.NotNow:
        return _meanwhile(page, job_id)
    except queue.WrongName as error:
        said = page.text("Write a name.") if not name else explanation.wrong_name(page, str(error))
        page.fault("name", said)
        return shown(page, job_id)
    return page.go(_path(page, job_id), page.text("It is sent as %(name)s %(soon)s.", name=name, soon=soon))


def choose(page: Page, job_id: int) -> Response:
    """The record in QuickBooks that our customer, supplier or item is: nothing is created then."""
    list_id = page.form.get("list_id", "")
    try:
        with page.writing() as db:
            job = _held(page, db, job_id)
            if job.kind not in queue.LIST_KINDS:
                raise queue.NotNow(job.id, job.kind, job.state, "linked")
            found = sending.link(db, page.of, job.record, _list_of(job), list_id, page.now)
            page.note(db, "customer.linked" if job.kind == "Customer" else "record.linked", name_in_trail(job), found)
    except NotAllowed:
        return not_for_you(page)
    except queue.NotNow:
        return _meanwhile(page, job_id)
    except sending.UnknownRecord:
        page.fault("list_id", page.text("Choose a record of the list."))
        return shown(page, job_id)
    return page.go(_path(page, job_id), page.text("It is %(name)s in QuickBooks from now on.", name=found))


_JOB = "/companies/<int:company_id>/activity/<int:job_id>"
ROUTES = (
    Route("GET", _JOB, shown),
    Route("GET", f"{_JOB}/progress", progress),
    Route("GET", f"{_JOB}/messages/<int:message_id>/<which>", whole),
    Route("POST", f"{_JOB}/retry", retry),
    Route("POST", f"{_JOB}/cancel", cancel),
    Route("POST", f"{_JOB}/rename", rename),
    Route("POST", f"{_JOB}/choose", choose),
)

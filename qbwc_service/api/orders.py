"""Orders: handed over, looked at, sent."""

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from sqlalchemy.engine import Connection

from .. import orders as intake
from ..db import audit, order_views
from ..db import orders as table
from ..db.states import OrderState
from ..orders import Order
from ..people import NotAllowed
from ..posting import send as sending
from ..posting.plan import Choices
from ..posting.plan_facts import plan_facts
from ..posting.send import ADDED, Stored
from . import choices, problems
from .bodies import json_of, optional_json_of
from .call import Answer, Call, Route
from .facts import job_facts
from .parameters import Parameters, following
from .problems import Fault, Problem


def put(call: Call, number: str) -> Answer:
    """One order under its number: 201 when it is new, 200 when it is there already or replaces another."""
    Parameters(call.request)
    document = json_of(call.request)
    (order,) = _checked([document])
    if order.number != number:
        rule = f"is {order.number}, and {number} in the address"
        raise Problem(problems.ORDER_FAULTY, "there is one fault", [Fault("number", rule)])
    with call.writing() as db:
        (stored,) = _store(call, db, [order])
        state, _ = sending.state_of(db, call.company, number)
    return _stored_answer({"number": number, "state": state, "stored": stored}, [stored], number)


def post(call: Call) -> Answer:
    """One order or an array of them; all are stored, and with `send` sent, or none."""
    send = Parameters(call.request, "send").flag("send")
    document = json_of(call.request)
    taken = _checked(document if isinstance(document, list) else [document])
    usual = sending.defaults(call.company)
    if send and (lacking := sending.asked_for(usual) - call.rights):
        raise NotAllowed(lacking)
    told = []
    with call.writing() as db:
        stored = _store(call, db, taken)
        added = [_send(call, db, order.number, usual) if send else 0 for order in taken]
        states = sending.states_by_number(db, call.company, [order.number for order in taken])
        for order, what, how_many in zip(taken, stored, added, strict=True):
            told.append({"number": order.number, "state": states[order.number], "stored": what, "added": how_many})
    return _stored_answer({"orders": told}, [row["stored"] for row in told])


def _checked(documents: list[Any]) -> tuple[Order, ...]:
    if not documents:
        raise Problem(problems.ORDER_FAULTY, "there is one fault", [Fault("", "there is no order in it")])
    return intake.check(documents)


def _store(call: Call, db: Connection, taken: Sequence[Order]) -> list[Stored]:
    stored = sending.store_all(db, call.company, taken, call.now)
    told = [(order.number, ADDED[what]) for order, what in zip(taken, stored, strict=True) if what in ADDED]
    audit.put_all(db, told, now=call.now, who=call.who, act="order.added", company_id=call.company.id)
    return stored


def _stored_answer(body: Any, stored: list[Any], number: str | None = None) -> Answer:
    if Stored.NEW not in stored:
        return Answer(body)
    where = {} if number is None else {"Location": f"/api/v1/orders/{quote(number, safe='')}"}
    return Answer(body, HTTPStatus.CREATED, where)


def listed(call: Call) -> Answer:
    """The latest first."""
    wanted = Parameters(call.request, "search", "state", "limit", "after")
    limit = wanted.limit()
    with call.reading() as db:
        rows = order_views.listed(
            db,
            call.company.id,
            search=wanted.text("search"),
            state=wanted.one_of("state", OrderState),
            before=wanted.after_id(),
            limit=limit + 1,
        )
        states = sending.states_of(db, call.company.id, [row.id for row in rows[:limit]])
    told = [
        {
            "number": row.number,
            "state": states[row.id],
            "customer": {"id": row.customer_id, "name": row.customer_name},
            "total": row.total,
            "completed_at": row.completed_at,
            "added_at": row.created_at,
            "sent_at": row.sent_at,
        }
        for row in rows[:limit]
    ]
    return Answer({"orders": told, "next": following(rows, limit, "id")})


def show(call: Call, number: str) -> Answer:
    """The order as it was handed over, and what became of it, document by document."""
    Parameters(call.request)
    with call.reading() as db:
        row = table.by_number(db, call.company.id, number)
        if row is None:
            raise sending.UnknownOrder(call.company.name, number)
        state, documents = sending.state_of(db, call.company, number)
    return Answer(
        {
            "number": number,
            "state": state,
            "added_at": row.created_at,
            "sent_at": row.sent_at,
            "order": json.loads(row.content),
            "documents": [job_facts(job) for job in documents],
        }
    )


def preview(call: Call, number: str) -> Answer:
    """What QuickBooks would hold; nothing is sent, and a link that is asked for is tried, not made."""
    Parameters(call.request)
    wanted = choices.read(optional_json_of(call.request), sending.defaults(call.company))
    with call.trying() if wanted.links else call.reading() as db:
        choices.link(call, db, number, wanted)
        planned = sending.preview(db, call.company, number, wanted.choices)
    return Answer(plan_facts(planned))


def send(call: Call, number: str) -> Answer:
    """Asks for the documents of an order; a second time adds only what was not asked for before."""
    Parameters(call.request)
    wanted = choices.read(optional_json_of(call.request), sending.defaults(call.company))
    with call.writing() as db:
        choices.link(call, db, number, wanted)
        added = _send(call, db, number, wanted.choices)
        state, _ = sending.state_of(db, call.company, number)
    return Answer({"number": number, "state": state, "added": added}, HTTPStatus.ACCEPTED)


def _send(call: Call, db: Connection, number: str, wanted: Choices) -> int:
    added = sending.send(db, call.company, number, wanted, call.now, call.rights)
    if added:
        call.note(db, "order.sent", number, f"{added} documents")
    return added


ROUTES = (
    Route("GET", "/orders", listed),
    Route("POST", "/orders", post),
    Route("GET", "/orders/<path:number>", show),
    Route("PUT", "/orders/<path:number>", put),
    Route("POST", "/orders/<path:number>/preview", preview),
    Route("POST", "/orders/<path:number>/send", send),
)

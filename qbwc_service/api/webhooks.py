"""Webhooks: addresses that are told of outcomes, and what was delivered to them."""

import json
from http import HTTPStatus

from .. import webhooks
from ..db import webhooks as table
from . import problems
from .bodies import Fields, json_of
from .call import Answer, Call, Route
from .parameters import LARGEST_ID, Parameters, following

LARGEST_SMALL_ID = 2**31 - 1


def listed(call: Call) -> Answer:
    Parameters(call.request)
    with call.reading() as db:
        rows = table.of_company(db, call.company.id)
    told = [{"id": row.id, "url": row.url, "made_at": row.made_at, "made_by": row.made_by} for row in rows]
    return Answer({"webhooks": told})


def post(call: Call) -> Answer:
    """-> the secret too, this once: it signs what is delivered. WrongAddress is told as a fault of `url`."""
    Parameters(call.request)
    fields = Fields(json_of(call.request))
    url = fields.text("url", webhooks.LONGEST_URL)
    if url is None:
        fields.fault("url", "is missing")
    fields.close()
    with call.writing() as db:
        webhook_id, secret = webhooks.register(
            db, call.keys, call.company, url or "", call.who, call.now, call.settings
        )
        call.note(db, "webhook.made", url or "")
    return Answer({"id": webhook_id, "url": url, "secret": secret}, HTTPStatus.CREATED)


def delete(call: Call, id: int) -> Answer:
    Parameters(call.request)
    with call.writing() as db:
        url = table.remove(db, call.company.id, id, call.now)
        if url is None:
            raise problems.not_found(f"webhook {id}")
        call.note(db, "webhook.removed", url)
    return Answer(status=HTTPStatus.NO_CONTENT)


def deliveries(call: Call) -> Answer:
    """The latest first, with the event that is delivered."""
    wanted = Parameters(call.request, "limit", "after")
    limit = wanted.limit()
    with call.reading() as db:
        rows = table.deliveries_of(db, call.company.id, before=wanted.after_id(), limit=limit + 1)
    told = [
        {
            "id": row.id,
            "webhook": row.webhook_id,
            "url": row.url,
            "event": json.loads(row.body),
            "made_at": row.made_at,
            "attempts": row.attempts,
            "next_try": row.next_try_at,
            "delivered_at": row.delivered_at,
            "last_try": row.last_try_at,
            "last_status": row.last_status,
            "last_error": row.last_error,
        }
        for row in rows[:limit]
    ]
    return Answer({"deliveries": told, "next": following(rows, limit, "id")})


def redeliver(call: Call, id: int) -> Answer:
    """It is delivered once more, with the same event id."""
    Parameters(call.request)
    with call.writing() as db:
        if not table.again(db, call.company.id, id, call.now):
            raise problems.not_found(f"delivery {id} to a webhook in force")
        call.note(db, "delivery.again", str(id))
    return Answer(status=HTTPStatus.ACCEPTED)


ROUTES = (
    Route("GET", "/webhooks", listed),
    Route("POST", "/webhooks", post),
    Route("DELETE", f"/webhooks/<int(max={LARGEST_SMALL_ID}):id>", delete),
    Route("GET", "/webhooks/deliveries", deliveries),
    Route("POST", f"/webhooks/deliveries/<int(max={LARGEST_ID}):id>/redeliver", redeliver),
)

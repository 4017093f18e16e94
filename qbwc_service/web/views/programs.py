"""Programs: the tokens and webhooks by which an order system works with us, and what was delivered."""

from typing import Any

from sqlalchemy.engine import Connection
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ...api import tokens as issuing
from ...db import tokens as token_table
from ...db import webhooks as webhook_table
from ...people import ALL_RIGHTS, Right
from ...webhooks import WrongAddress, register
from ..page import Access, Page, Route, checked
from ..words import RIGHTS
from .prove import require_fresh

ROWS = 50
LARGEST_ID = 2**63 - 1


def shown(page: Page) -> Response:
    return _show(page)


def _show(page: Page, **made: Any) -> Response:
    """`made`: new_token, or webhook_secret with webhook_url; each is shown this once."""
    older = page.query.get("before", "")
    before = min(int(older), LARGEST_ID) if older.isascii() and older.isdecimal() and len(older) < 30 else None
    with page.reading() as db:
        tokens = token_table.of_company(db, page.of.id)
        webhooks = webhook_table.of_company(db, page.of.id)
        deliveries = webhook_table.deliveries_of(db, page.of.id, before=before, limit=ROWS + 1)
    in_force = {webhook.id for webhook in webhooks}
    ready = {"new_token": None, "webhook_secret": None, "webhook_url": None, "token_name": "", "url": ""}
    return page.show(
        "programs/programs.html",
        **{**ready, **made},
        tokens=[token for token in tokens if token.revoked_at is None],
        revoked=[token for token in tokens if token.revoked_at is not None][:20],
        webhooks=webhooks,
        deliveries=deliveries[:ROWS],
        older=deliveries[ROWS - 1].id if len(deliveries) > ROWS else None,
        before=before,
        in_force=in_force,
        rights=RIGHTS,
        ticked=_ticked(page) if page.request.method == "POST" else ALL_RIGHTS,
        api=f"{page.settings.public_url.rstrip('/')}/api/v1",
    )


def _ticked(page: Page) -> frozenset[Right]:
    return frozenset(right for right in Right if checked(page.form, f"right_{right}"))


def make_token(page: Page) -> Response:
    if (proof := require_fresh(page)) is not None:
        return proof
    name = page.form.get("name", "").strip()
    made_by = page.person.user.email
    try:
        with page.writing() as db:
            token = issuing.issue(db, page.keys, page.of, name, _ticked(page), made_by, page.now)
    except issuing.WrongName:
        page.fault("name", page.text("Write a name of at most %(most)s characters.", most=issuing.LONGEST_NAME))
        return _show(page, token_name=name)
    return _show(page, new_token=token)


def revoke_token(page: Page, token_id: int) -> Response:
    try:
        with page.writing() as db:
            name = issuing.revoke(db, page.of, token_id, page.person.user.email, page.now)
    except issuing.UnknownToken:
        return page.go(_path(page), page.text("This token was revoked already."))
    return page.go(_path(page), page.text("The token %(name)s opens nothing any more.", name=name))


def make_webhook(page: Page) -> Response:
    if (proof := require_fresh(page)) is not None:
        return proof
    url = page.form.get("url", "").strip()
    try:
        with page.writing() as db:
            made_by = page.person.user.email
            _, secret = register(db, page.keys, page.of, url, made_by, page.now, page.settings)
            page.note(db, "webhook.made", url)
    except WrongAddress as error:
        page.fault("url", page.text(str(error)))
        return _show(page, url=url)
    return _show(page, webhook_secret=secret, webhook_url=url)


def remove_webhook(page: Page, webhook_id: int) -> Response:
    with page.writing() as db:
        url = webhook_table.remove(db, page.of.id, webhook_id, page.now)
        if url is not None:
            page.note(db, "webhook.removed", url)
    if url is None:
        return page.go(_path(page), page.text("This webhook was removed already."))
    return page.go(_path(page), page.text("%(url)s is told nothing any more.", url=url))


def redeliver(page: Page, delivery_id: int) -> Response:
    if delivery_id > LARGEST_ID:
        raise NotFound
    with page.writing() as db:
        if not _again(page, db, delivery_id):
            raise NotFound
    return page.go(f"{_path(page)}#deliveries", page.text("It is delivered again within seconds."))


def _again(page: Page, db: Connection, delivery_id: int) -> bool:
    done = webhook_table.again(db, page.of.id, delivery_id, page.now)
    if done:
        page.note(db, "delivery.again", str(delivery_id))
    return done


def _path(page: Page) -> str:
    return f"{page.base}/api"


_API = "/companies/<int:company_id>/api"
ROUTES = (
    Route("GET", _API, shown, Access.ADMIN),
    Route("POST", f"{_API}/tokens", make_token, Access.ADMIN),
    Route("POST", f"{_API}/tokens/<int:token_id>/revoke", revoke_token, Access.ADMIN),
    Route("POST", f"{_API}/webhooks", make_webhook, Access.ADMIN),
    Route("POST", f"{_API}/webhooks/<int:webhook_id>/remove", remove_webhook, Access.ADMIN),
    Route("POST", f"{_API}/deliveries/<int:delivery_id>/again", redeliver, Access.ADMIN),
)

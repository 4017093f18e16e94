"""When the Web Connector is expected to call again, in words."""

import datetime as dt

from babel import dates
from sqlalchemy.engine import Connection

from ..db import companies
from ..db.companies import Company
from ..db.engine import AnyRow
from ..doctor import silence
from . import standing
from .page import Page


def expected(company: Company, connection: AnyRow, now: dt.datetime) -> dt.datetime | None:
    """-> when it should call next; None when it never called, or fell silent."""
    at = standing.next_call(company, connection)
    if at is None or silence(company, connection, 0, now) is not None:
        return None
    return max(now, at)


def said(page: Page, db: Connection) -> str:
    """-> when the next poll of the page's company is, as the end of a sentence in the viewer's language."""
    at = expected(page.of, companies.connection_of(db, page.of.id), page.now)
    if at is None:
        return page.text("as soon as the Web Connector calls again")
    if at - page.now < dt.timedelta(seconds=45):
        return page.text("at the next poll, any moment now")
    within = dates.format_timedelta(at - page.now, locale=page.locale)
    return page.text("at the next poll, in about %(time)s", time=within)

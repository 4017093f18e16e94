"""The audit trail, for admins: who did what, and when."""

from urllib.parse import urlencode

from werkzeug.wrappers import Response

from ...db import audit as table
from ...db import companies
from ..acts import ACTS
from ..page import Access, Page, Route

PAGE = 50


def trail(page: Page) -> Response:
    company_id, before = _number(page, "company", 9), _number(page, "before", 18)
    with page.reading() as db:
        known = companies.all_of_them(db)
        rows = table.listed(db, company_id=company_id, before=before, limit=PAGE + 1)
    older = None
    if len(rows) > PAGE:
        rows = rows[:PAGE]
        facts = {"company": company_id, "before": rows[-1].id}
        older = "/audit?" + urlencode({name: fact for name, fact in facts.items() if fact is not None})
    return page.show(
        "audit/trail.html",
        rows=rows,
        companies=known,
        names={company.id: company.name for company in known},
        chosen=company_id,
        older=older,
        before=before,
        acts=ACTS,
    )


def _number(page: Page, name: str, digits: int) -> int | None:
    """-> a number of the address; None without one that could be an id."""
    text = page.query.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= digits else None


ROUTES = (Route("GET", "/audit", trail, Access.ADMIN),)

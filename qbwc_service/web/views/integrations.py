"""The Integrations page: what is connected and how it stands, Install, and the .qwc file (product.md M1, M2)."""

import re
import unicodedata
from urllib.parse import quote

from sqlalchemy.engine import Connection as Db
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response

from ... import people
from ...companies import account, qwc
from ...db import companies, job_views, notices
from ...db import people as people_table
from ...db.companies import Company
from ...posting import exchange
from ..banners import Banner, told
from ..page import Access, Page, Route
from ..standing import connection, problem_words

CARDS = 24  # a page
LOOKED_THROUGH = 500  # companies at once, for those whom few of them may be visible for
MINUTES = (1, 1440)
DEFAULT_MINUTES = "5"
LONGEST_PATH = 260  # characters; what Windows takes


def index(page: Page) -> Response:
    typed = {"name": page.query.get("name", ""), "company_file": "", "minutes": DEFAULT_MINUTES}
    with page.reading() as db:
        return _show(page, db, typed, open_form="name" in page.query)


def _show(page: Page, db: Db, typed: dict[str, str], *, open_form: bool) -> Response:
    search = page.query.get("q", "").strip()
    shown, following = _visible(page, db, search, page.query.get("after") or None)
    ids = [company.id for company in shown]
    rows, counts = companies.connections_of(db, ids), job_views.open_counts(db, ids)
    return page.show(
        "integrations/index.html",
        cards=[connection(company, rows[company.id], counts[company.id], page.now) for company in shown],
        following=following,
        search=search,
        banners=_banners(page, db, ids),
        removed=companies.removed(db) if page.is_admin else [],
        admins=[] if page.is_admin else people_table.admins(db),
        typed=typed,
        open_form=open_form,
        problem_words=lambda card: problem_words(page, card.problem, card.company),
    )


def _banners(page: Page, db: Db, company_ids: list[int]) -> dict[int, list[Banner]]:
    found: dict[int, list[Banner]] = {}
    for banner in told(notices.open_of_companies(db, company_ids), page.language):
        found.setdefault(banner.company_id, []).append(banner)
    return found


def _visible(page: Page, db: Db, search: str, after: str | None) -> tuple[list[Company], str | None]:
    """-> a page of the companies that the person may see, and what the next page begins after, if there is one."""
    found: list[Company] = []
    last = after
    batch = CARDS + 1 if page.is_admin else LOOKED_THROUGH
    while True:
        rows = companies.page_of(db, search=search, after=after, limit=batch)
        seen = {company.id for company in people.visible(db, page.person.user, [company for _, company in rows])}
        for key, company in rows:
            if company.id not in seen:
                continue
            if len(found) == CARDS:
                return found, last
            found.append(company)
            last = key
        if len(rows) < batch:
            return found, None
        after = rows[-1][0]


def install(page: Page) -> Response:
    """A company more; a removed one comes back under its name. Then the checklist leads on."""
    typed = {name: page.form.get(name, "").strip() for name in ("name", "company_file", "minutes")}
    minutes = _check(page, typed)
    if not page.faults:
        try:
            with page.writing() as db:
                added, _ = account.add(db, page.keys, typed["name"], typed["company_file"] or None, minutes, page.now)
                exchange.read_lists_of_new(db, added.id, page.now)
                page.company = added
                page.note(db, "company.installed", added.name)
        except (account.NameTaken, IntegrityError):  # the latter: somebody added it at the same moment
            page.fault("name", page.text("A company of this name is installed already."))
        except account.WrongName:
            most = account.LONGEST_NAME
            page.fault("name", page.text("Write a name of 1 to %(most)s characters, on one line.", most=most))
    if page.faults:
        with page.reading() as db:
            return _show(page, db, typed, open_form=True)
    return page.go(f"{page.base}/setup", page.text("Installed. These steps connect it to QuickBooks."))


def _check(page: Page, typed: dict[str, str]) -> int:
    least, most = MINUTES
    if page.form.get("product", "desktop") != "desktop":
        page.fault("product", page.text("QuickBooks Online is not yet available; choose QuickBooks Desktop."))
    if not typed["name"]:
        page.fault("name", page.text("Write a name for the company."))
    if len(typed["company_file"]) > LONGEST_PATH or not typed["company_file"].isprintable():
        page.fault("company_file", page.text("Write the path of the company file on one line, or nothing."))
    if not typed["minutes"].isdecimal() or not least <= int(typed["minutes"][:6]) <= most:
        page.fault(
            "minutes", page.text("Write a number of minutes from %(least)s to %(most)s.", least=least, most=most)
        )
        return 0
    return int(typed["minutes"])


def root(page: Page) -> Response:
    """A company's own address: its orders."""
    return page.go(f"{page.base}/orders")


def download(page: Page) -> Response:
    """The .qwc file: the same each time, and without any secret (security.md T4)."""
    try:
        text = qwc.write(page.of, page.settings.public_url)
    except qwc.QwcFault as fault:
        return page.show("integrations/no_file.html", 409, fault=fault, rule=page.text(fault.rule))
    with page.writing() as db:
        page.note(db, "qwc.downloaded", page.of.name)
    return Response(
        text,
        content_type="application/xml; charset=utf-8",
        headers={"Content-Disposition": _attachment(page.of.name)},
    )


def _attachment(name: str) -> str:
    """-> a header that names the file in plain letters, and beside them whole."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    safe = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")[:60] or "company"
    whole = re.sub(r'[\\/:*?"<>|]', "-", name)[:100]
    return f"attachment; filename=\"{safe}.qwc\"; filename*=UTF-8''{quote(whole, safe='')}.qwc"


ROUTES = (
    Route("GET", "/companies", index),
    Route("POST", "/companies", install, Access.ADMIN),
    Route("GET", "/companies/<int:company_id>", root),
    Route("GET", "/companies/<int:company_id>/qwc", download, Access.ADMIN),
)

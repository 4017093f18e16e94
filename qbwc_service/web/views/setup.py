"""The checklist that ticks itself, from the installation to the first posted order (screens.md S2)."""

from dataclasses import astuple, dataclass

from sqlalchemy.engine import Connection as Db
from werkzeug.wrappers import Response

from ...db import audit, companies, job_views, lists
from ...db.lists import List
from ...i18n import N_
from ..page import Access, Page, Route
from ..standing import HELP_AFTER, Connection, connection, problem_words
from .connector_password import Shown, shown_password

LISTS = {
    List.ACCOUNT: N_("accounts"),
    List.PAYMENT_METHOD: N_("payment methods"),
    List.TERMS: N_("terms"),
    List.TAX_CODE: N_("tax codes"),
    List.SALES_TAX_ITEM: N_("sales tax items"),
    List.CUSTOMER: N_("customers"),
    List.VENDOR: N_("vendors"),
    List.ITEM: N_("items"),
}


@dataclass(frozen=True)
class Progress:
    """How far the connection has come. `lists`: of each list how many records were read, and whether it is whole."""

    connection: Connection
    is_downloaded: bool
    lists: tuple[tuple[List, int, bool], ...]
    first_order: str | None
    needs_help: bool  # nobody called for long

    @property
    def was_called(self) -> bool:
        """By a Web Connector, with whatever password."""
        return self.is_accepted or self.connection.wrong_password_at is not None

    @property
    def is_accepted(self) -> bool:
        """The password was the right one."""
        return self.connection.called_at is not None

    @property
    def is_connected(self) -> bool:
        """QuickBooks itself has answered, from the right company file."""
        told = self.connection.product or self.connection.qbxml_version
        return self.is_accepted and told is not None and self.connection.problem is None

    @property
    def is_read(self) -> bool:
        return self.is_accepted and all(whole for _, _, whole in self.lists)

    @property
    def is_complete(self) -> bool:
        return self.is_read and self.first_order is not None


def setup(page: Page) -> Response:
    password = shown_password(page)
    if isinstance(password, Response):
        return password
    with page.reading() as db:
        progress = _progress(page, db)
    return _show(page, "integrations/setup.html", progress, password)


def steps(page: Page) -> Response:
    """The part that htmx asks for; 204 where nothing changed, so that nothing is read out or swapped for nothing."""
    with page.reading() as db:
        progress = _progress(page, db)
    if page.query.get("seen") == _version(page, progress):
        return Response("", 204)
    return _show(page, "integrations/steps_changed.html", progress, Shown(None))


def _progress(page: Page, db: Db) -> Progress:
    company = page.of
    row = companies.connection_of(db, company.id)
    known = connection(company, row, job_views.open_counts(db, [company.id])[company.id], page.now)
    reads, numbers = lists.read_of(db, company.id), lists.counts(db, company.id)
    made_at = companies.password_made_at(db, company.id) or company.created_at
    called, tried = known.called_at is not None, known.wrong_password_at is not None
    return Progress(
        connection=known,
        # Whoever has called holds the file, also where `qbwc qwc` wrote it.
        is_downloaded=called or tried or audit.last_of(db, company.id, ["qwc.downloaded"]) is not None,
        lists=tuple((which, numbers.get(which, 0), reads[which].read_at is not None) for which in LISTS),
        first_order=job_views.first_posted(db, company.id) if called else None,
        needs_help=not called and not tried and page.now - made_at > HELP_AFTER,
    )


def _version(page: Page, progress: Progress) -> str:
    return page.keys.mac("steps", repr(astuple(progress)))[:16]


def _show(page: Page, template: str, progress: Progress, password: Shown) -> Response:
    problem = progress.connection.problem
    return page.show(
        template,
        progress=progress,
        seen=_version(page, progress),
        password=password,
        lists=[(page.text(LISTS[which]), number) for which, number, _ in progress.lists if number],
        problem=None if problem is None else problem_words(page, problem, page.of),
        test_url=f"{page.settings.public_url}/qbwc",
    )


ROUTES = (
    Route("GET", "/companies/<int:company_id>/setup", setup, Access.ADMIN),
    Route("GET", "/companies/<int:company_id>/setup/steps", steps, Access.ADMIN),
)

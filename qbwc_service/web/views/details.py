"""The tab Details: the summary, whom the integration is for, what they may send, and Uninstall (product.md M15)."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.engine import Connection as Db
from werkzeug.wrappers import Response

from ...companies import preferences
from ...db import companies, job_views
from ...db import people as people_table
from ...db.companies import Company
from ...posting import removal
from .. import settings_form
from ..page import Access, Page, Route
from ..settings_form import Clash
from ..standing import connection, problem_words
from .connector_password import Shown, shown_password

NAMES = (
    "visible",
    "allow_invoices",
    "allow_bills",
    "allow_purchase_orders",
    "billable",
    "item_name",
    "send_bills",
    "send_purchase_orders",
    "link_bills",
    "hold_minutes",
    "batch",
    "macros",
)
VIEWERS = "viewers"  # beside the settings: the teams and people chosen


@dataclass(frozen=True)
class Viewers:
    """Whom a company is visible for where its settings say so, by id."""

    teams: tuple[int, ...]
    users: tuple[int, ...]

    @property
    def text(self) -> str:
        return ",".join([*(f"team {id_}" for id_ in self.teams), *(f"user {id_}" for id_ in self.users)])


def show(page: Page) -> Response:
    password = shown_password(page)
    if isinstance(password, Response):
        return password
    with page.reading() as db:
        texts = _saved(db, page.of)
        return _show(page, db, texts, _viewers_of(db, page.of), settings_form.version(texts), password)


def _saved(db: Db, company: Company) -> dict[str, str]:
    """-> what the form would show now."""
    texts = settings_form.as_texts(preferences.load(company.settings), NAMES)
    return {**texts, VIEWERS: _viewers_of(db, company).text}


def _viewers_of(db: Db, company: Company) -> Viewers:
    teams, users = people_table.viewers_of(db, company.id)
    return Viewers(tuple(sorted(teams)), tuple(sorted(users)))


def save(page: Page) -> Response:
    texts = settings_form.typed(page.form, NAMES)
    with page.writing() as db:
        company = settings_form.held(db, page.of.id)
        viewers = _viewers_typed(page, db)
        saved, typed = _saved(db, company), {**texts, VIEWERS: viewers.text}
        wanted = settings_form.changed(page, preferences.load(company.settings), texts)
        version = settings_form.version(saved)
        if page.faults:
            return _show(page, db, typed, viewers, page.form.get("version", ""))
        if page.form.get("version") != version and typed != saved:
            clash = settings_form.clash(page, db, _in_words(db, saved), _in_words(db, typed))
            return _show(page, db, typed, viewers, version, clash=clash, code=409)
        settings_form.save(page, db, company, wanted, "company.saved")
        people_table.set_viewers(db, company.id, viewers.teams, viewers.users)
    return page.go(f"{page.base}/details", page.text("Saved."))


def _viewers_typed(page: Page, db: Db) -> Viewers:
    """Those that were ticked, of those that there are."""
    teams = {row.id for row in people_table.all_teams(db)}
    users = {user.id for user in people_table.all_of_them(db)}
    return Viewers(
        tuple(sorted(teams.intersection(page.form.getlist("team", type=int)))),
        tuple(sorted(users.intersection(page.form.getlist("user", type=int)))),
    )


def _in_words(db: Db, texts: Mapping[str, str]) -> dict[str, str]:
    """-> the same, with the viewers by name."""
    names = {f"team {row.id}": row.name for row in people_table.all_teams(db)}
    names |= {f"user {user.id}": user.name for user in people_table.all_of_them(db)}
    chosen = [names.get(one, one) for one in texts[VIEWERS].split(",") if one]
    return {**texts, VIEWERS: ", ".join(chosen)}


def uninstall(page: Page) -> Response:
    """Only with the company's name typed: what waits is cancelled, and the connector is refused from now on."""
    if page.form.get("uninstall_name", "").strip() != page.of.name:
        page.fault("uninstall_name", page.text("Type the name of the company exactly as it is written here."))
        with page.reading() as db:
            texts = _saved(db, page.of)
            return _show(page, db, texts, _viewers_of(db, page.of), settings_form.version(texts))
    with page.writing() as db:
        cancelled = removal.remove(db, settings_form.held(db, page.of.id), page.now)
        page.note(db, "company.uninstalled", page.of.name, f"cancelled: {cancelled}")
    said = page.plural(
        "%(name)s is uninstalled; one waiting document was cancelled.",
        "%(name)s is uninstalled; %(number)s waiting documents were cancelled.",
        cancelled,
        name=page.of.name,
    )
    return page.go("/companies", said)


def _show(
    page: Page,
    db: Db,
    texts: Mapping[str, str],
    viewers: Viewers,
    version: str,
    password: Shown = Shown(None),  # noqa: B008  a frozen value
    *,
    clash: Clash | None = None,
    code: int = 200,
) -> Response:
    company = page.of
    counts = job_views.open_counts(db, [company.id])[company.id]
    it = connection(company, companies.connection_of(db, company.id), counts, page.now)
    return page.show(
        "details/details.html",
        code,
        it=it,
        problem=None if it.problem is None else problem_words(page, it.problem, company),
        password=password,
        old_password_ends_at=companies.old_password_ends_at(db, company.id, page.now),
        texts=texts,
        viewers=viewers,
        teams=people_table.all_teams(db),
        users=[user for user in people_table.all_of_them(db) if not user.is_admin and user.disabled_at is None],
        version=version,
        clash=clash,
        label=lambda name: page.text(settings_form.LABELS[name]),
        choices=settings_form.CHOICES,
        stops=len(job_views.cancellable(db, company.id)),
    )


ROUTES = (
    Route("GET", "/companies/<int:company_id>/details", show, Access.ADMIN),
    Route("POST", "/companies/<int:company_id>/details", save, Access.ADMIN),
    Route("POST", "/companies/<int:company_id>/uninstall", uninstall, Access.ADMIN),
)

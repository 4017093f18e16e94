"""Teams, for admins: a name for some people, so that a company is shown to all of them at once."""

from sqlalchemy.exc import IntegrityError
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ...db import companies
from ...db import people as table
from ...db.engine import AnyRow
from ..page import Access, Page, Route
from .people import show_all

LONGEST_NAME = 100


def make(page: Page) -> Response:
    name = _name(page)
    if not page.faults:
        try:
            with page.writing() as db:
                team_id = table.put_team(db, name)
                page.note(db, "team.made", name)
        except IntegrityError:
            _taken(page)
    if page.faults:
        return show_all(page)
    return page.go(f"/people/teams/{team_id}", page.text("The team is made. Now tick who is in it."))


def team(page: Page, team_id: int) -> Response:
    return _show(page, _team(page, team_id))


def save(page: Page, team_id: int) -> Response:
    row, name = _team(page, team_id), _name(page)
    if not page.faults:
        try:
            with page.writing() as db:
                known = {user.id for user in table.all_of_them(db)}
                before = set(table.members_of_teams(db).get(team_id, []))
                chosen = _ticked(page) & known
                table.rename_team(db, team_id, name)
                table.set_members(db, team_id, chosen)
                page.note(db, "team.changed", name, f"+{len(chosen - before)} -{len(before - chosen)}")
        except IntegrityError:
            _taken(page)
    if page.faults:
        return _show(page, row)
    return page.go("/people", page.text("Saved."))


def remove(page: Page, team_id: int) -> Response:
    row = _team(page, team_id)
    with page.writing() as db:
        table.drop_team(db, team_id)
        page.note(db, "team.removed", row.name)
    return page.go("/people", page.text("The team %(name)s is removed.", name=row.name))


def _show(page: Page, row: AnyRow) -> Response:
    with page.reading() as db:
        users = table.all_of_them(db)
        chosen = table.chosen_for_team(db, row.id)
        sees = [company for company in companies.all_of_them(db) if company.id in chosen]
        members = set(table.members_of_teams(db).get(row.id, []))
    if page.faults:
        members = _ticked(page)
    return page.show(
        "people/team.html",
        team=row,
        name=page.form.get("name", row.name),
        users=users,
        members=members,
        sees=sees,
    )


def _team(page: Page, team_id: int) -> AnyRow:
    with page.reading() as db:
        row = table.team(db, team_id) if team_id < 2**31 else None
    if row is None:
        raise NotFound
    return row


def _ticked(page: Page) -> set[int]:
    return {int(value) for value in page.form.getlist("member") if value.isdecimal() and len(value) < 10}


def _name(page: Page) -> str:
    name = " ".join(page.form.get("name", "").split())
    if not name or not name.isprintable() or len(name) > LONGEST_NAME:
        page.fault("name", page.text("Write a name, at most 100 characters."))
    return name


def _taken(page: Page) -> None:
    page.fault("name", page.text("There is a team of this name already."))


ROUTES = (
    Route("POST", "/people/teams", make, Access.ADMIN),
    Route("GET", "/people/teams/<int:team_id>", team, Access.ADMIN),
    Route("POST", "/people/teams/<int:team_id>", save, Access.ADMIN),
    Route("POST", "/people/teams/<int:team_id>/remove", remove, Access.ADMIN),
)

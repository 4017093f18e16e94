"""People, for admins: who may sign in, invitations and links, who is an admin, and disabling somebody."""

import datetime as dt
from collections.abc import Callable
from enum import StrEnum

from sqlalchemy.engine import Connection
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ... import sign_in, users
from ...db import people as people_table
from ...db import web_sessions
from ...db.people import User
from ...db.web_sessions import Purpose
from ...i18n import N_
from ...mail import Mailer, NotSent, WrongMail
from .. import browsers, letters
from ..page import Access, Page, Route, checked
from .prove import require_fresh


class Standing(StrEnum):
    """Whether a user can sign in. The value is a state's class in app.css."""

    ACTIVE = "posted"
    INVITED = "waiting"
    DISABLED = "cancelled"


STANDINGS = {
    Standing.ACTIVE: N_("Active"),
    Standing.INVITED: N_("Invited"),
    Standing.DISABLED: N_("Disabled"),
}


def standing_of(disabled_at: dt.datetime | None, has_password: bool) -> Standing:
    if disabled_at is not None:
        return Standing.DISABLED
    return Standing.ACTIVE if has_password else Standing.INVITED


def people(page: Page) -> Response:
    return show_all(page)


def show_all(page: Page) -> Response:
    with page.reading() as db:
        rows = people_table.overview(db)
        teams = people_table.all_teams(db)
        members = people_table.members_of_teams(db)
    of_user: dict[int, list[str]] = {}
    for team in teams:
        for user_id in members.get(team.id, []):
            of_user.setdefault(user_id, []).append(team.name)
    return page.show(
        "people/people.html",
        people=[(row, standing_of(row.disabled_at, row.has_password)) for row in rows],
        words=STANDINGS,
        teams=teams,
        members=members,
        of_user=of_user,
        name=page.form.get("name", ""),
    )


def invite_form(page: Page) -> Response:
    return require_fresh(page) or _show_invitation(page)


def invite(page: Page) -> Response:
    if (proof := require_fresh(page)) is not None:
        return proof
    email, name = page.form.get("email", ""), page.form.get("name", "")
    is_admin = checked(page.form, "admin")
    try:
        with page.writing() as db:
            user, token = users.invite(db, page.keys, email, name, is_admin, page.now)
            page.note(db, "user.invited", user.email, "admin" if is_admin else None)
    except users.WrongUser as error:
        for field, text in error.faults.items():
            page.fault(field, page.text(text))
    except users.EmailTaken:
        page.fault("email", page.text("Somebody has this e-mail address already."))
    if page.faults:
        return _show_invitation(page)
    link = _address(page, token)
    return _hand_over(page, user, Purpose.INVITATION, link, letters.invitation(page.language, user, link, _me(page)))


def _show_invitation(page: Page) -> Response:
    return page.show(
        "people/invite.html",
        email=page.form.get("email", page.query.get("email", "")),
        name=page.form.get("name", ""),
        admin=checked(page.form, "admin"),
        can_mail=Mailer(page.settings).is_on,
    )


def person(page: Page, user_id: int) -> Response:
    user = _user(page, user_id)
    with page.reading() as db:
        has_password = people_table.password_of(db, user.id) is not None
        sessions = sign_in.sessions_of(db, user.id, page.now)
        link = web_sessions.last_link(db, user.id, page.now)
        teams = people_table.teams_of(db, user.id)
    return page.show(
        "people/person.html",
        user=user,
        standing=standing_of(user.disabled_at, has_password),
        words=STANDINGS,
        sessions=sessions,
        link=link,
        teams=teams,
        in_words=browsers.in_words,
    )


def new_link(page: Page, user_id: int) -> Response:
    if (proof := require_fresh(page)) is not None:
        return proof
    user = _user(page, user_id)
    try:
        with page.writing() as db:
            purpose, token = users.new_link(db, page.keys, user, page.now)
            page.note(db, "user.link", user.email)
    except users.Disabled:
        return page.go(_path(user), page.text("%(name)s is disabled. Enable them first.", name=user.name))
    link, language = _address(page, token), user.language or page.language
    if purpose is Purpose.INVITATION:
        letter = letters.invitation(language, user, link, _me(page))
    else:
        letter = letters.reset(language, user, link)
    return _hand_over(page, user, purpose, link, letter)


def _hand_over(page: Page, user: User, purpose: Purpose, link: str, letter: letters.Letter) -> Response:
    """The link is shown once, and mailed where that can be done."""
    mailer, refusal = Mailer(page.settings), None
    if mailer.is_on:
        try:
            mailer.send(user.email, *letter)
        except (NotSent, WrongMail) as error:
            refusal = str(error)
    return page.show(
        "people/link.html",
        user=user,
        link=link,
        ends_at=page.now + sign_in.LINK_HOLDS[purpose],
        mailed=mailer.is_on and refusal is None,
        refusal=refusal,
    )


def set_admin(page: Page, user_id: int) -> Response:
    if (proof := require_fresh(page)) is not None:
        return proof
    user, is_admin = _user(page, user_id), page.form.get("admin") == "yes"

    def act(db: Connection) -> None:
        users.set_admin(db, user.id, is_admin, _me(page))
        page.note(db, "user.changed", user.email, "admin" if is_admin else "no admin")

    said = (
        page.text("%(name)s is an admin now.", name=user.name)
        if is_admin
        else page.text("%(name)s is no admin any more.", name=user.name)
    )
    return _act(page, user, act, said)


def disable(page: Page, user_id: int) -> Response:
    user = _user(page, user_id)

    def act(db: Connection) -> None:
        users.disable(db, user.id, _me(page), page.now)
        page.note(db, "user.disabled", user.email)

    return _act(page, user, act, page.text("%(name)s is signed out, and cannot sign in any more.", name=user.name))


def enable(page: Page, user_id: int) -> Response:
    user = _user(page, user_id)

    def act(db: Connection) -> None:
        users.enable(db, user.id, _me(page))
        page.note(db, "user.enabled", user.email)

    return _act(page, user, act, page.text("%(name)s can sign in again.", name=user.name))


def sign_out(page: Page, user_id: int) -> Response:
    user = _user(page, user_id)

    def act(db: Connection) -> None:
        web_sessions.end_of_user(db, user.id)
        page.note(db, "user.signed-out", user.email)

    return _act(page, user, act, page.text("%(name)s is signed out everywhere.", name=user.name))


def withdraw(page: Page, user_id: int) -> Response:
    user = _user(page, user_id)
    with page.writing() as db:
        gone = people_table.drop(db, user.id)
        if gone:
            page.note(db, "user.withdrawn", user.email)
    if not gone:
        return page.go(_path(user), page.text("%(name)s took up the invitation meanwhile.", name=user.name))
    return page.go("/people", page.text("The invitation of %(name)s is withdrawn.", name=user.name))


def _act(page: Page, user: User, act: Callable[[Connection], None], said: str) -> Response:
    try:
        with page.writing() as db:
            act(db)
    except users.LastAdmin:
        said = page.text(
            "%(name)s is the only admin who can sign in. Make somebody else an admin first.", name=user.name
        )
        page.fault("admin", said)
        return person(page, user.id)
    except users.NoSuchUser:
        raise NotFound from None
    except users.NoLongerAdmin:
        return page.go("/people")  # which says whom to ask
    return page.go("/me" if user.id == _me(page).id else _path(user), said)


def _user(page: Page, user_id: int) -> User:
    """-> the user of an address; another id is a page that is not there."""
    with page.reading() as db:
        user = people_table.by_id(db, user_id) if user_id < 2**31 else None
    if user is None:
        raise NotFound
    return user


def _me(page: Page) -> User:
    return page.person.user


def _address(page: Page, token: str) -> str:
    return f"{page.settings.public_url}/welcome/{token}"


def _path(user: User) -> str:
    return f"/people/{user.id}"


ROUTES = (
    Route("GET", "/people", people, Access.ADMIN),
    Route("GET", "/people/invite", invite_form, Access.ADMIN),
    Route("POST", "/people/invite", invite, Access.ADMIN),
    Route("GET", "/people/<int:user_id>", person, Access.ADMIN),
    Route("POST", "/people/<int:user_id>/link", new_link, Access.ADMIN),
    Route("POST", "/people/<int:user_id>/admin", set_admin, Access.ADMIN),
    Route("POST", "/people/<int:user_id>/disable", disable, Access.ADMIN),
    Route("POST", "/people/<int:user_id>/enable", enable, Access.ADMIN),
    Route("POST", "/people/<int:user_id>/sign-out", sign_out, Access.ADMIN),
    Route("POST", "/people/<int:user_id>/withdraw", withdraw, Access.ADMIN),
)

"""One's own page: name and language, password, and where one is signed in."""

from werkzeug.wrappers import Response

from ... import i18n, sign_in, users
from ...db import people as people_table
from ...db import web_sessions
from .. import browsers, cookies, door
from ..page import Page, Route


def me(page: Page) -> Response:
    with page.reading() as db:
        sessions = sign_in.sessions_of(db, page.person.user.id, page.now)
        teams = people_table.teams_of(db, page.person.user.id)
    user = page.person.user
    return page.show(
        "me/me.html",
        sessions=sessions,
        teams=teams,
        name=page.form.get("name", user.name),
        language=page.form.get("language", user.language),
        in_words=browsers.in_words,
    )


def save(page: Page) -> Response:
    name, wanted = page.form.get("name", "").strip(), page.form.get("language", "")
    for field, text in users.faults_of_name(name).items():
        page.fault(field, page.text(text))
    if page.faults:
        return me(page)
    language = i18n.known(wanted) if wanted else ""
    with page.writing() as db:
        people_table.change(db, page.person.user.id, name=name, language=language)
        if name != page.person.user.name:
            page.note(db, "user.changed", page.person.user.email, name)
    page.language = language or page.language
    response = page.go("/me", page.text("Saved."))
    if language:
        cookies.choose_language(page.settings, response, language)
    return response


def change_password(page: Page) -> Response:
    password, code = page.form.get("password", ""), 422
    if password != page.form.get("again", ""):
        page.fault("again", page.text("The two passwords differ."))
    try:
        sign_in.require_good(password, page.person.user.email)
        if not page.faults:
            door.check_again(page, page.form.get("old_password", ""))
    except sign_in.WeakPassword as error:
        page.fault("password", page.text(error.text, **error.facts))
    except sign_in.WrongCredentials:
        page.fault("old_password", page.text("This is not your password."))
    except door.TooManyTries as error:
        page.fault("old_password", error.say(page))
        code = 429
    if page.faults:
        response = me(page)
        response.status_code = code
        return response
    with page.writing() as db:
        sign_in.change_password(db, page.person, password)
        web_sessions.note_proved(db, page.person.session_id, page.now)
        page.note(db, "password.chosen", page.person.user.email)
    return page.go("/me", page.text("Your password is changed. Everywhere else you are signed out."))


def end_session(page: Page, session_id: int) -> Response:
    with page.writing() as db:
        if web_sessions.end_one_of(db, page.person.user.id, session_id):
            page.note(db, "signed.out", page.person.user.email)
    return page.go("/me", page.text("That browser is signed out."))


def end_others(page: Page) -> Response:
    with page.writing() as db:
        web_sessions.end_of_user(db, page.person.user.id, but=page.person.session_id)
        page.note(db, "signed.out", page.person.user.email)
    return page.go("/me", page.text("Everywhere else you are signed out."))


ROUTES = (
    Route("GET", "/me", me),
    Route("POST", "/me", save),
    Route("POST", "/me/password", change_password),
    Route("POST", "/me/sessions/<int:session_id>/end", end_session),
    Route("POST", "/me/sessions/end-others", end_others),
)

"""People, teams, one's own page and the audit trail, as admins and others meet them."""

import datetime as dt
import re
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from qbwc_service.companies import preferences
from qbwc_service.companies.preferences import Visible
from qbwc_service.db import audit, companies, people
from qbwc_service.db.engine import reading
from tests.web.site import PASSWORD, Browser, Site, served


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("people"), lists=False) as running:
        yield running


def id_of(site: Site, email: str) -> int:
    with reading(site.engine) as db:
        user = people.by_email(db, email)
    assert user is not None
    return user.id


def act(site: Site, email: str, what: str, fields: dict[str, str] | None = None, browser: Browser | None = None):
    """An admin presses a button on somebody's page."""
    browser = browser or site.admin
    path = f"/people/{id_of(site, email)}"
    browser.get(path)
    return browser.post(f"{path}/{what}", fields or {})


def row_of(shown: str, email: str) -> str:
    (row,) = [row for row in re.findall(r"<tr>.*?</tr>", shown, re.S) if email in row]
    return row


def test_somebody_who_is_invited_chooses_a_password_and_is_in(site: Site) -> None:
    site.admin.get("/people/invite")
    made = site.admin.post("/people/invite", {"name": "Eva Neu", "email": "eva@example.com"})
    assert "A link for Eva Neu" in made.text
    assert "this service sends no mail" in made.text
    link = re.search(r"/welcome/\w+", made.text)
    assert link
    assert "Invited" in row_of(site.admin.get("/people").text, "eva@example.com")

    eva = site.browser()
    assert "Choose a password, Eva Neu." in eva.get(link[0]).text
    differs = eva.post(link[0], {"password": PASSWORD, "again": "something else"})
    assert "The two passwords differ." in differs.text
    eva.post(link[0], {"password": PASSWORD, "again": PASSWORD})
    assert eva.get("/me").status_code == 200
    assert "Active" in row_of(site.admin.get("/people").text, "eva@example.com")
    assert site.browser().get(link[0]).status_code == 410


def test_an_invitation_keeps_what_was_typed_and_says_all_that_is_wrong(site: Site) -> None:
    site.admin.get("/people/invite")
    wrong = site.admin.post("/people/invite", {"name": "", "email": "no-address", "admin": "on"})
    assert wrong.status_code == 422
    assert "2 things need to be mended:" in wrong.text
    assert 'value="no-address"' in wrong.text
    assert re.search(r'name="admin"[^>]* checked', wrong.text)
    taken = site.admin.post("/people/invite", {"name": "Carl", "email": "CARL@example.com"})
    assert "Somebody has this e-mail address already." in taken.text


def test_an_invitation_can_be_withdrawn_and_a_user_who_came_cannot(site: Site) -> None:
    link = site.qbwc.here.data("user", "add", "typo@example.com")["link"].removeprefix(site.url)
    gone = act(site, "typo@example.com", "withdraw")
    assert "The invitation of typo is withdrawn." in gone.text
    assert "typo@example.com" not in re.sub(r"(?s)<p class=.said.*?</p>", "", gone.text)
    assert site.browser().get(link).status_code == 410
    assert "took up the invitation" in act(site, "carl@example.com", "withdraw").text


def test_whoever_opens_an_invitation_in_another_persons_browser_is_warned_and_then_in_alone(site: Site) -> None:
    link = site.qbwc.here.data("user", "add", "ute@example.com")["link"].removeprefix(site.url)
    browser = site.browser("carl@example.com")
    assert "In this browser Carl Clerk is signed in." in browser.get(link).text
    arrived = browser.post(link, {"password": PASSWORD, "again": PASSWORD})
    assert "Welcome. You are signed in." in arrived.text
    assert "ute@example.com" in browser.get("/me").text


def test_disabling_signs_out_at_once_and_enabling_lets_in_again(site: Site) -> None:
    site.add_user("dan@example.com", "Dan")
    dan = site.browser("dan@example.com")
    assert "cannot sign in any more" in act(site, "dan@example.com", "disable").text
    assert dan.get("/me").status_code == 401
    assert "Disabled" in row_of(site.admin.get("/people").text, "dan@example.com")
    assert "can sign in again" in act(site, "dan@example.com", "enable").text
    dan.sign_in("dan@example.com")
    assert dan.get("/me").status_code == 200


def test_the_last_admin_can_be_neither_disabled_nor_demoted(site: Site) -> None:
    for what, fields in (("disable", {}), ("admin", {"admin": "no"})):
        refused = act(site, "ana@example.com", what, fields)
        assert refused.status_code == 422
        assert "Ana Admin is the only admin who can sign in." in refused.text
    assert site.admin.get("/people").status_code == 200


def test_an_admin_is_made_and_unmade_with_effect_at_once(site: Site) -> None:
    site.add_user("bea@example.com", "Bea")
    bea = site.browser("bea@example.com")
    assert bea.get("/people").status_code == 403
    assert "Bea is an admin now." in act(site, "bea@example.com", "admin", {"admin": "yes"}).text
    assert bea.get("/people").status_code == 200
    assert "Bea is no admin any more." in act(site, "bea@example.com", "admin", {"admin": "no"}).text
    refused = bea.get("/people")
    assert refused.status_code == 403
    assert "ana@example.com" in refused.text  # whom to ask


def test_an_admin_signs_somebody_out_everywhere(site: Site) -> None:
    carl = site.browser("carl@example.com")
    act(site, "carl@example.com", "sign-out")
    assert carl.get("/me").status_code == 401


def test_teams_are_made_filled_renamed_and_removed(site: Site) -> None:
    carl = id_of(site, "carl@example.com")
    site.admin.get("/people")
    made = site.admin.post("/people/teams", {"name": "North  sales"})
    assert "Team North sales" in made.text
    path = "/people/teams/" + made.url.rpartition("/")[2]
    saved = site.admin.post(path, [("name", "North"), ("member", str(carl)), ("member", "999999"), ("member", "x")])
    assert "1 member<" in saved.text
    assert "North" in row_of(saved.text, "carl@example.com")
    assert "There is a team of this name already." in site.admin.post("/people/teams", {"name": "NORTH"}).text
    assert "Write a name" in site.admin.post("/people/teams", {"name": " "}).text
    assert "The team North is removed." in site.admin.post(f"{path}/remove").text
    assert site.admin.get(path).status_code == 404


# One's own page


def test_a_changed_password_ends_the_other_sessions_and_keeps_this_one(site: Site) -> None:
    site.add_user("mia@example.com", "Mia")
    here, there = site.browser("mia@example.com"), site.browser("mia@example.com")
    here.get("/me")
    new = {"password": "quite another phrase", "again": "quite another phrase"}
    assert "This is not your password." in here.post("/me/password", {"old_password": "wrong", **new}).text
    weak = here.post("/me/password", {"old_password": PASSWORD, "password": "mia@example.com", "again": "x"})
    assert "too easy to guess" in weak.text
    assert "The two passwords differ." in weak.text
    assert there.get("/me").status_code == 200
    assert "Your password is changed." in here.post("/me/password", {"old_password": PASSWORD, **new}).text
    assert there.get("/me").status_code == 401
    assert "do not belong together" in there.sign_in("mia@example.com").text
    there.sign_in("mia@example.com", "quite another phrase")
    assert there.get("/me").status_code == 200


def test_a_session_elsewhere_is_ended_and_nobody_elses_can_be(site: Site) -> None:
    site.add_user("noa@example.com", "Noa")
    here, there = site.browser("noa@example.com"), site.browser("noa@example.com")
    (session,) = re.findall(r"/me/sessions/(\d+)/end", here.get("/me").text)
    site.clerk.get("/me")
    site.clerk.post(f"/me/sessions/{session}/end")
    assert there.get("/me").status_code == 200
    here.post(f"/me/sessions/{session}/end")
    assert there.get("/me").status_code == 401
    assert here.get("/me").status_code == 200


def test_all_other_sessions_are_ended_at_once(site: Site) -> None:
    site.add_user("oda@example.com", "Oda")
    here, *others = [site.browser("oda@example.com") for _ in range(3)]
    here.get("/me")
    here.post("/me/sessions/end-others")
    assert [browser.get("/me").status_code for browser in (here, *others)] == [200, 401, 401]


def test_the_language_that_one_chose_holds_in_every_browser(site: Site) -> None:
    site.add_user("pia@example.com", "Pia")
    browser = site.browser("pia@example.com")
    browser.get("/me")
    assert "Guardado." in browser.post("/me", {"name": "Pía", "language": "es"}).text
    assert "Su cuenta" in site.browser("pia@example.com").get("/me").text
    assert "Write a name" not in browser.post("/me", {"name": "", "language": "es"}).text


# Whom a company is shown to (product.md M15; security.md 48)


@pytest.mark.parametrize(
    ("visible", "teams", "users", "seen"),
    [
        (Visible.EVERYONE, [], [], True),
        (Visible.CHOSEN, [], [], False),
        (Visible.CHOSEN, ["his"], [], True),
        (Visible.CHOSEN, ["another"], [], False),
        (Visible.CHOSEN, [], ["carl@example.com"], True),
        (Visible.CHOSEN, [], ["ana@example.com"], False),
    ],
)
def test_a_company_is_shown_to_whom_it_is_for(
    site: Site, visible: Visible, teams: list[str], users: list[str], seen: bool
) -> None:
    with site.engine.begin() as db:
        db.execute(text("DELETE FROM teams"))
        ids = {name: people.put_team(db, name) for name in ("his", "another")}
        people.set_members(db, ids["his"], [id_of(site, "carl@example.com")])
        people.set_viewers(db, site.company_id, [ids[name] for name in teams], [id_of(site, email) for email in users])
        settings = preferences.change(preferences.Preferences(), {"visible": str(visible)})
        companies.save_settings(db, site.company_id, preferences.dump(settings))
    carl = site.browser("carl@example.com")
    for path in ("/orders", "/crm", "/activity"):
        assert (carl.get(site.base + path).status_code == 200) is seen
        assert site.admin.get(site.base + path).status_code == 200
    assert ("ABC Promotions" in carl.get("/companies").text) is seen


# The audit trail


def test_the_trail_says_in_plain_words_who_did_what_to_whom(site: Site) -> None:
    site.qbwc.here.ok("user", "add", "quin@example.com")
    act(site, "quin@example.com", "withdraw")
    shown = site.admin.get("/audit").text
    rows = [re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", row)) for row in re.findall(r"<tr>.*?</tr>", shown, re.S)]
    assert "ana@example.com Withdrew an invitation quin@example.com" in rows[1]
    assert "A command of the operator Invited somebody quin@example.com" in rows[2]


def test_the_trail_is_paged_and_can_be_of_one_company(site: Site) -> None:
    now = dt.datetime.now(dt.UTC)
    with site.engine.begin() as db:
        for number in range(120):
            audit.put(db, now=now, who="x", act="order.sent", about=f"N{number}", company_id=site.company_id)
        audit.put(db, now=now, who="x", act="something.new", about="of no company")
    path, found = f"/audit?company={site.company_id}", []
    while path:
        shown = site.admin.get(path).text
        assert "something.new" not in shown
        found += re.findall(r">(N\d+)<", shown)
        older = re.search(r'href="([^"]*)" rel="next"', shown)
        path = older[1].replace("&amp;", "&") if older else ""
    assert found == [f"N{number}" for number in reversed(range(120))]
    assert "something.new" in site.admin.get("/audit").text  # an act without words is shown as it is
    for odd in ("?before=x", "?company=99999999999999", "?before=-1", "?company=²"):
        assert site.admin.get("/audit" + odd).status_code == 200

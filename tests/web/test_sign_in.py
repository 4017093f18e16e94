"""The way in and out: sessions, cookies, forms, guessing, and forgotten passwords (security.md 36 to 39, T3, T9)."""

import datetime as dt
import pathlib
import re
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from aiosmtpd.controller import Controller
from requests.adapters import HTTPAdapter
from sqlalchemy import text
from werkzeug.test import Client

from qbwc_service.app import App
from qbwc_service.db import people, schema
from qbwc_service.db.engine import open_engine
from qbwc_service.secrets import Keys
from qbwc_service.settings import read
from qbwc_service.sign_in import hash_password
from tests.service import Qbwc
from tests.web.site import PASSWORD, Browser, Site, served


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("sign-in"), lists=False) as running:
        yield running


class From(HTTPAdapter):
    """Requests that come from another address of this machine."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, source_address=(self.address, 0), **options)


def browser_at(site: Site, address: str) -> Browser:
    browser = Browser(site.url.replace("localhost", "127.0.0.1"))
    browser.session.mount("http://", From(address))
    return browser


def make_old(site: Site, browser: Browser, column: str, age: dt.timedelta) -> None:
    """The browser's session is as if this had been so long ago."""
    mac = site.keys.mac("web session", browser.session.cookies["qbwc"])
    at = dt.datetime.now(dt.UTC) - age
    with site.engine.begin() as db:
        db.execute(
            text(f"UPDATE web_sessions SET {column} = :at WHERE token_mac = :mac"),
            {"at": at.replace(tzinfo=None).isoformat(" "), "mac": mac},
        )


def is_signed_in(browser: Browser) -> bool:
    return browser.get("/me").status_code == 200


# Sessions


def test_a_cookie_that_was_there_before_does_not_become_the_session(site: Site) -> None:
    browser = site.browser()
    browser.session.cookies.set("qbwc", "put-there-by-somebody", domain="localhost.local", path="/")
    browser.sign_in("carl@example.com")
    tokens = [cookie.value for cookie in browser.session.cookies if cookie.name == "qbwc"]
    assert any(token != "put-there-by-somebody" for token in tokens)
    stranger = site.browser()
    stranger.session.cookies.set("qbwc", "put-there-by-somebody")
    assert not is_signed_in(stranger)


def test_signing_in_again_ends_the_session_that_this_browser_had(site: Site) -> None:
    browser = site.browser("carl@example.com")
    before = browser.session.cookies["qbwc"]
    browser.get("/me")
    browser.sign_in("carl@example.com")
    assert browser.session.cookies["qbwc"] != before
    old = site.browser()
    old.session.cookies.set("qbwc", before)
    assert not is_signed_in(old)


def test_after_signing_out_the_session_opens_nothing_also_for_who_kept_its_cookie(site: Site) -> None:
    browser = site.browser("carl@example.com")
    token = browser.session.cookies["qbwc"]
    browser.get("/me")
    left = browser.post("/sign-out")
    assert "You are signed out." in left.text
    assert "qbwc" not in browser.session.cookies
    thief = site.browser()
    thief.session.cookies.set("qbwc", token)
    assert not is_signed_in(thief)


def test_the_back_button_shows_nothing_after_signing_out(site: Site) -> None:
    shown = site.clerk.get("/me")
    assert shown.headers["Cache-Control"] == "no-store"  # so the browser has to ask again, and is told to sign in


def test_somebody_who_is_disabled_is_out_at_once_and_stays_out(site: Site) -> None:
    site.add_user("dora@example.com", "Dora")
    browser = site.browser("dora@example.com")
    assert is_signed_in(browser)
    site.qbwc.here.ok("user", "disable", "dora@example.com")
    assert browser.get("/me").status_code == 401
    refused = browser.sign_in("dora@example.com")
    assert "do not belong together" in refused.text
    site.qbwc.here.ok("user", "enable", "dora@example.com")
    assert browser.get("/me").status_code == 401  # the old session does not come back
    assert browser.sign_in("dora@example.com").status_code == 200 or is_signed_in(browser)


@pytest.mark.parametrize(("column", "age"), [("seen_at", dt.timedelta(hours=13)), ("ends_at", dt.timedelta(seconds=1))])
def test_a_session_ends_when_it_is_idle_and_after_some_days(site: Site, column: str, age: dt.timedelta) -> None:
    browser = site.browser("carl@example.com")
    make_old(site, browser, column, age)
    assert browser.get("/me").status_code == 401


def test_what_was_typed_survives_the_end_of_the_session(site: Site) -> None:
    browser = site.browser("carl@example.com")
    browser.get("/me")
    make_old(site, browser, "seen_at", dt.timedelta(hours=13))
    asked = browser.post("/me", {"name": "Carl <Clerk>", "language": ""})
    assert asked.status_code == 401
    assert "Nothing that you typed is lost" in asked.text
    fields = dict(re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', asked.text))
    assert fields["then"] == "/me"
    assert fields["kept:name"] == "Carl &lt;Clerk&gt;"
    kept = {"kept:name": "Carl <Clerk>", "kept:language": "", "then": "/me"}
    resumed = browser.post("/sign-in", {"email": "carl@example.com", "password": PASSWORD, **kept})
    assert "what you typed is kept" in resumed.text
    assert 'action="/me"' in resumed.text
    assert "Carl Clerk" in resumed.text  # who is signed in; nothing was done yet
    done = browser.post("/me", {"name": "Carl <Clerk>", "language": ""})
    assert "Carl &lt;Clerk&gt;" in done.text
    browser.post("/me", {"name": "Carl Clerk", "language": ""})


def test_a_password_that_was_typed_is_never_sent_back(site: Site) -> None:
    browser = site.browser("carl@example.com")
    browser.get("/me")
    make_old(site, browser, "seen_at", dt.timedelta(hours=13))
    asked = browser.post("/me/password", {"old_password": "secret-one", "password": "secret-two", "again": "x"})
    assert asked.status_code == 401
    assert "secret-" not in asked.text


def test_whoever_signed_in_in_another_tab_meanwhile_goes_on_with_what_they_typed(site: Site) -> None:
    browser = site.browser("carl@example.com")
    browser.get("/me")
    fields = {"email": "carl@example.com", "password": PASSWORD, "then": "/me", "kept:name": "Carl C."}
    stale = browser.post("/sign-in", {**fields, "csrf": ""})
    assert stale.status_code == 409
    assert PASSWORD not in stale.text
    del fields["password"]
    resumed = browser.post("/sign-in", fields)
    assert 'action="/me"' in resumed.text
    assert 'name="name" value="Carl C."' in resumed.text


# Cookies


def set_cookies(response: requests.Response) -> dict[str, str]:
    return {line.partition("=")[0]: line for line in response.raw.headers.getlist("Set-Cookie")}


def test_the_session_cookie_is_for_this_site_alone_and_no_script(site: Site) -> None:
    fields = {"email": "carl@example.com", "password": PASSWORD}
    answer = requests.post(f"{site.url}/sign-in", data=fields, timeout=30, allow_redirects=False)
    cookie = set_cookies(answer)["qbwc"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie
    assert "Secure" not in cookie  # http, on this machine only


def test_over_https_cookies_are_secure_and_bound_to_the_host(tmp_path: pathlib.Path) -> None:
    settings = read(
        {
            "QBWC_DATA_DIR": str(tmp_path),
            "QBWC_PUBLIC_URL": "https://books.example.com",
            "QBWC_SECRET_KEY": "k" * 32,
        }
    )
    engine = open_engine(settings.database_url)
    schema.migrate(engine)
    with engine.begin() as db:
        user = people.put(db, email="ana@example.com", name="Ana", is_admin=True, now=dt.datetime.now(dt.UTC))
        people.change(db, user.id, password=hash_password(PASSWORD))
    client = Client(App(settings, engine, Keys("k" * 32)))
    fields = {"email": "ana@example.com", "password": PASSWORD}
    answer = client.post("/sign-in", base_url="https://books.example.com", data=fields)
    cookies = {line.partition("=")[0]: line for line in answer.headers.getlist("Set-Cookie")}
    assert set(cookies) == {"__Host-qbwc", "__Host-qbwc-known"}
    for cookie in cookies.values():
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
        assert "Domain" not in cookie
    engine.dispose()


# Forms of others


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example"])
def test_a_form_of_another_site_is_refused_also_when_it_signs_in(site: Site, origin: str) -> None:
    fields = {"email": "carl@example.com", "password": PASSWORD}
    answer = requests.post(f"{site.url}/sign-in", data=fields, headers={"Origin": origin}, timeout=30)
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("whence", ["cross-site", "same-site"])
def test_what_the_browser_says_of_a_forms_origin_counts(site: Site, whence: str) -> None:
    fields = {"name": "Mallory", "csrf": site.clerk.csrf}
    answer = site.clerk.session.post(f"{site.url}/me", data=fields, headers={"Sec-Fetch-Site": whence}, timeout=30)
    assert answer.status_code == 403
    assert "Mallory" not in site.clerk.get("/me").text


@pytest.mark.parametrize(
    "then",
    ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "evil", ""],
)
def test_no_link_to_our_door_leads_to_another_site(site: Site, then: str) -> None:
    fields = {"email": "carl@example.com", "password": PASSWORD, "then": then}
    entered = requests.post(f"{site.url}/sign-in", data=fields, timeout=30, allow_redirects=False)
    assert entered.headers["Location"] == "/companies"
    site.clerk.get("/me")
    for path, fields in (
        ("/prove", {"password": PASSWORD, "then": then, "csrf": site.clerk.csrf}),
        ("/language", {"language": "en", "back": then, "csrf": site.clerk.csrf}),
    ):
        answer = site.clerk.session.post(f"{site.url}{path}", data=fields, timeout=30, allow_redirects=False)
        assert answer.headers["Location"] in ("/companies", "/")


def test_the_way_leads_back_to_the_page_one_came_for(site: Site) -> None:
    browser = site.browser()
    asked = browser.get("/audit?company=1")
    assert 'value="/audit?company=1"' in asked.text
    assert browser.post(
        "/sign-in", {"email": "ana@example.com", "password": PASSWORD, "then": "/audit?company=1"}
    ).url.endswith("/audit?company=1")


# The password once more


def test_secrets_ask_for_the_password_once_more_and_then_lead_on(site: Site) -> None:
    browser = site.browser("ana@example.com")
    make_old(site, browser, "proved_at", dt.timedelta(minutes=16))
    asked = browser.get("/people/invite")
    assert asked.url.endswith("/prove?then=%2Fpeople%2Finvite")
    wrong = browser.post("/prove", {"password": "not it", "then": "/people/invite"})
    assert wrong.status_code == 422
    assert "This is not your password." in wrong.text
    right = browser.post("/prove", {"password": PASSWORD, "then": "/people/invite"})
    assert right.url.endswith("/people/invite")
    assert "Invite somebody" in right.text


def test_a_form_that_needs_the_password_once_more_is_kept(site: Site) -> None:
    browser = site.browser("ana@example.com")
    browser.get("/people/invite")
    make_old(site, browser, "proved_at", dt.timedelta(minutes=16))
    asked = browser.post("/people/invite", {"name": "Gus", "email": "gus@example.com"})
    assert asked.status_code == 401
    assert 'name="kept:email" value="gus@example.com"' in asked.text
    kept = {"kept:name": "Gus", "kept:email": "gus@example.com", "then": "/people/invite"}
    resumed = browser.post("/prove", {"password": PASSWORD, **kept})
    assert 'action="/people/invite"' in resumed.text
    assert "gus@example.com" not in site.qbwc.here.ok("user", "list")
    done = browser.post("/people/invite", {"name": "Gus", "email": "gus@example.com"})
    assert "A link for Gus" in done.text


# Guessing


def test_nobody_is_told_whether_it_is_the_address_or_the_password(site: Site) -> None:
    browser = browser_at(site, "127.0.0.5")
    answers = [
        browser.post("/sign-in", {"email": email, "password": "some wrong password"})
        for email in ("carl@example.com", "nobody@example.com")
    ]
    shown = [re.sub(r'value="[^"]*"', "", answer.text) for answer in answers]
    assert shown[0] == shown[1]
    assert answers[0].status_code == answers[1].status_code == 422


def test_guessing_is_slowed_for_the_place_that_guesses_and_for_nobody_else(site: Site) -> None:
    known = browser_at(site, "127.0.0.2")
    known.sign_in("carl@example.com")
    known.get("/me")
    known.post("/sign-out")

    guesser = browser_at(site, "127.0.0.2")
    codes = [guesser.sign_in("carl@example.com", f"guess number {n}").status_code for n in range(12)]
    assert codes == [422] * 10 + [429] * 2
    slowed = guesser.sign_in("carl@example.com")
    assert slowed.status_code == 429  # not even the right one is looked at: it could be a guess
    assert re.search(r"Try again in \d+ seconds?\.", slowed.text)

    known.sign_in("carl@example.com")
    assert is_signed_in(known), "a browser that Carl used before, at the same address"
    elsewhere = browser_at(site, "127.0.0.3")
    elsewhere.sign_in("carl@example.com")
    assert is_signed_in(elsewhere), "a new browser at another address"


def test_a_browsers_mark_counts_for_the_user_who_signed_in_and_no_other(site: Site) -> None:
    marked = browser_at(site, "127.0.0.4")
    marked.sign_in("carl@example.com")
    marked.get("/me")
    marked.post("/sign-out")
    for n in range(10):
        browser_at(site, "127.0.0.4").sign_in("ana@example.com", f"guess number {n}")
    assert marked.sign_in("ana@example.com").status_code == 429


def test_what_goes_on_at_the_door_stands_in_the_audit_trail(site: Site) -> None:
    browser = browser_at(site, "127.0.0.6")
    browser.sign_in("my secret typed in the wrong field", "x")
    browser.sign_in("carl@example.com", "wrong")
    browser.sign_in("carl@example.com")
    browser.get("/me")
    browser.post("/sign-out")
    shown = site.admin.get("/audit").text
    for words in ("Signed in", "Signed out", "Wrong password", "127.0.0.6"):
        assert words in shown
    assert "my secret" not in shown


# Forgotten passwords


class Post:
    """A mail server's other end."""

    def __init__(self) -> None:
        self.mails: list[str] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(envelope.content.decode())
        return "250 OK"

    def wait_for(self, number: int) -> list[str]:
        deadline = time.monotonic() + 10
        while len(self.mails) < number and time.monotonic() < deadline:
            time.sleep(0.02)
        return self.mails


@pytest.fixture(scope="module")
def mailing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Post]]:
    post = Post()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(post, hostname="127.0.0.1", port=port)
    controller.start()
    qbwc = Qbwc(tmp_path_factory.mktemp("mailing"))
    qbwc.environment |= {"QBWC_SMTP_URL": f"smtp://127.0.0.1:{port}", "QBWC_MAIL_FROM": "qbwc@example.com"}
    qbwc.init()
    site = Site(qbwc)
    site.add_user("ana@example.com", "Ana Admin", admin=True)
    site.add_user("carl@example.com", "Carl Clerk")
    with qbwc.serving():
        site.admin = site.browser("ana@example.com")
        yield site, post
    site.engine.dispose()
    controller.stop()


def link_in(mail: str, site: Site) -> str:
    found = re.search(r"/welcome/\w+", mail)
    assert found, mail
    return found[0]


def test_without_mail_the_page_says_whom_to_ask(site: Site) -> None:
    shown = site.browser().get("/forgot").text
    assert "Ask an admin of your company" in shown
    assert "ana@example.com" not in shown  # strangers learn no addresses


def test_a_reset_link_is_mailed_and_the_page_tells_nobody_who_is_here(mailing: tuple[Site, Post]) -> None:
    site, post = mailing
    from_admin = site.qbwc.here.data("user", "link", "carl@example.com")["link"].removeprefix(site.url)
    with site.engine.begin() as db:
        db.execute(text("UPDATE one_time_links SET made_at = '2020-01-01 00:00:00'"))
    old_session = site.browser("carl@example.com")
    asked = [site.browser().post("/forgot", {"email": email}) for email in ("carl@example.com", "who@example.com")]
    assert asked[0].text == asked[1].text
    (mail,) = post.wait_for(1)
    assert "To: carl@example.com" in mail

    site.browser().post("/forgot", {"email": "carl@example.com"})  # again, at once: no second mail
    assert site.browser().get(from_admin).status_code == 200, "the link that an admin made holds still"

    browser, link = site.browser(), link_in(mail, site)
    assert "Choose a password, Carl Clerk." in browser.get(link).text
    browser.post(link, {"password": "another good password", "again": "another good password"})
    assert is_signed_in(browser)
    assert not is_signed_in(old_session)
    assert site.browser().get(link).status_code == 410
    assert site.browser().get(from_admin).status_code == 410
    assert "do not belong together" in site.browser().sign_in("carl@example.com").text
    assert len(post.mails) == 1


def test_an_invitation_is_mailed(mailing: tuple[Site, Post]) -> None:
    site, post = mailing
    before = len(post.mails)
    site.admin.get("/people/invite")
    shown = site.admin.post("/people/invite", {"name": "Ida", "email": "ida@example.com"})
    assert "It was mailed to ida@example.com." in shown.text
    mail = post.wait_for(before + 1)[-1]
    assert "Ana Admin invites you to qbwc" in mail
    assert link_in(mail, site) in shown.text

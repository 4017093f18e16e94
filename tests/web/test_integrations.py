"""Integrations: what is installed and how it stands, Install, the .qwc file, and the checklist that ticks itself."""

import contextlib
import datetime as dt
import pathlib
from collections.abc import Iterator

import pytest
from lxml import etree, html
from werkzeug.test import Client

from qbwc_service import notify, sign_in
from qbwc_service.companies import account
from qbwc_service.db import audit, companies, people, schema
from qbwc_service.db.companies import Company
from qbwc_service.db.engine import open_engine, reading
from qbwc_service.posting import removal
from qbwc_service.secrets import Keys
from qbwc_service.settings import Settings
from qbwc_service.simulator import WebConnector
from qbwc_service.web import cookies
from qbwc_service.web import site as pages
from tests.web.markup import fields_of, text_of
from tests.web.site import Site, served

DESKTOP = {"product": "desktop", "company_file": "", "minutes": "5"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("integrations"), lists=False) as running:
        yield running


def card_of(page: str, name: str) -> str:
    """-> what a company's card says."""
    for card in html.fromstring(page.encode()).iterfind(".//article"):
        heading = card.find("h2")
        if heading is not None and heading.text_content() == name:
            return " ".join(card.text_content().split())
    raise AssertionError(f"no card of {name}")


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def add_company(site: Site, name: str) -> Company:
    with site.engine.begin() as db:
        return account.add(db, site.keys, name, None, 5, now())[0]


def acts(site: Site, company_id: int) -> list[str]:
    with reading(site.engine) as db:
        return [row.act for row in audit.listed(db, company_id=company_id)]


def test_installing_leads_to_the_checklist_and_is_in_the_trail(site: Site) -> None:
    fields = {**DESKTOP, "name": "  Zebra & Söhne ", "company_file": r"C:\Books\zebra.qbw", "minutes": "7"}
    answer = site.admin.post("/companies", fields)
    assert answer.url.endswith("/setup")
    assert "Connect Zebra & Söhne to QuickBooks" in text_of(answer.text)
    assert "Never called yet. Waiting…" in answer.text
    with reading(site.engine) as db:
        company = companies.by_name(db, "zebra & söhne")
    assert company is not None
    assert (company.company_file, company.every_minutes) == (r"C:\Books\zebra.qbw", 7)
    assert acts(site, company.id) == ["company.installed"]
    assert "Waiting for first contact" in card_of(site.admin.get("/companies").text, "Zebra & Söhne")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": "abc promotions"}, "A company of this name is installed already."),
        ({"name": " "}, "Write a name for the company."),
        ({"name": "x" * 201}, "Write a name of 1 to 200 characters, on one line."),
        ({"minutes": "0"}, "Write a number of minutes from 1 to 1440."),
        ({"minutes": "1441"}, "Write a number of minutes from 1 to 1440."),
        ({"minutes": "٣x"}, "Write a number of minutes from 1 to 1440."),
        ({"company_file": "C:\\a\nb"}, "Write the path of the company file on one line, or nothing."),
        ({"product": "online"}, "QuickBooks Online is not yet available; choose QuickBooks Desktop."),
    ],
)
def test_what_cannot_be_installed_is_said_beside_its_field_and_kept(
    site: Site, wrong: dict[str, str], said: str
) -> None:
    answer = site.admin.post("/companies", {**DESKTOP, "name": "Kept <b>Name</b>", **wrong})
    assert answer.status_code == 422
    assert text_of(answer.text).count(said) == 2  # in the summary, and beside the field
    if "name" not in wrong:
        assert 'value="Kept &lt;b&gt;Name&lt;/b&gt;"' in answer.text


def test_whoever_may_not_install_is_told_whom_to_ask(site: Site) -> None:
    page = site.clerk.get("/companies")
    assert "Ask one of them" in page.text
    assert "ana@example.com" in page.text
    assert 'id="install"' not in page.text
    assert site.clerk.post("/companies", {**DESKTOP, "name": "Mine"}).status_code == 403


def test_a_company_for_chosen_people_is_on_nobody_elses_page(site: Site) -> None:
    secret = add_company(site, "Secret Ltd")
    with site.engine.begin() as db:
        companies.save_settings(db, secret.id, '{"visible": "chosen"}')
    assert "Secret Ltd" in site.admin.get("/companies").text
    assert "Secret Ltd" not in site.clerk.get("/companies").text
    with site.engine.begin() as db:
        clerk = people.by_email(db, "carl@example.com")
        assert clerk is not None
        people.set_viewers(db, secret.id, [], [clerk.id])
    assert "Secret Ltd" in site.clerk.get("/companies").text


def test_many_companies_are_paged_and_searched(site: Site) -> None:
    with site.engine.begin() as db:
        for number in range(30):
            account.add(db, site.keys, f"Branch {number:02}", None, 5, now())
    first = site.admin.get("/companies").text
    assert "Branch 05" in first
    assert "Zebra" not in first
    following = html.fromstring(first).xpath('//a[text()="Next page"]/@href')[0]
    second = site.admin.get(following).text
    assert "Branch 05" not in second
    assert "Branch 29" in second
    found = site.admin.get("/companies?q=bRANCH 2").text
    assert "Branch 21" in found
    assert "Branch 05" not in found
    assert "No company has this in its name." in site.admin.get("/companies?q=%25").text
    with site.engine.begin() as db:
        db.exec_driver_sql("DELETE FROM companies WHERE name LIKE 'Branch %'")


def test_the_qwc_file_is_the_same_each_time_and_named_safely(site: Site) -> None:
    first, second = site.admin.get(f"{site.base}/qwc"), site.admin.get(f"{site.base}/qwc")
    assert first.content == second.content == site.qbwc.here.ok("qwc", "ABC Promotions").encode()
    assert etree.fromstring(first.content).findtext("AppURL") == f"{site.url}/qbwc"
    assert site.qbwc_password() not in first.text
    expected = "attachment; filename=\"ABC-Promotions.qwc\"; filename*=UTF-8''ABC%20Promotions.qwc"
    assert first.headers["Content-Disposition"] == expected
    assert "qwc.downloaded" in acts(site, site.company_id)
    odd = add_company(site, 'Ñandú "q" /../x; y')
    named = site.admin.get(f"/companies/{odd.id}/qwc").headers["Content-Disposition"]
    assert named == (
        "attachment; filename=\"Nandu-q-x-y.qwc\"; filename*=UTF-8''%C3%91and%C3%BA%20-q-%20-..-x%3B%20y.qwc"
    )
    assert site.clerk.get(f"{site.base}/qwc").status_code == 403


def test_the_checklist_tells_how_far_it_is_until_the_first_order_is_posted(tmp_path: pathlib.Path) -> None:
    with served(tmp_path, lists=False) as site:
        setup, steps = f"{site.base}/setup", f"{site.base}/setup/steps"
        assert done(site.admin.get(setup).text) == [True, False, False, False, False, False, False]
        site.admin.get(f"{site.base}/qwc")
        assert done(site.admin.get(setup).text) == [True, True, False, False, False, False, False]

        with contextlib.suppress(Exception):
            WebConnector.from_qwc(site.qbwc.here.ok("qwc"), "wrong", site.books).poll()
        assert "called with a wrong password" in site.admin.get(setup).text
        assert done(site.admin.get(steps).text) == [True, True, True, False, False, False, False]
        assert "Needs attention" in card_of(site.admin.get("/companies").text, "ABC Promotions")

        site.poll()
        read = site.admin.get(steps).text
        assert done(read) == [True, True, True, True, True, True, False]
        assert "Connected: company ABC Promotions." in text_of(read)
        assert "accounts 23" in text_of(read)
        card = card_of(site.admin.get("/companies").text, "ABC Promotions")
        assert "Connected" in card
        assert "qbXML" in card

        site.add_order("1001")
        site.qbwc.here.ok("order", "send", str(site.company_id), "1001")
        site.poll()
        posted = site.admin.get(setup).text
        assert done(posted) == [True] * 7
        assert "Order 1001 is in QuickBooks. All is set up." in posted
        assert "hx-get" not in posted.partition('id="steps"')[2].partition(">")[0]


def done(page: str) -> list[bool]:
    """-> of each step of the checklist whether it is ticked."""
    return [step.get("class") == "done" for step in html.fromstring(page.encode()).xpath('//ol[@class="steps"]/li')]


def test_what_has_not_changed_is_not_sent_again(site: Site) -> None:
    page = html.fromstring(site.admin.get(f"{site.base}/setup").content)
    unchanged = page.get_element_by_id("steps").get("hx-get")
    assert site.admin.get(unchanged).status_code == 204
    assert site.admin.get(f"{site.base}/setup/steps?seen=other").status_code == 200


def test_ten_minutes_without_a_call_the_likely_causes_are_shown(site: Site) -> None:
    assert "The likely causes" not in site.admin.get(f"{site.base}/setup").text
    with site.engine.begin() as db:
        db.exec_driver_sql("UPDATE passwords SET created_at = '2020-01-01 00:00:00.000000'")
    waiting = site.admin.get(f"{site.base}/setup").text
    assert "The likely causes" in waiting
    assert f'<code id="test-url">{site.url}/qbwc</code>' in waiting


def test_the_password_is_masked_until_it_is_asked_for_by_somebody_who_proves_who_they_are(site: Site) -> None:
    masked, shown = f"{site.base}/setup", f"{site.base}/setup?password=shown"
    assert site.qbwc_password() not in site.admin.get(masked).text
    before = acts(site, site.company_id).count("password.shown")
    assert f'id="password">{site.qbwc_password()}<' in site.admin.get(shown).text
    assert acts(site, site.company_id).count("password.shown") == before + 1
    with site.engine.begin() as db:
        db.exec_driver_sql("UPDATE web_sessions SET proved_at = '2020-01-01 00:00:00.000000'")
    asked = site.admin.get(shown)
    assert "Your password once more" in asked.text
    assert site.qbwc_password() not in asked.text
    assert acts(site, site.company_id).count("password.shown") == before + 1


@pytest.fixture
def nobodys(tmp_path: pathlib.Path) -> Iterator[Client]:
    """-> an admin's browser, where no company is installed and the service is reached by an IP address."""
    settings = Settings(f"sqlite:///{tmp_path / 'empty.sqlite3'}", tmp_path, "http://127.0.0.1", 80, "a secret key")
    engine, keys = open_engine(settings.database_url), Keys("a secret key")
    schema.migrate(engine)
    with engine.begin() as db:
        admin = people.put(db, email="eva@example.com", name="Eva", is_admin=True, now=now())
        token = sign_in.begin(db, keys, admin, now(), "", "")
    client = Client(pages.Site(settings, engine, keys))
    client.set_cookie(cookies.name_of(settings), token)
    yield client
    engine.dispose()


def test_without_any_company_an_admin_is_led(nobodys: Client) -> None:
    page = nobodys.get("/companies").text
    assert "Nothing is connected yet." in page
    assert "Which one do I have?" in page
    assert 'id="install"' in page


def test_a_file_that_the_web_connector_would_refuse_is_not_made(nobodys: Client) -> None:
    page = nobodys.get("/companies").text
    installed = nobodys.post("/companies", data={**fields_of(page, "/companies"), "name": "By address"})
    refused = nobodys.get(installed.headers["Location"].replace("/setup", "/qwc"))
    assert refused.status_code == 409
    assert "must name its host, not give its IP address (QBWC1001)" in refused.text
    assert "QBWC_PUBLIC_URL" in refused.text
    assert "Content-Disposition" not in refused.headers


def test_what_needs_somebody_stands_on_the_card_once(site: Site) -> None:
    company = add_company(site, "Troubled")
    with site.engine.begin() as db:
        companies.note_refusal(db, company.id, now())
    refused = card_of(site.admin.get("/companies").text, "Troubled")
    assert refused.count("wrong password") == 1
    with site.engine.begin() as db:
        notify.look(db, now())
    told = card_of(site.admin.get("/companies").text, "Troubled")
    assert "The Web Connector has a wrong password" in told
    assert told.count("wrong password") == 1
    with site.engine.begin() as db:
        removal.remove(db, company, now())


def test_a_removed_company_can_be_installed_again(site: Site) -> None:
    with site.engine.begin() as db:
        removal.remove(db, account.add(db, site.keys, "Phoenix", None, 5, now())[0], now())
    page = site.admin.get("/companies")
    assert "name=Phoenix#install" in page.text
    again = site.admin.get("/companies?name=Phoenix").text
    assert 'value="Phoenix"' in again
    site.admin.post("/companies", {**DESKTOP, "name": "Phoenix"})
    assert "name=Phoenix#install" not in site.admin.get("/companies").text


def test_the_pages_speak_spanish(site: Site) -> None:
    headers = {"Accept-Language": "es"}
    assert "En espera del primer contacto" in site.admin.get("/companies", headers=headers).text
    assert "Todavía no ha llamado. En espera…" in site.admin.get(f"{site.base}/setup", headers=headers).text

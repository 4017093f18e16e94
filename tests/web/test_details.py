"""The tab Details: the summary, the password, whom it is for and what they may send, and Uninstall."""

import datetime as dt
import json
import pathlib
from collections.abc import Iterator

import pytest

from qbwc_service.companies.preferences import ItemName, Visible
from qbwc_service.connector.session import Sessions
from qbwc_service.db import companies, job_views, people, sessions
from qbwc_service.db.engine import reading
from qbwc_service.db.lists import List
from qbwc_service.db.states import State
from qbwc_service.orders import read
from qbwc_service.posting import send
from tests.orders import make_order
from tests.web.desk import Desk, desk_in, now
from tests.web.markup import fields_of, text_of


@pytest.fixture
def desk(tmp_path: pathlib.Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as made:
        yield made


def test_what_is_saved_is_shown_kept_and_in_the_trail(desk: Desk) -> None:
    answer = desk.submit(
        "/details",
        "/details",
        allow_bills=None,
        billable="on",
        item_name="name",
        send_bills="on",
        send_purchase_orders="on",
        link_bills="on",
        hold_minutes="30",
        batch="50",
        macros=None,
    )
    assert "Saved." in answer.text
    saved = desk.preferences()
    assert (saved.allow_invoices, saved.allow_bills, saved.allow_purchase_orders) == (True, False, True)
    assert (saved.billable, saved.link_bills, saved.send_bills, saved.send_purchase_orders) == (True,) * 4
    assert (saved.item_name, saved.hold_minutes, saved.batch, saved.macros) == (ItemName.NAME, 30, 50, False)
    assert fields_of(answer.text, f"{desk.base}/details")["batch"] == "50"
    last = desk.trail()[0]
    assert (last.act, last.who) == ("company.saved", "ana@example.com")
    assert "batch: 50" in last.detail


def test_settings_of_the_other_tab_stay_as_they_are(desk: Desk) -> None:
    desk.set(income_account="Sales", tax_item="Out of state")
    desk.submit("/details", "/details", batch="50")
    assert (desk.preferences().income_account, desk.preferences().tax_item) == ("Sales", "Out of state")


def test_it_is_visible_for_chosen_teams_and_people_alone(desk: Desk) -> None:
    with desk.engine.begin() as db:
        team = people.put_team(db, "Sales")
    assert desk.clerk.get(f"{desk.base}/orders").status_code == 200
    desk.submit("/details", "/details", visible="chosen", team=str(team))
    assert desk.preferences().visible is Visible.CHOSEN
    assert desk.clerk.get(f"{desk.base}/orders").status_code == 404
    with desk.engine.begin() as db:
        people.set_members(db, team, [desk.users["carl"].id])
    assert desk.clerk.get(f"{desk.base}/orders").status_code == 200
    desk.submit("/details", "/details", team=None)
    assert desk.clerk.get(f"{desk.base}/orders").status_code == 404
    desk.submit("/details", "/details", user=str(desk.users["carl"].id))
    assert desk.clerk.get(f"{desk.base}/orders").status_code == 200
    desk.submit("/details", "/details", user="999")
    with reading(desk.engine) as db:
        assert people.viewers_of(db, desk.company.id) == ([], [])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"batch": "0"}, "Requests in one message, at most: write a number from 1 to 500."),
        ({"batch": ""}, "Requests in one message, at most: write a number from 1 to 500."),
        (
            {"hold_minutes": "a day"},
            "Minutes to keep the connection open for new orders: write a number from 0 to 240.",
        ),
        ({"item_name": "colour"}, "choose one of the values that are offered."),
    ],
)
def test_a_wrong_value_is_said_beside_its_field_and_nothing_is_saved(
    desk: Desk, wrong: dict[str, str], said: str
) -> None:
    before = desk.as_it_stands().settings
    answer = desk.submit("/details", "/details", billable="on", **wrong)
    assert answer.status_code == 422
    assert text_of(answer.text).count(said) == 2
    fields = fields_of(answer.text, f"{desk.base}/details")
    assert fields["billable"] == "on"
    assert desk.as_it_stands().settings == before


def test_a_form_that_is_older_than_what_is_saved_overwrites_only_when_sent_once_more(desk: Desk) -> None:
    mine = {**fields_of(desk.admin.get(f"{desk.base}/details").text, f"{desk.base}/details"), "batch": "77"}
    desk.submit("/details", "/details", browser=desk.browser("ana"), batch="33", item_name="name")

    shown = desk.send("/details", mine)
    assert shown.status_code == 409
    said = text_of(shown.text)
    assert "These settings were changed meanwhile. ana@example.com saved them at" in said
    assert "Requests in one message, at most 33 77" in said
    assert "Field that becomes the name of the item in QuickBooks Product name Product number (default)" in said
    assert desk.preferences().batch == 33

    again = fields_of(shown.text, f"{desk.base}/details")
    assert again["batch"] == "77"
    assert "Saved." in desk.send("/details", again).text
    assert (desk.preferences().batch, desk.preferences().item_name) == (77, ItemName.NUMBER)


def test_the_same_values_saved_twice_are_no_conflict(desk: Desk) -> None:
    form = {**fields_of(desk.admin.get(f"{desk.base}/details").text, f"{desk.base}/details"), "batch": "77"}
    assert "Saved." in desk.send("/details", form).text
    assert "Saved." in desk.send("/details", form).text


def test_a_company_that_is_removed_under_the_form_is_no_page_any_more(desk: Desk) -> None:
    form = fields_of(desk.admin.get(f"{desk.base}/details").text, f"{desk.base}/details")
    with desk.engine.begin() as db:
        companies.mark_removed(db, desk.company.id, now())
    assert desk.send("/details", form).status_code == 404


# --- the password -----------------------------------------------------------------------------------------------------


def lets_in(desk: Desk, password: str, at: dt.datetime | None = None) -> bool:
    connector = Sessions(desk.engine, desk.keys, lambda: at or now())
    return connector.authenticate(desk.company.username, password, "")[1] != "nvu"


def shown_password(desk: Desk) -> str:
    page = desk.admin.get(f"{desk.base}/details?password=shown").text
    return page.partition('id="password">')[2].partition("<")[0]


def test_a_new_password_replaces_the_old_one_at_once(desk: Desk) -> None:
    answer = desk.submit("/details", "/password")
    new = shown_password(desk)
    assert new != desk.password
    assert new in answer.text
    assert lets_in(desk, new)
    assert not lets_in(desk, desk.password)
    assert [row.act for row in desk.trail()][:3] == ["password.shown", "password.shown", "password.made"]


def test_with_grace_the_old_password_works_for_a_day_and_the_page_says_so(desk: Desk) -> None:
    answer = desk.submit("/details", "/password", grace="24h")
    assert "The old password still works until" in answer.text
    assert lets_in(desk, desk.password, now() + dt.timedelta(hours=23))
    assert not lets_in(desk, desk.password, now() + dt.timedelta(hours=25))
    assert lets_in(desk, shown_password(desk))


@pytest.mark.parametrize(("grace", "goes_on"), [("none", True), ("leaked", False)])
def test_only_a_leaked_password_ends_the_session_that_is_open(desk: Desk, grace: str, goes_on: bool) -> None:
    assert lets_in(desk, desk.password)
    desk.submit("/details", "/password", grace=grace)
    with reading(desk.engine) as db:
        is_open = db.execute(sessions.sessions.select().where(sessions.OPEN)).first() is not None
    assert is_open is goes_on


def test_the_password_is_neither_shown_nor_made_before_one_proves_who_one_is(desk: Desk) -> None:
    form = fields_of(desk.admin.get(f"{desk.base}/details").text, f"{desk.base}/password")
    with desk.engine.begin() as db:
        db.exec_driver_sql("UPDATE web_sessions SET proved_at = '2020-01-01 00:00:00.000000'")
    asked = desk.send("/password", form)
    assert "Your password once more" in asked.text
    assert (
        "Your password once more" in desk.admin.get(f"{desk.base}/details?password=shown", follow_redirects=True).text
    )
    assert lets_in(desk, desk.password)


def test_a_password_kept_with_another_key_is_told_of(desk: Desk) -> None:
    with desk.engine.begin() as db:
        db.exec_driver_sql("UPDATE passwords SET sealed = 'gAAAA'")
    assert "cannot be read. Generate a new one." in desk.admin.get(f"{desk.base}/details?password=shown").text


# --- the summary ------------------------------------------------------------------------------------------------------


def test_the_summary_tells_how_the_connection_stands(desk: Desk) -> None:
    assert "Waiting for first contact" in desk.admin.get(f"{desk.base}/details").text
    with desk.engine.begin() as db:
        companies.note_call(db, desk.company.id, "nothing to send", now() - dt.timedelta(minutes=2))
        companies.note_host(
            db, desk.company.id, product="QuickBooks Premier 2021", qbxml_version="13.0", company_name="ABC Books"
        )
    said = text_of(desk.admin.get(f"{desk.base}/details").text)
    assert "State Connected" in said
    assert "Last contact 2 minutes ago" in said
    assert "Next expected in 3 minutes" in said
    assert "QuickBooks Premier 2021, qbXML 13.0" in said
    assert "ABC Books" in said
    with desk.engine.begin() as db:
        companies.note_call(db, desk.company.id, "nothing to send", now() - dt.timedelta(hours=3))
    assert "State Late" in text_of(desk.admin.get(f"{desk.base}/details").text)


def test_another_company_file_is_told_of_in_the_viewers_language(desk: Desk) -> None:
    with desk.engine.begin() as db:
        companies.note_problem(db, desk.company.id, "Wrong company file: QuickBooks has Other.QBW open", now())
    page = desk.admin.get(f"{desk.base}/details")
    assert "State Needs attention" in text_of(page.text)
    assert "QuickBooks has another company file open than the one of ABC Promotions." in page.text
    spanish = desk.admin.get(f"{desk.base}/details", headers={"Accept-Language": "es"}).text
    assert "QuickBooks tiene abierto otro archivo de empresa y no el de ABC Promotions." in spanish


@pytest.mark.parametrize(
    ("problem", "spanish"),
    [
        (
            "This QuickBooks speaks qbXML 2.1; 8.0 or newer is needed (QuickBooks 2009). Update QuickBooks.",
            "habla qbXML",
        ),
        ("QuickBooks did not answer as it should (no answer).", "no respondió como debía (sin respuesta)."),
        ("QuickBooks did not answer as it should (0x80040400). Bad <x>", "como debía (0x80040400). Bad &lt;x&gt;"),
        (
            "QuickBooks did not say what it holds of the documents in doubt. It is asked again next time.",
            "Se le pregunta de nuevo la próxima vez.",
        ),
    ],
)
def test_each_problem_of_the_connection_is_told_in_spanish(desk: Desk, problem: str, spanish: str) -> None:
    with desk.engine.begin() as db:
        companies.note_problem(db, desk.company.id, problem, now())
    assert spanish in desk.admin.get(f"{desk.base}/details", headers={"Accept-Language": "es"}).text


def test_a_number_of_ever_so_many_digits_is_a_fault_of_its_field(desk: Desk) -> None:
    answer = desk.submit("/details", "/details", batch="9" * 5000)
    assert answer.status_code == 422
    assert desk.preferences().batch == 250


# --- uninstall --------------------------------------------------------------------------------------------------------


def send_order(desk: Desk, number: str = "1001") -> None:
    desk.mirror_nothing()
    desk.mirror(List.ACCOUNT, [("1", "Sales", "Income", True)])
    with desk.engine.begin() as db:
        for order in read(json.dumps(make_order(number))):
            send.store(db, desk.company, order, now())
        send.send(db, desk.company, number, send.defaults(desk.company), now())


def test_uninstalling_asks_for_the_name_and_says_what_stops(desk: Desk) -> None:
    send_order(desk)
    with reading(desk.engine) as db:
        waiting = len(job_views.cancellable(db, desk.company.id))
    assert waiting > 2
    assert f"{waiting} waiting documents are cancelled." in desk.admin.get(f"{desk.base}/details").text
    refused = desk.submit("/details", "/uninstall", uninstall_name="abc")
    assert refused.status_code == 422
    assert 'value="abc"' in refused.text
    assert lets_in(desk, desk.password)

    done = desk.submit("/details", "/uninstall", uninstall_name="ABC Promotions")
    assert f"ABC Promotions is uninstalled; {waiting} waiting documents were cancelled." in done.text
    assert desk.admin.get(f"{desk.base}/details").status_code == 404
    assert not lets_in(desk, desk.password)
    with reading(desk.engine) as db:
        assert job_views.counts(db, desk.company.id) == {State.CANCELLED: waiting}
    assert desk.trail()[0].act == "company.uninstalled"


def test_uninstalled_while_the_reading_of_a_list_needs_a_person(desk: Desk) -> None:
    """What reads lists is not cancelled; nor does it stand in the way."""
    with desk.engine.begin() as db:
        db.exec_driver_sql("UPDATE jobs SET state = 'attention'")
    assert "is uninstalled" in desk.submit("/details", "/uninstall", uninstall_name="ABC Promotions").text


def test_what_was_at_quickbooks_when_it_was_uninstalled_is_looked_up_once_it_is_back(desk: Desk) -> None:
    send_order(desk)
    connector = Sessions(desk.engine, desk.keys)
    ticket, _ = connector.authenticate(desk.company.username, desk.password, "")
    assert "AddRq" in connector.send_request(ticket, "", "C:\\abc.qbw", "US", 13, 0)
    desk.submit("/details", "/uninstall", uninstall_name="ABC Promotions")
    with reading(desk.engine) as db:
        assert set(job_views.counts(db, desk.company.id)) == {State.IN_DOUBT, State.CANCELLED}
    page = desk.admin.get("/companies").text
    desk.admin.post("/companies", data={**fields_of(page, "/companies"), "name": "ABC Promotions"})
    assert desk.as_it_stands().file_id == desk.company.file_id
    back = shown_password(desk)
    ticket, _ = connector.authenticate(desk.company.username, back, "")
    assert "QueryRq" in connector.send_request(ticket, "", "C:\\abc.qbw", "US", 13, 0)

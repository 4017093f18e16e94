"""Admins are told in time: on the pages and by mail, once as long as it lasts, each in their language."""

import datetime as dt
import threading
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from qbwc_service import notify
from qbwc_service.companies import account
from qbwc_service.db import companies, people
from qbwc_service.db import jobs as job_table
from qbwc_service.db import notices as table
from qbwc_service.db.notices import Kind
from qbwc_service.posting import queue
from tests.bench.trade import update
from tests.faults.world import KEYS, World
from tests.orders import make_order

from .outside import Mailbox
from .world import add_admin, hours, make_settings, with_mail


def look(world: World, up_since: dt.datetime | None = None) -> None:
    with world.engine.begin() as db:
        notify.look(db, world.clock.now, up_since)


def shown(world: World) -> list[Any]:
    with world.engine.connect() as db:
        return table.open_of(db, world.company.id)


def kinds(world: World) -> list[str]:
    return [notice.kind for notice in shown(world)]


def pass_time(world: World, box: Mailbox, minutes: int = 1) -> int:
    """The ticker's work, minute by minute; -> how many mails went out."""
    sent = 0
    for _ in range(minutes):
        world.clock.advance(60)
        look(world)
        sent += notify.mail_due(world.engine, with_mail(box), world.clock)
    return sent


def call_wrongly(world: World) -> None:
    world.service.sessions.authenticate(world.credentials.username, "guess", "127.0.0.1")


def refuse_invoice(world: World, number: str) -> None:
    world.books.faults.refuse_next("InvoiceAdd", 3180, "There was an error when saving.")
    world.send(make_order(number))
    update(world)


# --- what is raised, and when it is over ------------------------------------------------------------------------------


def test_nothing_is_raised_of_a_new_company_and_of_one_that_works(world: World) -> None:
    look(world)
    assert shown(world) == []
    world.send(make_order("1001"))
    update(world)
    look(world)
    assert shown(world) == []


def test_a_connector_that_is_silent_is_raised_once_until_it_calls(engine: Engine) -> None:
    world = World.new(engine, 1)
    update(world)
    world.send(make_order("1001"))
    world.clock.advance(20 * 60)
    look(world)
    assert shown(world) == []
    for _ in range(3):
        world.clock.advance(60)
        look(world)
    (notice,) = shown(world)
    assert notice.kind == Kind.SILENT
    assert notify.say(notice, "en").startswith(
        "The Web Connector has not called since Nov 24, 2026, 12:00:00\u202fPM UTC. 9 documents wait for it."
    )
    assert notify.page_of(notice) == f"/companies/{world.company.id}/details"
    update(world)
    look(world)
    assert shown(world) == []


def test_what_the_service_itself_missed_is_nobodys_silence(world: World) -> None:
    update(world)
    world.clock.advance(3 * 3600)
    up_since = world.clock.now
    look(world, up_since)
    world.clock.advance(20 * 60)
    look(world, up_since)
    assert shown(world) == []
    world.clock.advance(60)
    look(world, up_since)
    assert kinds(world) == [Kind.SILENT]


def test_a_wrong_password_is_raised_until_a_right_one_comes(world: World) -> None:
    call_wrongly(world)
    look(world)
    (notice,) = shown(world)
    assert "wrong password, last at Nov 24, 2026" in notify.say(notice, "en")
    world.clock.advance(60)
    update(world)
    look(world)
    assert shown(world) == []
    world.clock.advance(3600)
    call_wrongly(world)
    look(world)
    assert kinds(world) == [Kind.REFUSED]  # and not silent as well: it does call


def test_a_problem_of_the_company_is_raised_with_its_words(world: World) -> None:
    ticket = world.service.sessions.authenticate(world.credentials.username, world.credentials.password, "")[0]
    world.service.sessions.connection_error(ticket, "0x80040408", "Could not start QuickBooks.")
    look(world)
    (notice,) = shown(world)
    assert "has a problem: 0x80040408: " in notify.say(notice, "en")
    world.send(make_order("1001"))
    update(world)
    look(world)
    assert shown(world) == []


def test_documents_that_need_a_person_are_counted(engine: Engine) -> None:
    world = World.new(engine, 1)
    update(world)
    refuse_invoice(world, "1001")
    look(world)
    (notice,) = shown(world)
    assert notify.say(notice, "en").startswith("One document needs a person. ")
    assert notify.page_of(notice) == f"/companies/{world.company.id}/activity?state=attention"
    refuse_invoice(world, "1002")
    look(world)
    (again,) = shown(world)
    assert again.id == notice.id
    assert notify.say(again, "en").startswith("2 documents need a person. ")
    with engine.begin() as db:
        jobs = job_table.by_records(db, world.company.id, ["invoice:1001", "invoice:1002"])
        queue.retry(db, list(jobs.values()), world.clock.now)
    look(world)
    assert shown(world) == []


def test_an_old_password_that_ends_within_a_day_is_raised_until_it_has_ended(engine: Engine) -> None:
    world = World.new(engine, 1)
    with engine.begin() as db:
        account.regenerate_password(db, KEYS, world.company, world.clock.now, hours(48))
    look(world)
    assert shown(world) == []
    world.clock.advance(24 * 3600)
    look(world)
    (notice,) = shown(world)
    assert "ends at Nov 26, 2026, 12:00:00\u202fPM UTC" in notify.say(notice, "en")
    world.clock.advance(24 * 3600)
    look(world)
    assert shown(world) == []


def test_a_company_that_was_removed_is_told_of_no_more(world: World) -> None:
    call_wrongly(world)
    look(world)
    with world.engine.begin() as db:
        companies.mark_removed(db, world.company.id, world.clock.now)
    look(world)
    assert shown(world) == []


def test_each_company_has_notices_of_its_own(world: World) -> None:
    other = World.new(world.engine, 2)
    call_wrongly(world)
    look(world)
    assert kinds(world) == [Kind.REFUSED]
    assert shown(other) == []


def test_several_that_look_at_once_raise_one(engine: Engine) -> None:
    world = World.new(engine, 1)
    call_wrongly(world)
    failures: list[Exception] = []

    def work() -> None:
        try:
            look(world)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert kinds(world) == [Kind.REFUSED]


# --- by mail ----------------------------------------------------------------------------------------------------------


def test_all_admins_are_mailed_once_each_in_their_language(world: World, box: Mailbox) -> None:
    add_admin(world, "ana@example.com", "es")
    add_admin(world, "bob@example.com")
    add_admin(world, "clerk@example.com", admin=False)
    gone = add_admin(world, "gone@example.com")
    with world.engine.begin() as db:
        people.change(db, gone.id, disabled_at=world.clock.now)
    call_wrongly(world)
    assert pass_time(world, box, 120) == 2
    assert box.subjects() == [
        "Company 1: El Web Connector tiene una contraseña incorrecta",
        "Company 1: The Web Connector has a wrong password",
    ]
    spanish, english = (mail.get_content() for mail in box.mails)
    assert "El Web Connector llamó con una contraseña incorrecta, la última vez el 24 nov 2026, 12:00:00" in spanish
    for text in (spanish, english):
        assert f"http://localhost:8080/companies/{world.company.id}/details" in text


def test_several_matters_go_in_one_mail(world: World, box: Mailbox) -> None:
    add_admin(world)
    other = World.new(world.engine, 2)
    for one in (world, other):
        call_wrongly(one)
    assert pass_time(world, box, 2) == 1
    (mail,) = box.mails
    assert mail["Subject"] == "QuickBooks: 2 matters for an admin"
    assert mail.get_content().index("Company 1: ") < mail.get_content().index("Company 2: ")


def test_what_is_over_before_it_could_be_mailed_is_not_mailed(world: World, box: Mailbox) -> None:
    add_admin(world)
    call_wrongly(world)
    look(world)
    world.clock.advance(1)
    update(world)
    assert pass_time(world, box, 5) == 0


def test_only_a_new_document_that_needs_a_person_is_mailed_again_and_at_most_each_hour(
    world: World, box: Mailbox
) -> None:
    add_admin(world)
    update(world)
    refuse_invoice(world, "1001")
    assert pass_time(world, box, 15) == 1
    update(world)
    assert pass_time(world, box, 15) == 0
    for number in ("1002", "1003"):
        refuse_invoice(world, number)
    assert pass_time(world, box, 15) == 0
    update(world)
    assert pass_time(world, box, 15) == 0
    update(world)
    assert pass_time(world, box, 5) == 1
    assert "3 documents need a person." in box.mails[-1].get_content()
    with world.engine.begin() as db:
        jobs = job_table.by_records(db, world.company.id, ["invoice:1001"])
        queue.cancel(db, list(jobs.values()), world.clock.now)
    for _ in range(10):
        update(world)
        assert pass_time(world, box, 15) == 0
    refuse_invoice(world, "1004")
    assert pass_time(world, box, 2) == 1
    assert len(box.mails) == 3


def test_another_problem_is_mailed_and_the_same_one_is_not(world: World, box: Mailbox) -> None:
    add_admin(world)

    def fail(hresult: str) -> None:
        ticket = world.service.sessions.authenticate(world.credentials.username, world.credentials.password, "")[0]
        world.service.sessions.connection_error(ticket, hresult, "It failed.")

    for _ in range(9):
        fail("0x80040408")
        pass_time(world, box, 15)
    assert len(box.mails) == 1
    fail("0x80040414")
    pass_time(world, box, 2)
    assert len(box.mails) == 2
    assert "0x80040414" in box.mails[-1].get_content()


def test_wrong_passwords_between_right_ones_are_mailed_at_most_each_hour(world: World, box: Mailbox) -> None:
    add_admin(world)
    for _ in range(60):
        call_wrongly(world)
        pass_time(world, box)
        update(world)
        pass_time(world, box)
    assert len(box.mails) == 2


def test_mail_that_fails_is_tried_again_after_longer_rests_and_the_error_is_kept(world: World, box: Mailbox) -> None:
    add_admin(world)
    box.refuses = {"ana@example.com"}
    call_wrongly(world)
    attempts = []
    for minute in range(1, 140):
        before = shown(world)[0].mail_attempts if shown(world) else 0
        assert pass_time(world, box) == 0
        if shown(world)[0].mail_attempts > before:
            attempts.append(minute)
    assert attempts == [1, 2, 7, 22, 82]
    assert "nobody of that name here" in shown(world)[0].mail_error
    box.refuses = set()
    assert pass_time(world, box, 60) == 1
    assert shown(world)[0].mail_error is None
    assert pass_time(world, box, 60) == 0


def test_an_admin_who_cannot_be_reached_brings_the_others_no_second_mail(world: World, box: Mailbox) -> None:
    add_admin(world, "ana@example.com")
    add_admin(world, "gone@example.com")
    box.refuses = {"gone@example.com"}
    call_wrongly(world)
    assert pass_time(world, box, 90) == 1
    assert shown(world)[0].mail_error.startswith("gone@example.com: the mail server answered 550")


def test_without_a_mail_server_the_notice_stands_and_is_mailed_once_there_is_one(world: World, box: Mailbox) -> None:
    add_admin(world)
    call_wrongly(world)
    look(world)
    assert notify.mail_due(world.engine, make_settings(), world.clock) == 0
    assert kinds(world) == [Kind.REFUSED]
    assert pass_time(world, box) == 1


def test_after_a_crash_while_mailing_it_is_mailed_later(world: World, box: Mailbox) -> None:
    add_admin(world)
    call_wrongly(world)
    look(world)
    with world.engine.begin() as db:  # a process that dies then
        assert len(table.claim_mail(db, world.clock.now, world.clock.now + notify.CLAIM_HOLDS)) == 1
    assert pass_time(world, box, 9) == 0
    assert pass_time(world, box, 1) == 1


def test_several_that_mail_at_once_mail_once(engine: Engine, box: Mailbox) -> None:
    world = World.new(engine, 1)
    add_admin(world)
    call_wrongly(world)
    look(world)
    sent: list[int] = []
    work = [
        threading.Thread(target=lambda: sent.append(notify.mail_due(engine, with_mail(box), world.clock)))
        for _ in range(4)
    ]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    assert sorted(sent) == [0, 0, 0, 1]
    assert len(box.mails) == 1


def test_what_is_long_over_is_forgotten(engine: Engine) -> None:
    world = World.new(engine, 1)
    call_wrongly(world)
    look(world)
    world.clock.advance(60)
    update(world)
    look(world)
    world.clock.advance(1)
    call_wrongly(world)
    look(world)
    with engine.begin() as db:
        table.drop_old(db, world.clock.now)
        assert [n.ended_at for n in db.execute(table.notices.select())] == [None]


# --- the words --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_kind_is_said_in_each_language(world: World, language: str) -> None:
    update(world)
    refuse_invoice(world, "1001")
    with world.engine.begin() as db:
        companies.note_problem(db, world.company.id, "Another\ncompany   file is open.", world.clock.now)
        account.regenerate_password(db, KEYS, world.company, world.clock.now, hours(24))
    look(world)
    said = [notify.say(notice, language) for notice in shown(world)]
    titles = [notify.headline(notice, language) for notice in shown(world)]
    world.clock.advance(3600)
    look(world)
    said += [notify.say(notice, language) for notice in shown(world) if notice.kind == Kind.SILENT]
    call_wrongly(world)
    look(world)
    said += [notify.say(notice, language) for notice in shown(world) if notice.kind == Kind.REFUSED]
    assert len(said) == len(Kind)
    assert len(titles) == 3
    assert any("Another company file is open." in one for one in said)
    assert not any("%(" in one for one in said)
    assert (language == "es") == all(" el " in one or "persona" in one for one in said)

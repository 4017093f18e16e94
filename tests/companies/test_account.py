"""A company's identities never change; its password does."""

import datetime as dt

import pytest
from freezegun import freeze_time

from qbwc_service.companies import account
from qbwc_service.connector.session import Sessions
from qbwc_service.db import companies
from qbwc_service.secrets import Keys, WrongKey

KEYS = Keys("k" * 64)
START = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)


def add(engine, name="ABC Company"):
    with engine.begin() as db:
        return account.add(db, KEYS, name, None, 5, START)


def logs_in(engine, username, password):
    return Sessions(engine, KEYS).authenticate(username, password, "127.0.0.1")[1] != "nvu"


def rotate(engine, company, at, grace=None):
    with engine.begin() as db:
        return account.regenerate_password(db, KEYS, company, at, grace)


def test_a_password_has_128_random_bits_and_is_never_the_same(engine):
    company, first = add(engine)
    made = {first.password} | {rotate(engine, company, START).password for _ in range(20)}
    assert len(made) == 21
    assert all(len(password) == 24 for password in made)  # 24 characters of 56: 139 bits


def test_the_old_password_dies_at_once(engine):
    company, old = add(engine)
    new = rotate(engine, company, START)
    assert not logs_in(engine, old.username, old.password)
    assert logs_in(engine, new.username, new.password)


def test_with_grace_the_old_password_lives_until_its_hour(engine):
    company, old = add(engine)
    new = rotate(engine, company, START, dt.timedelta(hours=24))
    with freeze_time(START + dt.timedelta(hours=23, minutes=59)):
        assert logs_in(engine, old.username, old.password)
        assert logs_in(engine, new.username, new.password)
    with freeze_time(START + dt.timedelta(hours=24)):
        assert not logs_in(engine, old.username, old.password)
        assert logs_in(engine, new.username, new.password)


def test_a_second_rotation_within_the_grace_ends_the_oldest(engine):
    company, oldest = add(engine)
    middle = rotate(engine, company, START, dt.timedelta(hours=24))
    newest = rotate(engine, company, START, dt.timedelta(hours=24))
    with freeze_time(START + dt.timedelta(hours=1)):
        assert [logs_in(engine, p.username, p.password) for p in (oldest, middle, newest)] == [False, True, True]


def test_a_right_password_succeeds_after_any_number_of_wrong_ones(engine):
    _, right = add(engine)
    for number in range(50):
        assert not logs_in(engine, right.username, f"wrong{number}")
    assert logs_in(engine, right.username, right.password)


@pytest.mark.parametrize("password", ["", "x", "x" * 10_000, "ñ", "\ud800", "'; --"])
def test_no_other_password_opens(engine, password):
    _, right = add(engine)
    assert not logs_in(engine, right.username, password)
    assert not logs_in(engine, "nobody", password)


def test_rotation_changes_nothing_else(engine):
    company, _ = add(engine)
    rotate(engine, company, START)
    with engine.connect() as db:
        assert companies.by_id(db, company.id) == company


def test_the_password_is_kept_sealed_and_shown_with_the_same_key_only(engine):
    company, made = add(engine)
    with engine.connect() as db:
        assert account.password_of(db, KEYS, company) == made.password
        with pytest.raises(WrongKey):
            account.password_of(db, Keys("other" * 10), company)
        stored = [str(row) for row in db.execute(companies.passwords.select())]
    assert made.password not in "".join(stored)


def test_a_name_is_taken_whatever_its_case(engine):
    add(engine, "ABC Company")
    with pytest.raises(account.NameTaken):
        add(engine, "abc company")


def test_companies_of_one_installation_share_the_owner_and_nothing_else(engine):
    one, _ = add(engine, "One")
    two, _ = add(engine, "Two")
    assert one.owner_id == two.owner_id
    assert one.file_id != two.file_id
    assert one.username != two.username


def test_a_removed_company_is_refused_and_comes_back_with_its_identities(engine):
    company, old = add(engine)
    with engine.begin() as db:
        companies.mark_removed(db, company.id, START)
    assert not logs_in(engine, old.username, old.password)
    again, new = add(engine)
    assert (again.owner_id, again.file_id, again.username) == (company.owner_id, company.file_id, company.username)
    assert not logs_in(engine, old.username, old.password)
    assert logs_in(engine, new.username, new.password)


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "x" * 201])
def test_a_name_that_cannot_be_is_refused(engine, name):
    with pytest.raises(account.WrongName):
        add(engine, name)

"""All of one company: taken along, and forgotten."""

import json
import sqlite3

import pytest
from sqlalchemy import select

from qbwc_service.companies import account
from qbwc_service.db import audit, companies, notices, of_company, people, tables, tokens, webhooks
from qbwc_service.db.notices import Kind
from qbwc_service.keeping import erase, export
from qbwc_service.keeping.failures import CannotKeep
from qbwc_service.posting import removal
from tests.faults.world import KEYS, World
from tests.orders import make_order
from tests.posting.test_quickbooks import poll

OTHER = "Another company"


@pytest.fixture
def world(engine):
    """A company with a row in each table that can hold one of its, and another company."""
    made = World.new(engine, 1)
    with made.gone():
        poll(made)
        made.send(make_order("1"))
        poll(made)
        now, mine = made.clock.now, made.company.id
        with engine.begin() as db:
            account.add(db, KEYS, OTHER, None, 5, now)
            user = people.put(db, email="ana@example.com", name="Ana", is_admin=True, now=now)
            people.set_viewers(db, mine, [], [user.id])
            notices.raise_one(db, mine, Kind.SILENT, "{}", now, now)
            facts = {"name": "shop", "token_mac": "m" * 64, "hint": "abcd", "rights": "", "made_by": "ana"}
            tokens.put(db, mine, **facts, now=now)
            hook = webhooks.put(db, mine, url="https://x.example", secret="s" * 30, made_by="ana", now=now)
            row = {"webhook_id": hook, "event_id": "e", "event": "document.posted", "body": "{}", "made_at": now}
            webhooks.put_deliveries(db, [{**row, "next_try_at": None}])
            audit.put(db, now=now, who="ana", act="order.sent", about="1", company_id=mine)
            audit.put(db, now=now, who="ana", act="company.installed", about=made.company.name)
            audit.put(db, now=now, who="ana", act="company.installed", about=OTHER)
            audit.put(db, now=now, who="ana", act="user.invited", about="x@example.com", detail=made.company.name)
        yield made


def test_each_table_is_a_companys_or_peoples():
    known = {part.table.name for part in of_company.PARTS} | {table.name for table in of_company.OF_PEOPLE}
    assert known == set(tables.metadata.tables)
    secrets = {"mac", "sealed", "secret", "token_mac", "ticket_mac", "password"}
    for part in of_company.PARTS:
        assert {column.name for column in part.table.columns} & secrets <= set(part.hidden), part.table.name


def test_an_export_holds_a_row_for_each_there_is_and_no_secret(world):
    with world.engine.connect() as db:
        of_company.hold_still(db)
        lines = list(export.lines(db, world.company.id, world.company.name, world.clock.now))
        sealed = db.execute(select(companies.passwords.c.sealed)).scalars().all()
    about, *rows = [json.loads(line) for line in lines]
    assert about["company"] == world.company.name
    assert {row["table"] for row in rows} == {part.table.name for part in of_company.PARTS}
    assert [row["number"] for row in rows if row["table"] == "orders"] == ["1"]
    (invoice,) = [row for row in rows if row["table"] == "jobs" and row["kind"] == "Invoice"]
    assert invoice["txn_id"] == world.books.invoices[0].txn_id
    text = "\n".join(lines)
    for secret in (*sealed, "m" * 64, "s" * 30, KEYS.mac("password", world.credentials.password), OTHER):
        assert secret not in text
    assert len([row for row in rows if row["table"] == "job_history"]) > 5


def test_only_a_company_that_was_removed_is_erased_and_only_by_its_name(world):
    with pytest.raises(erase.NotRemoved):
        erase.erase(world.engine, world.company.name, world.company.name)
    with world.engine.begin() as db:
        removal.remove(db, world.company, world.clock.now)
    with pytest.raises(CannotKeep, match="nothing was erased"):
        erase.erase(world.engine, world.company.name, world.company.name.lower())
    with pytest.raises(LookupError):
        erase.erase(world.engine, "Nobody", "Nobody")
    with world.engine.connect() as db:
        assert of_company.find(db, str(world.company.id)).name == world.company.name


def test_of_an_erased_company_nothing_is_left_and_of_others_all(world):
    def all_of_others():
        with world.engine.connect() as db:
            other = of_company.find(db, OTHER)
            return [repr(row) for part in of_company.PARTS for row in of_company.rows(db, part, other.id)]

    before = all_of_others()
    with world.engine.begin() as db:
        removal.remove(db, world.company, world.clock.now)
    name, rows = erase.erase(world.engine, world.company.name, world.company.name, sleep=lambda _: None)
    assert name == world.company.name
    assert rows > 10
    assert all_of_others() == before
    with world.engine.connect() as db:
        for part in of_company.PARTS:
            assert list(of_company.rows(db, part, world.company.id)) == [], part.table.name
        left = [(row.act, row.about) for row in audit.listed(db)]
        assert sorted(left) == [("company.installed", OTHER), ("user.invited", "x@example.com")]
        assert len(people.all_of_them(db)) == 1
    with world.engine.begin() as db:
        again, _ = account.add(db, KEYS, world.company.name, None, 5, world.clock.now)
    assert again.file_id != world.company.file_id


def test_the_commands(alone, tmp_path):
    with alone.qbwc.serving():
        alone.connector.poll()
        alone.add(make_order("1001", customer={"id": "C-1", "name": "Canary Customer"}))
        alone.connector.poll()
        exported = alone.qbwc.ok("company", "export", "ABC Company").splitlines()
        alone.qbwc.ok("company", "export", "ABC Company", "--output", str(tmp_path / "abc.jsonl"))
        assert len((tmp_path / "abc.jsonl").read_text().splitlines()) == len(exported)
        assert json.loads(exported[0])["qbwc_export"] == 1
        assert alone.qbwc.here.run("company", "export", "Nobody").returncode == 3
        done = alone.qbwc.run("company", "erase", "ABC Company", "--yes-i-mean", "ABC Company")
        assert done.returncode == 1
        assert "company remove" in done.stderr
        alone.qbwc.here.ok("company", "remove", "ABC Company")
        assert "QBWC1039" in alone.qbwc.ok("company", "erase", "ABC Company", "--yes-i-mean", "ABC Company")
    for name in ("qbwc.sqlite3", "qbwc.sqlite3-wal"):
        path = alone.qbwc.data_dir / name
        assert not path.exists() or b"Canary Customer" not in path.read_bytes()
    db = sqlite3.connect(alone.qbwc.data_dir / "qbwc.sqlite3")
    assert db.execute("SELECT count(*) FROM companies").fetchone() == (0,)
    db.close()

"""A database comes back from a backup: QuickBooks keeps what was posted since, and nothing is posted twice."""

import json
import random
import sqlite3

import pytest
from sqlalchemy import select

from qbwc_service.db import job_views
from qbwc_service.db import jobs as job_table
from qbwc_service.db.messages import messages
from qbwc_service.keeping.failures import CannotKeep, Damaged, Newer, Used
from qbwc_service.posting import queue
from qbwc_service.posting import send as sending
from tests.faults.judge import judge
from tests.ops.kept import Kept, held
from tests.orders import make_order


@pytest.fixture
def kept(tmp_path):
    made = Kept(tmp_path)
    yield made
    made.stop()


def state(kept, number):
    with kept.world.engine.connect() as db:
        return sending.state_of(db, kept.world.company, number)[0]


def order(number, **changes):
    return make_order(number, customer={"id": f"C-{int(number) % 3}", "name": f"Customer {int(number) % 3}"}, **changes)


# --- the whole way, by commands ---------------------------------------------------------------------------------------


def test_what_was_posted_after_the_backup_is_not_posted_again(place, tmp_path):
    backup = tmp_path / "backup"

    def send(*numbers):
        place.add(*(order(number) for number in numbers))

    place.qbwc.ok("settings", "ABC Company", "set", "send_bills=yes", "send_purchase_orders=yes")
    with place.qbwc.serving():
        send("1")
        place.connector.poll()
        send("2")
        place.qbwc.ok("backup", str(backup))
        place.connector.poll()
        send("4")
        place.connector.poll()
        before = held(place.books)
        assert sorted(before.values()) == [1] * 12
        refused = place.qbwc.run("restore", str(backup), "--force")
        assert refused.returncode == 1
        assert "stop it first" in refused.stderr
    done = place.qbwc.data("restore", str(backup), "--force")
    assert done["asked_first"] >= 4
    assert done["key_fits"] is True
    with place.qbwc.serving():
        assert place.state("2") == "waiting"
        send("4", "5")  # the order system hands in again what it sent since, and something new
        for _ in range(3):
            assert place.connector.poll().code == ""
        after = held(place.books)
        assert sorted(after.values()) == [1] * 16
        assert before < after
        assert {row["state"] for row in place.qbwc.data("job", "list")} == {"posted"}
        assert len(place.books.customers) == 2


def test_the_commands_say_what_they_did_and_what_is_lost(alone, tmp_path):
    said = alone.qbwc.ok("backup", str(tmp_path / "backup"))
    assert "secret key is not in it" in said
    assert alone.qbwc.run("backup", str(tmp_path / "backup")).returncode == 1
    said = alone.qbwc.ok("restore", str(tmp_path / "backup"))
    assert "Hand in the orders of that time again" in said
    (alone.qbwc.data_dir / "secret.key").write_text("g" * 64)
    assert "secret key is not the one" in alone.qbwc.ok("restore", str(tmp_path / "backup"), "--force")
    assert json.loads(alone.qbwc.ok("restore", "--already-restored", "--json"))["companies"] == 1
    assert alone.qbwc.run("restore").returncode == 2
    assert alone.qbwc.run("restore", str(tmp_path / "backup"), "--already-restored").returncode == 2


# --- what QuickBooks holds afterwards ---------------------------------------------------------------------------------


def test_what_never_reached_quickbooks_is_sent(kept):
    kept.poll()
    kept.world.send(order("1"))
    kept.backup()
    kept.restore()
    assert state(kept, "1") == "waiting"
    kept.poll()
    assert state(kept, "1") == "posted"
    assert set(kept.held().values()) == {1}
    assert judge(kept.world).faults == []


def test_a_message_that_was_at_quickbooks_at_the_time_of_the_backup_is_asked_for(kept):
    kept.poll()
    kept.world.send(order("1"))
    kept.world.send(order("2"))
    kept.poll(lose=lambda where: where == "process")
    kept.backup()
    kept.poll()
    before = kept.held()
    assert kept.restore().marked.in_flight > 0
    kept.poll()
    assert kept.held() == before
    assert judge(kept.world).faults == []


def test_a_message_set_id_of_the_lost_time_is_never_used_again(kept):
    """QuickBooks would answer for the message that it knows under that id."""
    kept.poll()
    kept.backup()
    for number in range(6):
        kept.world.send(order(str(number)))
        kept.poll()
    for number in ("91", "92"):
        (known,) = map(set, kept.world.books.message_sets.kept.values())
        kept.restore()
        kept.world.send(order(number))
        kept.poll()
        with kept.world.engine.connect() as db:
            used = set(db.execute(select(messages.c.set_id).where(messages.c.set_id.is_not(None))).scalars())
        assert used
        assert not used & known
    assert set(kept.held().values()) == {1}


def test_a_document_that_needed_a_person_is_asked_for_when_it_is_tried_again(kept):
    def retry():
        with kept.world.engine.begin() as db:
            invoice = job_table.by_records(db, kept.world.company.id, ["invoice:1"])["invoice:1"]
            queue.retry(db, job_table.hold(db, [invoice.id]), kept.world.clock.now)
        kept.poll()

    kept.poll()
    kept.world.books.faults.refuse_next("InvoiceAdd", 3140)
    kept.world.send(order("1"))
    kept.poll()
    assert state(kept, "1") == "attention"
    kept.backup()
    retry()
    assert state(kept, "1") == "posted"
    before = kept.held()
    assert kept.restore().marked.of_persons == 1
    retry()
    assert state(kept, "1") == "posted"
    assert kept.held() == before


def test_long_after_the_restore_only_old_orders_are_asked_for(kept):
    kept.poll()
    kept.backup()
    kept.restore()
    kept.world.clock.advance(40 * 86400)
    kept.world.send(order("1", completed_at=kept.world.clock.now.isoformat()))
    kept.world.send(order("2"))
    with kept.world.engine.connect() as db:
        states = {
            number: {job.state for job in job_views.of_order(db, kept.world.company.id, order_id)}
            for number, order_id in (("1", 1), ("2", 2))
        }
    assert "in_doubt" not in states["1"]
    assert "in_doubt" in states["2"]


def test_more_documents_than_one_message_can_ask_for_are_all_settled(kept):
    kept.poll()
    for number in range(1, 81):
        kept.world.send(order(str(number)))
    kept.backup()
    kept.poll()
    before = kept.held()
    assert kept.restore().marked.asked_first > 250
    for _ in range(5):
        kept.poll()
    assert kept.held() == before
    assert judge(kept.world).faults == []


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happened_between_backup_and_restore_each_order_stands_once(tmp_path, seed):
    """Orders, connections that are lost and updates at random; backups in the middle of them, and restores."""
    draw = random.Random(seed)
    kept = Kept(tmp_path, seed, macros=draw.choice(["yes", "no"]), batch=draw.choice([1, 3, 250]))
    sent: list[str] = []
    backups: list[str] = []
    try:
        for step in range(14):
            for _ in range(draw.choice([0, 1, 1, 3])):
                sent.append(str(len(sent) + 1))
                kept.world.send(order(sent[-1]))
            kept.poll(lose=lambda where: draw.random() < 0.15)
            if draw.random() < 0.25:
                backups.append(f"backup-{step}")
                kept.backup(backups[-1])
            if backups and draw.random() < 0.2:
                kept.restore(draw.choice(backups))
                for number in sent:  # the order system hands in all that it ever did
                    kept.world.send(order(number))
        for _ in range(12):
            kept.world.clock.advance(600)
            kept.poll()
        verdict = judge(kept.world)
        assert (verdict.faults, verdict.attention) == ([], 0)
        assert len(kept.world.books.invoices) == len(sent)
        assert set(kept.held().values()) == {1}
    finally:
        kept.stop()


# --- the file ---------------------------------------------------------------------------------------------------------


def test_a_newer_database_is_not_overwritten_unless_forced(kept):
    kept.backup()
    kept.world.clock.advance(1)
    kept.world.send(order("1"))
    with pytest.raises(Newer):
        kept.restore(force=False)
    assert state(kept, "1") == "waiting"
    aside = kept.restore().aside
    with pytest.raises(sending.UnknownOrder):
        state(kept, "1")
    db = sqlite3.connect(aside)
    assert db.execute("SELECT number FROM orders").fetchall() == [("1",)]
    db.close()


def test_a_database_that_somebody_has_open_is_not_overwritten(kept):
    kept.backup()
    other = sqlite3.connect(kept.folder / "qbwc.sqlite3")
    assert other.execute("SELECT count(*) FROM companies").fetchone() == (1,)
    with pytest.raises(Used):
        kept.restore()
    other.close()


def test_a_backup_is_one_whole_file_made_in_the_middle_of_a_writing(kept):
    for number in range(1, 20):
        kept.world.send(order(str(number)))
    with kept.world.engine.begin() as db:
        db.exec_driver_sql("DELETE FROM orders")
        path = kept.backup()
        db.rollback()
    assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(found.name for found in kept.folder.glob("backup*")) == ["backup"]
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert db.execute("SELECT count(*) FROM orders").fetchone() == (19,)
    db.close()


def test_a_file_that_is_no_backup_changes_nothing(kept):
    kept.world.send(order("1"))
    whole = kept.backup().read_bytes()
    torn = bytearray(whole)
    torn[8192:40960] = b"\xff" * (40960 - 8192)
    foreign = sqlite3.connect(kept.folder / "foreign")
    foreign.execute("CREATE TABLE things (id)")
    foreign.commit()
    foreign.close()
    (kept.folder / "text").write_bytes(b"no database at all" * 100)
    (kept.folder / "half").write_bytes(whole[: len(whole) // 2])
    (kept.folder / "torn").write_bytes(torn)
    for name in ("text", "half", "torn", "foreign"):
        with pytest.raises(Damaged):
            kept.restore(name)
    with pytest.raises(CannotKeep, match="no file"):
        kept.restore("missing")
    assert state(kept, "1") == "waiting"
    assert [path.name for path in kept.folder.glob("*restor*")] == []


def test_a_backup_of_a_newer_version_is_refused(kept):
    path = kept.backup()
    db = sqlite3.connect(path)
    db.execute("UPDATE alembic_version SET version_num = '9999'")
    db.commit()
    db.close()
    with pytest.raises(CannotKeep, match="newer version"):
        kept.restore()

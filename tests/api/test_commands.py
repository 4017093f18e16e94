"""The commands beside the API: tokens for programs, and orders sent in a user's name."""

import datetime as dt
import json
import pathlib
from dataclasses import dataclass
from typing import Any

import pytest
from click.testing import CliRunner
from werkzeug.test import Client

from qbwc_service import api
from qbwc_service.cli import main
from qbwc_service.db import audit, people
from qbwc_service.db.engine import open_engine
from qbwc_service.secrets import Keys
from qbwc_service.settings import read
from tests.orders import as_text, make_order


@dataclass
class Here:
    """The `qbwc` command within this process: a process for each would take most of the time."""

    data_dir: pathlib.Path

    def run(self, *arguments: str, stdin: str = "") -> Any:
        return CliRunner().invoke(main, arguments, input=stdin, env={"QBWC_DATA_DIR": str(self.data_dir)})

    def ok(self, *arguments: str, stdin: str = "") -> str:
        done = self.run(*arguments, stdin=stdin)
        assert done.exit_code == 0, (arguments, done.output, done.exception)
        return str(done.stdout)

    def data(self, *arguments: str, stdin: str = "") -> Any:
        return json.loads(self.ok(*arguments, "--json", stdin=stdin))


@pytest.fixture(scope="module")
def qbwc(tmp_path_factory):
    command = Here(tmp_path_factory.mktemp("data"))
    command.ok("init")
    command.ok("company", "add", "ABC Company")
    command.ok("settings", "ABC Company", "set", "allow_bills=no")
    return command


@pytest.fixture(scope="module")
def engine(qbwc):
    opened = open_engine(f"sqlite:///{qbwc.data_dir / 'qbwc.sqlite3'}")
    yield opened
    opened.dispose()


@pytest.fixture(scope="module")
def client(qbwc, engine):
    """-> the API over the database that the commands work on."""
    settings = read({"QBWC_DATA_DIR": str(qbwc.data_dir)})
    return Client(api.application(settings, engine, Keys(settings.secret_key or "")))


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def add_user(engine, email, **changes):
    with engine.begin() as db:
        user = people.put(db, email=email, name=email, is_admin=False, now=dt.datetime.now(dt.UTC))
        people.change(db, user.id, **{"is_admin": False, **changes})


def trail(engine, act):
    with engine.connect() as db:
        return [(row.who, row.about) for row in audit.listed(db) if row.act == act]


def test_a_token_opens_its_company_until_it_is_revoked(qbwc, engine, client):
    made = qbwc.data("token", "add", "ABC Company", "shop", "--right", "invoice")
    assert (made["name"], made["rights"]) == ("shop", ["invoice"])
    assert client.get("/api/v1/company", headers=bearer(made["token"])).json["token"]["rights"] == ["invoice"]
    (listed,) = qbwc.data("token", "list", "ABC Company")
    assert (listed["id"], listed["made_by"], listed["ends"]) == (made["id"], "command", made["token"][-4:])
    assert listed["used_at"] is not None
    assert made["token"] not in qbwc.ok("token", "list")
    assert "shop" in qbwc.ok("token", "revoke", "ABC Company", str(made["id"]))
    assert client.get("/api/v1/company", headers=bearer(made["token"])).status_code == 401
    again = qbwc.run("token", "revoke", "ABC Company", str(made["id"]))
    assert (again.exit_code, again.stdout) == (3, "")
    assert ("command", "shop") in trail(engine, "token.revoked")


def test_the_database_holds_no_token(qbwc):
    token = qbwc.data("token", "add", "ABC Company", "canary")["token"]
    for path in qbwc.data_dir.glob("qbwc.sqlite3*"):
        assert token.encode() not in path.read_bytes()


def test_a_token_without_a_right_and_one_that_cannot_be(qbwc):
    assert qbwc.data("token", "add", "ABC Company", "reader", "--right", "none")["rights"] == []
    assert qbwc.run("token", "add", "ABC Company", "x", "--right", "none", "--right", "bill").exit_code == 2
    assert qbwc.run("token", "add", "ABC Company", " ").exit_code == 1
    assert qbwc.run("token", "add", "Nobody", "x").exit_code == 3
    assert qbwc.run("token", "revoke", "ABC Company", "99999999999").exit_code == 3


def test_a_preview_is_what_a_dry_run_prints(qbwc, client):
    qbwc.ok("order", "add", "ABC Company", "-", stdin=as_text(make_order("1")))
    token = qbwc.data("token", "add", "ABC Company", "previews")["token"]
    printed = qbwc.data("order", "send", "ABC Company", "1", "--bill", "--dry-run")
    told = client.post("/api/v1/orders/1/preview", json={"bill": True}, headers=bearer(token))
    assert told.json == printed
    assert json.dumps(told.json) != "{}"


def test_an_order_is_sent_in_the_name_of_a_user_with_what_they_may_send(qbwc, engine):
    add_user(engine, "ben@example.com")
    qbwc.ok("order", "add", "ABC Company", "-", stdin=as_text(make_order("2")))
    refused = qbwc.run("order", "send", "ABC Company", "2", "--bill", "--by", "Ben@Example.com")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "bills" in refused.stderr
    assert qbwc.data("order", "show", "ABC Company", "2")["state"] == "new"
    assert qbwc.data("order", "send", "ABC Company", "2", "--by", "ben@example.com")["state"] == "waiting"
    assert trail(engine, "order.sent")[0] == ("ben@example.com", "2")
    added = qbwc.data(
        "order", "add", "ABC Company", "-", "--send", "--by", "ben@example.com", stdin=as_text(make_order("3"))
    )
    assert added["orders"][0]["state"] == "waiting"
    assert trail(engine, "order.added")[0] == ("ben@example.com", "3")
    assert trail(engine, "order.added")[1] == ("command", "2")


def test_a_user_who_is_not_there_sends_nothing(qbwc, engine):
    add_user(engine, "gone@example.com", disabled_at=dt.datetime.now(dt.UTC))
    for email in ("nobody@example.com", "gone@example.com"):
        done = qbwc.run("order", "add", "ABC Company", "-", "--send", "--by", email, stdin=as_text(make_order("4")))
        assert (done.exit_code, done.stdout) == (3, "")
    assert qbwc.run("order", "show", "ABC Company", "4").exit_code == 3

"""`qbwc user`: people at the pages, from the shell."""

import pathlib

import pytest

from qbwc_service.db import people
from qbwc_service.db.engine import open_engine
from qbwc_service.sign_in import hash_password
from tests.service import Qbwc


@pytest.fixture(scope="module")
def qbwc(tmp_path_factory: pytest.TempPathFactory) -> Qbwc:
    folder: pathlib.Path = tmp_path_factory.mktemp("user")
    made = Qbwc(folder)
    made.init()
    return made


def states(qbwc: Qbwc) -> dict[str, tuple[str, bool]]:
    return {row["email"]: (row["state"], row["admin"]) for row in qbwc.here.data("user", "list")}


def test_somebody_is_added_with_a_link_and_a_name(qbwc: Qbwc) -> None:
    told = qbwc.here.ok("user", "add", "ana@example.com", "--name", "Ana Ruiz", "--admin")
    assert "Ana Ruiz chooses a password here" in told
    assert f"{qbwc.url}/welcome/" in told
    assert qbwc.here.data("user", "add", "ben@example.com")["name"] == "ben"
    assert states(qbwc) == {"ana@example.com": ("invited", True), "ben@example.com": ("invited", False)}
    again = qbwc.here.run("user", "add", "Ana@example.com")
    assert again.returncode == 1
    assert "somebody has the address" in again.stderr
    assert qbwc.here.run("user", "add", "nonsense").returncode == 1


def test_a_new_link_replaces_the_one_before(qbwc: Qbwc) -> None:
    first, second = (qbwc.here.data("user", "link", "ben@example.com")["link"] for _ in range(2))
    assert first != second


def test_somebody_is_disabled_enabled_and_made_an_admin(qbwc: Qbwc) -> None:
    qbwc.here.ok("user", "disable", "BEN@example.com")
    refused = qbwc.here.run("user", "link", "ben@example.com")
    assert refused.returncode == 1
    assert "enable them first" in refused.stderr
    assert states(qbwc)["ben@example.com"] == ("disabled", False)
    qbwc.here.ok("user", "enable", "ben@example.com")
    qbwc.here.ok("user", "admin", "ben@example.com")
    assert states(qbwc)["ben@example.com"] == ("invited", True)
    qbwc.here.ok("user", "admin", "ben@example.com", "--no")
    assert states(qbwc)["ben@example.com"] == ("invited", False)


def test_the_last_admin_stays(qbwc: Qbwc) -> None:
    engine = open_engine(f"sqlite:///{qbwc.data_dir / 'qbwc.sqlite3'}")
    with engine.begin() as db:
        ana = people.by_email(db, "ana@example.com")
        assert ana is not None
        people.change(db, ana.id, password=hash_password("a good long phrase"))
    engine.dispose()
    for arguments in (("disable", "ana@example.com"), ("admin", "ana@example.com", "--no")):
        refused = qbwc.here.run("user", *arguments)
        assert refused.returncode == 1
        assert "is the only admin" in refused.stderr
    assert states(qbwc)["ana@example.com"] == ("active", True)


@pytest.mark.parametrize("command", ["link", "admin"])
def test_nobody_of_that_address_is_said_so(qbwc: Qbwc, command: str) -> None:
    refused = qbwc.here.run("user", command, "who@example.com")
    assert refused.returncode == 3
    assert "nobody with the address who@example.com" in refused.stderr

"""The units as printed: systemd finds no fault in them, and what they say starts, works and ends."""

import os
import pathlib
import shutil
import subprocess

import pytest

from qbwc_service import settings
from qbwc_service.server import USUAL
from qbwc_service.ticker import STOP_WITHIN_SECONDS
from tests.deploy.machine import Machine, environment_file, get, value
from tests.orders import as_text, make_order

NIGHTLY = ("qbwc-nightly.service", "qbwc-nightly.timer")


def verified(folder: pathlib.Path, *names: str) -> str:
    """-> what systemd has to say about units: nothing, when they are good."""
    program = shutil.which("systemd-analyze")
    if program is None and os.environ.get("CI") == "true":
        pytest.fail("systemd-analyze is missing, and CI must have it")
    if program is None:
        pytest.skip("no systemd-analyze on this machine")
    done = subprocess.run(
        [program, "verify", "--man=no", *(str(folder / name) for name in names)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return f"{done.stdout}{done.stderr}" + (f"exit {done.returncode}" if done.returncode else "")


@pytest.fixture
def machine(tmp_path):
    made = Machine(tmp_path / "m")
    made.has_secret_key()
    return made


@pytest.mark.parametrize("variant", [(), ("--gunicorn",)], ids=["serve", "gunicorn"])
def test_systemd_finds_no_fault_in_the_units(machine, tmp_path, variant):
    (tmp_path / "qbwc.service").write_text(machine.printed("systemd", *variant))
    for name in NIGHTLY:
        (tmp_path / name).write_text(machine.printed("systemd", "--unit", name))
    assert verified(tmp_path, "qbwc.service", *NIGHTLY) == ""


@pytest.mark.parametrize(
    ("good", "bad"), [("KillMode=", "KilMode="), ("Type=exec", "Type=exce"), ("ExecStart=/", "ExecStart=/nowhere/")]
)
def test_systemd_would_tell_of_a_slip(machine, tmp_path, good, bad):
    text = machine.printed("systemd")
    assert good in text
    (tmp_path / "qbwc.service").write_text(text.replace(good, bad))
    assert verified(tmp_path, "qbwc.service") != ""


@pytest.fixture
def confined_machine(machine):
    """A machine whose processes can be kept from writing elsewhere, as the unit has it."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("only root can take the file system away from a process")
    return machine


def test_the_unit_runs_where_it_may_write_in_its_own_folders_alone(confined_machine):
    machine = confined_machine
    machine.has_settings("--server-name", "localhost")
    unit = machine.printed("systemd", "--user", "root")
    environment = machine.environment(unit)
    for place, works in ((machine.etc, False), (machine.state / "qbwc", True)):
        tried = subprocess.run(
            machine.confined(["touch", str(place / "x")]), env=environment, check=False, capture_output=True
        )
        assert (tried.returncode == 0) is works
    with machine.running(unit, confined=True):
        script = machine.root / "qbwc-admin"
        script.write_text(machine.printed("command", "--user", "root"))

        def admin(*words: str, stdin: str = "") -> str:
            done = subprocess.run(
                ["sh", str(script), *words],
                env=machine.outside,
                input=stdin,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            return done.stdout

        assert "https://localhost/welcome/" in admin("init")
        admin("company", "add", "ABC Company")
        admin("order", "add", "ABC Company", "-", "--send", stdin=as_text(make_order("1001")))
        assert get(machine.port, "/readyz") == 200
        backup, _, prune = machine.once(machine.printed("systemd", "--unit", NIGHTLY[0], "--user", "root"))
        assert (backup.returncode, prune.returncode) == (0, 0), (backup.stderr, prune.stderr)
        (made,) = (machine.state / "qbwc-backups").iterdir()
        assert made.stat().st_mode & 0o777 == 0o600
        assert made.read_bytes().startswith(b"SQLite format 3")
    kept = {path.name for path in (machine.state / "qbwc").iterdir()}
    assert "secret.key" not in kept
    assert "qbwc.sqlite3" in kept


def test_a_script_and_systemd_read_the_same_settings(machine):
    machine.has_settings("--postgres", "--server-name", "books.example.com", QBWC_MAIL_FROM="Books <b@example.com>")
    file = machine.etc / "qbwc.env"
    found = environment_file(file.read_text())
    said = subprocess.run(
        ["sh", "-c", f"set -a; . {file}; env -0"], env={}, capture_output=True, text=True, check=True
    ).stdout
    by_shell = dict(entry.split("=", 1) for entry in said.split("\0") if entry)
    assert {name: by_shell.get(name) for name in found} == found
    read = settings.read({**found, "QBWC_SECRET_KEY": "x" * 32, "QBWC_SMTP_URL": "smtps://mail.example.com"})
    assert read.public_url == "https://books.example.com"
    assert read.port == machine.port
    assert read.database_url == "postgresql+psycopg://qbwc@/qbwc?host=/run/postgresql"
    assert {str(network) for network in read.trusted_proxies} == {"127.0.0.1/32", "::1/128"}


def test_the_units_leave_what_ends_more_time_than_it_takes(machine):
    unit = machine.printed("systemd", "--gunicorn")
    machine.has_settings()
    environment = machine.environment(unit)
    told = subprocess.run(
        [*machine.command(value(unit, "ExecStart")), "--print-config"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    config = {name: said for name, _, said in (line.partition("=") for line in told.splitlines())}
    config = {name.strip(): said.strip() for name, said in config.items()}
    stop = int(value(unit, "TimeoutStopSec"))
    assert int(config["graceful_timeout"]) + 10 < stop
    assert config["workers"] == "2"
    assert config["bind"] == f"['127.0.0.1:{machine.port}']"
    assert USUAL.drain_seconds + 5 + STOP_WITHIN_SECONDS < stop
    assert int(value(machine.printed("systemd"), "TimeoutStopSec")) == stop

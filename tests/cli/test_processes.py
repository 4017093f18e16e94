"""Each command once as what it is: a process with its own environment, output and exit code."""

from qbwc_service.cli import COMMANDS
from qbwc_service.db import schema
from tests.orders import as_text, make_order
from tests.service import Qbwc

LONG_RUNNING = {"serve", "simulate", "demo"}
"""They are processes wherever a test has them."""

NOT_FOUND, NEEDS_ATTENTION = 3, 4


def test_every_command_is_a_process_that_does_its_work(tmp_path):
    place, backup = tmp_path / "place", tmp_path / "backup"
    place.mkdir()
    qbwc, told = Qbwc(place, forked=False), {}

    def run(*arguments, code=0, stdin=None):
        done = qbwc.run(*arguments, stdin=stdin)
        assert (arguments, done.returncode) == (arguments, code), done.stderr
        told[arguments[0]] = done.stdout
        return done.stdout

    assert str(place) in run("init")
    assert f"version {schema.HEAD}" in run("migrate")
    run("company", "add", "ABC Company")
    run("settings", "ABC Company", "set", "send_bills=yes")
    run("user", "add", "ana@example.com", "--admin")
    run("token", "add", "ABC Company", "shop")
    run("link", "customer", "ABC Company", "C-9", "80000001-1234567890", code=NOT_FOUND)  # no list was read yet
    run("order", "add", "ABC Company", "-", "--send", stdin=as_text(make_order()))
    run("backup", str(backup))
    assert "Invoice" in run("job", "list")
    assert "QBWCXML" in run("qwc")
    run("regenerate-password", "--grace", "1h")
    run("list", "accounts")
    run("explain", "3100")
    run("prune", "--dry-run")
    run("deploy", "systemd")
    assert "ABC Company" in run("status")
    assert "never called yet" in run("doctor", code=NEEDS_ATTENTION)
    run("restore", str(backup), "--force")
    assert '"in_doubt"' in run("job", "list", "--state", "in_doubt", "--json")
    assert set(told) == set(COMMANDS) - LONG_RUNNING

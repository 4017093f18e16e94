"""The folder in memory that a run of the tests writes in takes nothing away from another run, and leaves nothing."""

import os
import pathlib
import subprocess
import sys
import tempfile

import pytest

from tests import scratch


@pytest.fixture
def memory(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setattr(scratch, "_MEMORY", tmp_path)
    monkeypatch.setattr(scratch, "_ROOM_BYTES", 1)
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.delenv("TMPDIR", raising=False)
    return tmp_path


def test_a_run_writes_in_a_folder_of_its_own_until_it_gives_it_back(memory: pathlib.Path) -> None:
    folder = scratch.take()
    assert folder is not None
    assert (folder.parent, os.environ["TMPDIR"], tempfile.gettempdir()) == (memory, str(folder), str(folder))
    scratch.give_back(folder)
    assert list(memory.iterdir()) == []
    assert "TMPDIR" not in os.environ


HELD = "import fcntl, sys; lock = open(sys.argv[1], 'wb'); fcntl.flock(lock, fcntl.LOCK_EX); print(flush=True); input()"


def test_what_a_run_left_goes_once_it_has_ended(memory: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left, running, other = (memory / name for name in ("qbwc-tests-a", "qbwc-tests-b", "qbwc-tests-notes"))
    for folder in (left, running, other):
        folder.mkdir()
    (left / "lock").touch()
    command = [sys.executable, "-c", HELD, str(running / "lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        run.stdout.readline()
        mine = scratch.take()
        assert mine is not None
        assert [left.exists(), running.exists(), other.exists()] == [False, True, True]
        run.communicate(b"\n")
    monkeypatch.delenv("TMPDIR")
    assert scratch.take() is not None
    assert [running.exists(), mine.exists()] == [False, True]


def test_a_folder_that_is_given_is_used(memory: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(memory))
    assert scratch.take() is None


def test_without_room_in_memory_nothing_is_taken(memory: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "_ROOM_BYTES", 2**60)
    assert scratch.take() is None
    monkeypatch.setattr(scratch, "_MEMORY", memory / "nowhere")
    monkeypatch.setattr(scratch, "_ROOM_BYTES", 1)
    assert scratch.take() is None

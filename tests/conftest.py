"""What tests share: databases of both kinds, and a service that runs as a process of its own."""

import os
import pathlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine

from qbwc_service.db.engine import open_engine
from tests import imported, migrated, postgres, scratch, statements
from tests.reused import Reused

statements.share()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """For `-n auto`: half as many again as there are cores, since much of the time is spent waiting for processes.

    Twice as many are a tenth faster, and wear out the patience of those that look at what is slow.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores * 3 // 2)


_SCRATCH = pytest.StashKey[pathlib.Path]()


def pytest_configure(config: pytest.Config) -> None:
    """A worker of pytest-xdist writes where the process that started it does."""
    if not hasattr(config, "workerinput") and (folder := scratch.take()) is not None:
        config.stash[_SCRATCH] = folder


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    folder = session.config.stash.get(_SCRATCH, None)
    if folder is not None and exitstatus == pytest.ExitCode.OK:
        scratch.give_back(folder)


@pytest.fixture(scope="session", autouse=True)
def _no_process_is_left() -> Iterator[None]:
    yield
    imported.close()


def _unavailable(what: str) -> NoReturn:
    """Under CI a missing part is a failure; elsewhere its tests are skipped."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is missing, and CI must have it")
    pytest.skip(f"no {what} on this machine")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """-> the URL of a PostgreSQL to make databases in: the one given, or a cluster of our own on a unix socket."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    with postgres.running(postgres_programs()) as cluster:
        yield cluster.url


def postgres_programs() -> pathlib.Path:
    """-> the folder of PostgreSQL's programs; skips without them."""
    return postgres.binaries() or _unavailable("PostgreSQL")


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """-> the URL of a new, empty PostgreSQL database."""
    with _postgresql(postgres_server) as url:
        yield url


@contextmanager
def _postgresql(server: str) -> Iterator[str]:
    name = f"t{uuid.uuid4().hex}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as db:
        db.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield server.replace("/postgres?", f"/{name}?")
    finally:
        with admin.connect() as db:
            db.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> str:
    """-> the URL of an empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'qbwc.sqlite3'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture(scope="session")
def reused_postgresql(postgres_server: str) -> Iterator[Reused]:
    reused = Reused(postgres_server)
    yield reused
    reused.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[Engine]:
    """-> a database with our tables, once of each kind."""
    if request.param == "sqlite":
        path = tmp_path / "qbwc.sqlite3"
        migrated.make(path)
        yield from _opened(f"sqlite:///{path}")
        return
    reused = request.getfixturevalue("reused_postgresql")
    yield from _opened(reused.take())
    reused.give_back()


def _opened(url: str) -> Iterator[Engine]:
    opened = open_engine(url)
    yield opened
    opened.dispose()

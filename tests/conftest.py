"""What tests share: databases of both kinds, and a service that runs as a process of its own."""

import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine

from qbwc_service.db import schema
from qbwc_service.db.engine import open_engine


def _unavailable(what: str) -> None:
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
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = shutil.which("initdb") or (str(found[-1]) if found else None)
    if initdb is None:
        _unavailable("PostgreSQL")
    binaries = pathlib.Path(str(initdb)).parent
    root = pathlib.Path(tempfile.mkdtemp(prefix="qbwc-pg-"))
    as_user: dict[str, object] = {}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        user = pwd.getpwnam("postgres")
        os.chown(root, user.pw_uid, user.pw_gid)
        as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}

    def run(*command: str) -> None:
        subprocess.run(
            [str(binaries / command[0]), *command[1:]],
            check=True,
            cwd=root,
            env={**os.environ, "LC_ALL": "C.UTF-8", "HOME": str(root)},
            stdout=subprocess.DEVNULL,
            **as_user,  # type: ignore[call-overload]
        )

    data = str(root / "data")
    options = f"-k {root} -c listen_addresses='' -c fsync=off -c full_page_writes=off -c max_connections=200"
    run("initdb", "-D", data, "-U", "qbwc", "-A", "trust", "-E", "UTF8", "--no-sync")
    run("pg_ctl", "-D", data, "-w", "-l", str(root / "log"), "-o", options, "start")
    try:
        yield f"postgresql+psycopg://qbwc@/postgres?host={root}"
    finally:
        run("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """-> the URL of a new, empty PostgreSQL database."""
    name = f"t{uuid.uuid4().hex}"
    admin = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with admin.connect() as db:
        db.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield postgres_server.replace("/postgres?", f"/{name}?")
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


@pytest.fixture
def engine(empty_url: str) -> Iterator[Engine]:
    """-> a database with our tables, once of each kind."""
    opened = open_engine(empty_url)
    schema.migrate(opened)
    yield opened
    opened.dispose()

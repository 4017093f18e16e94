"""A PostgreSQL database, dumped and loaded by PostgreSQL's own programs."""

import os
import pathlib
import shutil
import subprocess

from sqlalchemy import make_url, text
from sqlalchemy.engine import Engine

from .failures import CannotKeep


def dump(url: str, target: pathlib.Path) -> None:
    """Writes the database as pg_dump's custom format, readable by its owner alone. Raises CannotKeep."""
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise CannotKeep(f"{target}: {error.strerror}") from None
    try:
        _run("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def load(url: str, source: pathlib.Path) -> None:
    """Replaces what the database holds, in one transaction: all of it, or nothing. Raises CannotKeep."""
    _run(
        "pg_restore",
        url,
        "--clean",
        "--if-exists",
        "--no-owner",
        "--no-privileges",
        "--single-transaction",
        "--exit-on-error",
        str(source),
    )


def is_used(engine: Engine) -> bool:
    """Whether anybody else is connected to the database."""
    others = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND backend_type = 'client backend'"
    )
    with engine.connect() as db:
        return bool(db.execute(text(others)).scalar_one())


def _run(program: str, url: str, *arguments: str) -> None:
    found = shutil.which(program)
    if found is None:
        raise CannotKeep(
            f"{program} is not installed here. PostgreSQL is backed up by its own pg_dump and pg_restore "
            "(--format=custom); after a pg_restore run `qbwc restore --already-restored`"
        )
    parsed = make_url(url)
    # The password goes by the environment: arguments can be read by everybody on the machine.
    environment = dict(os.environ)
    if parsed.password is not None:
        environment["PGPASSWORD"] = str(parsed.password)
    name = parsed.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    done = subprocess.run(  # noqa: S603  the program was found by us, and no argument is a shell's
        [found, f"--dbname={name}", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise CannotKeep(" ".join(f"{program}: {done.stderr}".split())[:500])

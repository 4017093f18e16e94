"""A PostgreSQL of our own, on a unix socket in a folder, which a test may stop and start."""

import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


def binaries() -> pathlib.Path | None:
    """-> the folder of PostgreSQL's programs; None where there is none on this machine."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = shutil.which("initdb") or (str(found[-1]) if found else None)
    return None if initdb is None else pathlib.Path(initdb).parent


class Cluster:
    """A cluster that need not survive a power cut. `url` is of its database `postgres`."""

    def __init__(self, programs: pathlib.Path, root: pathlib.Path) -> None:
        self._programs, self._root = programs, root
        self._as_user: dict[str, object] = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            user = pwd.getpwnam("postgres")
            os.chown(root, user.pw_uid, user.pw_gid)
            self._as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self._run("initdb", "-U", "qbwc", "-A", "trust", "-E", "UTF8", "--no-sync")

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://qbwc@/postgres?host={self._root}"

    def start(self) -> None:
        options = f"-k {self._root} -c listen_addresses='' -c fsync=off -c full_page_writes=off -c max_connections=200"
        self._run("pg_ctl", "-w", "-l", str(self._root / "log"), "-o", options, "start")

    def stop(self) -> None:
        """At once, as if it had crashed."""
        self._run("pg_ctl", "-m", "immediate", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._programs / program), "-D", str(self._root / "data"), *arguments],
            check=True,
            cwd=self._root,
            env={**os.environ, "LC_ALL": "C.UTF-8", "HOME": str(self._root)},
            stdout=subprocess.DEVNULL,
            **self._as_user,  # type: ignore[call-overload]
        )


@contextmanager
def running(programs: pathlib.Path) -> Iterator[Cluster]:
    root = pathlib.Path(tempfile.mkdtemp(prefix="qbwc-pg-"))
    try:
        cluster = Cluster(programs, root)
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(root, ignore_errors=True)

"""Ways in which a database is away from a running service, and comes back."""

import contextlib
import os
import pathlib
import resource
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import pytest

from qbwc_service.simulator import Company
from tests import postgres
from tests.service import Qbwc


class Outage(Protocol):
    def begin(self) -> None: ...

    def end(self) -> None: ...


@dataclass
class FullDisk:
    """The disk that the database lies on has no room left."""

    folder: pathlib.Path

    def begin(self) -> None:
        with contextlib.suppress(OSError), self._filler.open("wb", buffering=0) as file:
            for size in (1_000_000, 1000, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(b"x" * size)

    def end(self) -> None:
        self._filler.unlink()

    @property
    def _filler(self) -> pathlib.Path:
        return self.folder / "filler"


@dataclass
class FailingWrites:
    """The system refuses every write into a file, also into the log."""

    pid: int

    def begin(self) -> None:
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))

    def end(self) -> None:
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@dataclass
class PostgresGone:
    """PostgreSQL was stopped as by a crash, with all its connections."""

    cluster: postgres.Cluster

    def begin(self) -> None:
        self.cluster.stop()

    def end(self) -> None:
        self.cluster.start()


@contextlib.contextmanager
def small_disk(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """-> a folder on a file system of its own, of 64 MB; skips who may not make one."""
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if made.returncode != 0:
        pytest.skip("no file system can be made here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextlib.contextmanager
def on_a_full_disk(folder: pathlib.Path) -> Iterator[tuple[Qbwc, Outage]]:
    if os.geteuid() != 0:
        pytest.skip("only root can make a file system")
    with small_disk(folder / "disk") as disk:
        qbwc = Qbwc(disk)
        qbwc.ok("init")
        with qbwc.serving():
            yield qbwc, FullDisk(disk)


@contextlib.contextmanager
def with_failing_writes(folder: pathlib.Path) -> Iterator[tuple[Qbwc, Outage]]:
    qbwc = Qbwc(folder)
    qbwc.ok("init")
    with qbwc.serving() as process:
        yield qbwc, FailingWrites(process.pid)


@contextlib.contextmanager
def without_postgres(folder: pathlib.Path, programs: pathlib.Path) -> Iterator[tuple[Qbwc, Outage]]:
    with postgres.running(programs) as cluster:
        qbwc = Qbwc(folder, database_url=cluster.url)
        qbwc.ok("init")
        qbwc.ok("migrate")
        with qbwc.serving():
            yield qbwc, PostgresGone(cluster)


class Between:
    """A company file, with which something happens when QuickBooks has done what it was told."""

    def __init__(self, company: Company) -> None:
        self._company, self.then = company, lambda: None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._company, name)

    def process(self, qbxml: str, **options: Any) -> str:
        answer = self._company.process(qbxml, **options)
        self.then()
        return answer

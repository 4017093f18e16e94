"""Several service processes on one database, as behind a proxy that gives each call to any of them."""

import os
import pathlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tests.service import Qbwc

SECRET = "f" * 64
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Member:
    """One process of the service, with a log of its own."""

    qbwc: Qbwc
    pid: int

    @property
    def port(self) -> int:
        return self.qbwc.port

    def cpu_seconds(self) -> float:
        """-> what it spent so far, as Linux tells it."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS


@contextmanager
def running(folder: pathlib.Path, database_url: str, count: int) -> Iterator[list[Member]]:
    """-> so many processes that serve. The database has its tables, or each of them makes them (SQLite)."""
    services = [_service(folder / f"process-{number}", database_url) for number in range(count)]
    processes = []
    try:
        processes = [service.start() for service in services]
        yield [Member(service, process.pid) for service, process in zip(services, processes, strict=True)]
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=60)


def _service(data_dir: pathlib.Path, database_url: str) -> Qbwc:
    data_dir.mkdir()
    service = Qbwc(data_dir, database_url, forked=False)
    service.environment |= {"QBWC_SECRET_KEY": SECRET, "QBWC_LOG": "json"}
    return service


def complaints(members: Sequence[Member]) -> list[str]:
    """-> lines of the logs that tell of a failure: a deadlock, a database that did not answer, an exception."""
    bad = ('"level": "error"', "Traceback", "40P01", "deadlock", "OperationalError", "database is locked")
    return [
        f"logged by process {number}: {line[:300]}"
        for number, member in enumerate(members)
        for line in member.qbwc.log().splitlines()
        if any(word in line for word in bad)
    ]


def machine() -> tuple[float, float]:
    """-> seconds that this machine's cores were busy and idle, all of them together, since it was started."""
    fields = [int(field) for field in pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    idle = fields[3] + fields[4]
    return (sum(fields) - idle) / _TICKS, idle / _TICKS

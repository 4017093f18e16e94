"""What `qbwc --help` costs until it has answered, against a Python that does nothing; and `qbwc serve` until ready.

Their CPU seconds, since the clock tells more of what else the machine does; shown as well is the clock.
"""

import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time
from statistics import median

from tests.service import Qbwc

from .figures import Figure, side_by_side

HELP = [sys.executable, "-m", "qbwc_service", "--help"]
NOTHING = [sys.executable, "-c", "pass"]


def run(server: str | None = None, *, rounds: int = 9, starts: int = 3) -> list[Figure]:
    """On SQLite: what takes time here is the import of modules, which are the same for both."""
    helped = side_by_side(rounds, lambda: spent(HELP), lambda: spent(NOTHING))
    made_ready = [ready() for _ in range(starts)]
    return [
        Figure("qbwc --help", helped.one * 1000, "ms", 150),
        Figure("a Python that does nothing", helped.other * 1000, "ms"),
        Figure("qbwc --help / a Python that does nothing", helped.ratio, ""),
        Figure("qbwc serve, until it is ready", median(cpu for cpu, _ in made_ready), "s", 2),
        Figure("the same, by the clock", median(clock for _, clock in made_ready), "s"),
    ]


def spent(command: list[str]) -> float:
    """-> CPU seconds of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def ready() -> tuple[float, float]:
    """-> seconds of CPU, and by the clock, from the start of `qbwc serve` until its /readyz says that it is ready."""
    with tempfile.TemporaryDirectory(prefix="qbwc-bench-") as folder:
        qbwc = Qbwc(pathlib.Path(folder), forked=False)
        qbwc.ok("init")
        begun = time.perf_counter()
        with qbwc.serving() as process:
            clock = time.perf_counter() - begun
            user, system = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
            return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK"), clock

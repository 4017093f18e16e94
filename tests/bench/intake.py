"""Orders taken in by thousands: `qbwc order add` with a file of JSON Lines, as a process.

Beside its seconds stands what it costs against a naive program that parses the same lines and writes them by
executemany; and the same file given once more, with --send, each order of four documents.
"""

import json
import resource
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.orders import as_text
from tests.service import Qbwc

from .databases import kinds, url_of
from .figures import Figure, Stopwatch
from .trade import order

COMPANY = "ABC Company"


def run(server: str | None = None, *, orders: int = 10_000, sent: int = 500) -> list[Figure]:
    figures = []
    with tempfile.TemporaryDirectory(prefix="qbwc-bench-") as folder:
        file = Path(folder) / "orders.jsonl"
        file.write_text("\n".join(as_text(order(number)) for number in range(1, orders + 1)))
        few = Path(folder) / "few.jsonl"
        few.write_text("\n".join(as_text(order(number)) for number in range(orders + 1, orders + sent + 1)))
        naive = _naive(file, Path(folder) / "naive.sqlite3")
        for kind, where in kinds(server):
            data = Path(folder) / kind
            data.mkdir()
            with url_of(where) as url:
                qbwc = Qbwc(data, url, forked=False)
                qbwc.ok("init")
                qbwc.ok("migrate")
                qbwc.ok("company", "add", COMPANY)
                added = _cpu(lambda: qbwc.data("order", "add", COMPANY, str(file)))  # noqa: B023  called at once
                again = _cpu(lambda: qbwc.data("order", "add", COMPANY, str(file)))  # noqa: B023
                posted = _cpu(lambda: qbwc.data("order", "add", COMPANY, str(few), "--send"))  # noqa: B023
            figures += [
                Figure(f"{kind}: {orders} orders added, CPU of the command", added, "s", 10),
                Figure(f"{kind}: the same / parsed and written naively", added / naive, ""),
                Figure(f"{kind}: the same orders once more, CPU", again, "s"),
                Figure(f"{kind}: an order added and sent, CPU", posted / sent * 1000, "ms"),
            ]
    return figures


def _cpu(act: Callable[[], object]) -> float:
    """-> CPU seconds of the processes that it starts and waits for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    act()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def _naive(file: Path, database: Path) -> float:
    watch = Stopwatch()
    watch.of("naive", _write, file, database)
    return watch.total


def _write(file: Path, database: Path) -> None:
    documents = [json.loads(line) for line in file.read_text().splitlines()]
    connection = sqlite3.connect(database)
    connection.execute("CREATE TABLE orders (number TEXT PRIMARY KEY, customer TEXT, content TEXT)")
    rows = [(one["number"], one["customer"]["name"], json.dumps(one)) for one in documents]
    connection.executemany("INSERT INTO orders VALUES (?, ?, ?)", rows)
    connection.commit()
    connection.close()

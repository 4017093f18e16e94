"""A company that was removed is forgotten for good, with its identities."""

import time
from collections.abc import Callable

from sqlalchemy.engine import Engine

from ..db import of_company
from .failures import CannotKeep

PAUSE_SECONDS = 0.02
GONE = (
    "Its identities are gone too. Added again under its name it is another company to QuickBooks: its company file, "
    "which bears the old stamp, is refused (QBWC1039), and orders that were posted would be posted again, since their "
    "markers are others then. Backups hold it still."
)


class NotRemoved(CannotKeep):
    def __init__(self, name: str) -> None:
        super().__init__(f'{name} is in use: `qbwc company remove "{name}"` first')


def erase(engine: Engine, given: str, meant: str, sleep: Callable[[float], None] = time.sleep) -> tuple[str, int]:
    """-> the company's name, and how many rows are gone; `meant` must be its very name.

    In short transactions, beside a running service; when interrupted, it is begun again. Raises CannotKeep, and
    LookupError for a company that there is not.
    """
    with engine.connect() as connection:
        with connection.begin():
            company = of_company.find(connection, given)
        if company is None:
            raise LookupError(given)
        if company.removed_at is None:
            raise NotRemoved(company.name)
        if meant != company.name:
            raise CannotKeep(f"{meant!r} is not {company.name!r}: nothing was erased")
        gone = 0
        while True:
            with connection.begin():
                some = of_company.forget_some(connection, company.id)
            if not some:
                break
            gone += some
            sleep(PAUSE_SECONDS)
        with connection.begin():
            of_company.forget_rest(connection, company.id, company.name)
        if engine.dialect.name == "sqlite":
            connection.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return company.name, gone

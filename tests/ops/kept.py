"""A world of tests/faults whose database can be backed up and brought back while QuickBooks goes on."""

import pathlib
from collections import Counter
from contextlib import suppress

from sqlalchemy import event

from qbwc_service.db import companies
from qbwc_service.keeping import backup, restore
from qbwc_service.settings import Settings
from tests.faults.world import Dropped, Service, World, fresh

SECRET = "f" * 64


class Kept:
    """`world` after a restore is the same one: its QuickBooks, its clock, its orders; only the database is older."""

    def __init__(self, folder: pathlib.Path, seed: int = 1, **wanted) -> None:
        self.folder = folder
        url = f"sqlite:///{folder / 'qbwc.sqlite3'}"
        self.settings = Settings(url, folder, "http://localhost:8080", 8080, SECRET)
        self.world = World.new(fresh(url), seed, **wanted)

    def backup(self, name: str = "backup") -> pathlib.Path:
        return backup.make(self.settings, self.folder / name).path

    def restore(self, name: str = "backup", *, force: bool = True) -> restore.Restored:
        self.stop()
        self.world.clock.advance(600)
        try:
            return restore.restore(self.settings, self.folder / name, self.world.clock.now, force=force)
        finally:
            self.world.engine = fresh(self.settings.database_url)
            self.world.service = Service(self.world.engine, self.world.clock)
            with self.world.engine.connect() as db:
                company = companies.by_id(db, self.world.company.id)
            assert company is not None
            self.world.company = company

    def stop(self) -> None:
        event.remove(self.world.engine, "commit", self.world.service._at_commit)
        self.world.engine.dispose()

    def poll(self, *, lose=lambda where: False) -> None:
        """One update; `lose` says after which calls the connection is gone."""
        connector = self.world.connector()
        with suppress(Dropped):
            if not connector.login():
                return
            for _ in range(50):
                message = connector.fetch()
                if lose("fetch"):
                    return
                if not message:
                    connector.service.call("last_error", connector.ticket)
                    break
                answer = connector.process(message)
                if lose("process"):
                    return
                percent = connector.bring(answer)
                if percent < 0 or percent == 100:
                    break
            connector.close()

    def held(self) -> Counter:
        """-> how often each document, by the marker in its memo, stands in QuickBooks."""
        return held(self.world.books)


def held(books) -> Counter:
    kept = (*books.invoices, *books.payments, *books.bills, *books.purchase_orders)
    return Counter(document.memo[document.memo.index("[qb:") :] for document in kept)

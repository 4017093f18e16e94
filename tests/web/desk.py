"""The pages as one WSGI application without a server: an admin and a clerk, each with a browser, and one company."""

import datetime as dt
import pathlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from werkzeug.test import Client, TestResponse

from qbwc_service import sign_in
from qbwc_service.companies import account, preferences
from qbwc_service.companies.preferences import Preferences
from qbwc_service.db import audit, companies, lists, people
from qbwc_service.db.companies import Company
from qbwc_service.db.engine import AnyRow, open_engine, reading
from qbwc_service.db.lists import List
from qbwc_service.posting import exchange
from qbwc_service.secrets import Keys
from qbwc_service.settings import Settings
from qbwc_service.web import cookies, site
from tests import migrated
from tests.web.markup import fields_of

SECRET = "a secret key of a test"


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Desk:
    """`company` is installed; QuickBooks' lists hold what `mirror` puts there."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.settings = Settings(f"sqlite:///{folder / 'desk.sqlite3'}", folder, "http://localhost:8080", 8080, SECRET)
        self.engine, self.keys = open_engine(self.settings.database_url), Keys(SECRET)
        migrated.make(folder / "desk.sqlite3")
        with self.engine.begin() as db:
            self.company, credentials = account.add(db, self.keys, "ABC Promotions", None, 5, now())
            exchange.read_lists_of_new(db, self.company.id, now())
            self.users = {
                name: people.put(db, email=f"{name}@example.com", name=name.title(), is_admin=name == "ana", now=now())
                for name in ("ana", "carl")
            }
        self.password = credentials.password
        self.base = f"/companies/{self.company.id}"
        self._pages = site.Site(self.settings, self.engine, self.keys)
        self.admin, self.clerk = self.browser("ana"), self.browser("carl")

    def browser(self, name: str) -> Client:
        """-> a browser in which this user is signed in."""
        with self.engine.begin() as db:
            token = sign_in.begin(db, self.keys, self.users[name], now(), "", "")
        client = Client(self._pages)
        client.set_cookie(cookies.name_of(self.settings), token)
        return client

    def submit(self, path: str, action: str, browser: Client | None = None, **changes: Any) -> TestResponse:
        """The form of a page is sent, with these fields changed; None leaves one out, as an empty tick box is."""
        client = browser or self.admin
        fields = {**fields_of(client.get(self.base + path).text, self.base + action), **changes}
        return self.send(action, {name: value for name, value in fields.items() if value is not None}, client)

    def send(self, action: str, fields: dict[str, Any], browser: Client | None = None) -> TestResponse:
        return (browser or self.admin).post(self.base + action, data=fields, follow_redirects=True)

    def mirror(self, which: List, records: Sequence[tuple[str, str, str, bool]]) -> None:
        """QuickBooks' list was read, and holds these: ListID, name, type, whether it is active."""
        listed = [
            lists.ListRecord(list_id, name, is_active, type_, position)
            for position, (list_id, name, type_, is_active) in enumerate(records)
        ]
        with self.engine.begin() as db:
            lists.put_records(db, self.company.id, which, listed)
            lists.note_read(db, self.company.id, which, read_at=now())

    def mirror_nothing(self) -> None:
        """QuickBooks' lists were all read, hold nothing, and are not due for a day."""
        for which in List:
            self.mirror(which, [])
        with self.engine.begin() as db:
            db.exec_driver_sql("UPDATE jobs SET state = 'posted' WHERE record LIKE 'list:%'")
            companies.note_lists_due(db, self.company.id, now() + dt.timedelta(days=1))

    def set(self, **wanted: Any) -> None:
        with self.engine.begin() as db:
            companies.save_settings(db, self.company.id, preferences.dump(Preferences(**wanted)))

    def preferences(self) -> Preferences:
        return preferences.load(self.as_it_stands().settings)

    def as_it_stands(self) -> Company:
        with reading(self.engine) as db:
            company = companies.by_id(db, self.company.id)
        assert company is not None
        return company

    def trail(self) -> list[AnyRow]:
        with reading(self.engine) as db:
            return audit.listed(db, company_id=self.company.id)


@contextmanager
def desk_in(folder: pathlib.Path) -> Iterator[Desk]:
    desk = Desk(folder)
    yield desk
    desk.engine.dispose()

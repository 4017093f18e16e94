"""The pages under test, over real HTTP: the service with a company whose lists were read, an admin and a clerk."""

import datetime as dt
import json
import pathlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from qbwc_service import sign_in
from qbwc_service.db import people
from qbwc_service.db.engine import open_engine
from qbwc_service.secrets import Keys
from qbwc_service.simulator import Company, WebConnector
from tests.orders import make_order
from tests.service import Qbwc

PASSWORD = "correct horse battery staple"


class Browser:
    """An HTTP client that keeps cookies, follows redirects, and sends each form with the token of the last page."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.csrf = ""

    def get(self, path: str, **options: Any) -> requests.Response:
        return self._seen(self.session.get(self.url + path, timeout=30, **options))

    def post(self, path: str, fields: Any = None, **options: Any) -> requests.Response:
        """`fields`: a dict, or pairs for names that come more than once."""
        pairs = list(fields.items()) if isinstance(fields, dict) else list(fields or [])
        if all(name != "csrf" for name, _ in pairs):
            pairs.append(("csrf", self.csrf))
        return self._seen(self.session.post(self.url + path, data=pairs, timeout=30, **options))

    def sign_in(self, email: str, password: str = PASSWORD) -> requests.Response:
        return self.post("/sign-in", {"email": email, "password": password})

    def _seen(self, response: requests.Response) -> requests.Response:
        found = re.search(r'name="csrf" value="([^"]*)"', response.text)
        if found:
            self.csrf = found[1]
        return response


class Site:
    """A running service. `admin` and `clerk` are signed in; `books` is what the simulated QuickBooks holds."""

    admin: "Browser"
    clerk: "Browser"

    def __init__(self, qbwc: Qbwc) -> None:
        self.qbwc, self.url = qbwc, qbwc.url
        self.books = Company.new(name="ABC Promotions")
        self.added = qbwc.here.data("company", "add", "ABC Promotions")
        self.company_id: int = self.added["id"]
        self.base = f"/companies/{self.company_id}"
        self.engine = open_engine(f"sqlite:///{qbwc.data_dir / 'qbwc.sqlite3'}")
        self.keys = Keys((qbwc.data_dir / "secret.key").read_text().strip())

    def poll(self, times: int = 1) -> None:
        """The simulated Web Connector polls: each time until there is nothing more to send."""
        connector = WebConnector.from_qwc(self.qbwc.here.ok("qwc"), self.qbwc_password(), self.books)
        for _ in range(times):
            connector.poll()

    def qbwc_password(self) -> str:
        return str(self.added["password"])

    def add_user(self, email: str, name: str, *, admin: bool = False, password: str = PASSWORD) -> int:
        with self.engine.begin() as db:
            user = people.put(db, email=email, name=name, is_admin=admin, now=dt.datetime.now(dt.UTC))
            people.change(db, user.id, password=sign_in.hash_password(password))
        return user.id

    def browser(self, email: str | None = None) -> Browser:
        """-> a new browser; signed in as the user of this address."""
        browser = Browser(self.url)
        if email is not None:
            answer = browser.sign_in(email)
            assert not answer.url.endswith("/sign-in"), answer.text
        return browser

    def add_order(self, number: str = "1001", **changes: Any) -> dict[str, Any]:
        order = make_order(number, **changes)
        self.qbwc.here.ok("order", "add", str(self.company_id), "-", stdin=json.dumps(order))
        return order


@contextmanager
def served(folder: pathlib.Path, *, lists: bool = True) -> Iterator[Site]:
    """The service with a company; `lists`: its QuickBooks lists were read by a simulated connector already."""
    folder.mkdir(parents=True, exist_ok=True)
    qbwc = Qbwc(folder)
    qbwc.init()
    site = Site(qbwc)
    site.add_user("ana@example.com", "Ana Admin", admin=True)
    site.add_user("carl@example.com", "Carl Clerk")
    with qbwc.serving():
        if lists:
            site.poll()
        site.admin = site.browser("ana@example.com")
        site.clerk = site.browser("carl@example.com")
        yield site
    site.engine.dispose()

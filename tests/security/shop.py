"""The order system, which calls the JSON API of a running service with its token."""

from dataclasses import dataclass, field
from typing import Any

import requests

from tests.orders import as_text, make_order


@dataclass
class Shop:
    url: str
    token: str
    session: requests.Session = field(default_factory=requests.Session)

    def call(self, method: str, path: str, body: str | None = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        return self.session.request(method, f"{self.url}/api/v1{path}", data=body, headers=headers, timeout=60)

    def put(self, number: str, **changes: Any) -> requests.Response:
        return self.call("PUT", f"/orders/{number}", as_text(make_order(number, **changes)))

    def send(self, number: str, **changes: Any) -> None:
        """An order comes in, and is sent with all that belongs to it."""
        put = self.put(number, **changes)
        assert put.status_code == 201, put.text
        sent = self.call("POST", f"/orders/{number}/send", '{"bill": true, "purchase_order": true}')
        assert sent.ok, sent.text

    def state(self, number: str) -> str:
        return str(self.call("GET", f"/orders/{number}").json()["state"])

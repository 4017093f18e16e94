"""Names and error texts that would be scripts are texts (security.md test 40): nothing runs, the console is quiet."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from qbwc_service.simulator.tree import leaf
from tests.browser.chromium import window
from tests.browser.office import add_orders, connector_of, enter, queue
from tests.orders import make_order
from tests.web.site import Site, served

# Short enough to be an account of QuickBooks', whose names have at most 31 characters.
HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "'><svg/onload=alert(1)>",
    '"onfocus=alert(1) autofocus x="',
    "'onmouseover='alert(1)",
    "</title><svg onload=alert(1)>",
    "</textarea><script>alert(1)//",
    "</option><svg onload=alert(1)>",
    "</script><script>alert(1)//",
    "--><script>alert(1)</script>",
    "]]><script>alert(1)</script>",
    "<iframe onload=alert(1)>",
    "<details ontoggle=alert(1) open",
    "<b hx-get=/me hx-trigger=load>",
    "<b data-hx-on-load=alert(1)>",
    "<style>*{display=none}</style>",
    "<base href=//evil.example>",
    "&lt;svg onload=alert(1)&gt;",
    "{{7*7}}%(x)s${alert(1)}",
    "<a href=javascript&colon;1>x",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("hostile"), lists=False) as running:
        for name in HOSTILE:
            running.books.make("Account", name, leaf("AccountType", "Income"))
            running.books.make("Vendor", f"{name} inc")
            running.books.make("Customer", f"{name} ltd")
        connector = connector_of(running)
        connector.poll()
        add_orders(running, [hostile_order(index, name) for index, name in enumerate(HOSTILE)])
        for index, name in enumerate(HOSTILE):
            running.books.faults.refuse_next("InvoiceAdd", 3140, f"There is an invalid reference to {name}")
            queue(running, number(index))
        connector.poll()
        yield running


def number(index: int) -> str:
    return str(5001 + index)


def hostile_order(index: int, name: str) -> dict[str, object]:
    line = make_order()["lines"][0] | {"product_number": name, "description": f"{name} {name}"}
    return make_order(
        number(index),
        customer={"id": f"C-{name}", "name": f"{name} ltd"},
        lines=[line],
        suppliers=[{"id": "S-3", "name": f"{name} inc", "bill_number": name[:20]}],
        memo=name,
    )


def test_there_are_twenty_of_them() -> None:
    assert len(set(HOSTILE)) >= 20
    assert all(len(name) <= 31 for name in HOSTILE)


@pytest.mark.parametrize("language", ["en", "es"])
def test_nothing_runs_that_came_as_a_name(chromium: Browser, site: Site, language: str) -> None:
    lists = ["/orders", "/crm", "/activity", "/activity?state=attention", "/accounts", "/details"]
    lists += ["/customers", "/customers?side=vendor", "/customers?text=a&find=C-" + HOSTILE[1]]
    with window(chromium, language) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        enter(page, site)
        for path in lists:
            page.goto(site.url + site.base + path)
            expect(page.locator("h1")).to_have_count(1)
        for name in HOSTILE[::2] if language == "en" else HOSTILE[1::2]:
            order = number(HOSTILE.index(name))
            page.goto(f"{site.url}{site.base}/orders/{order}")
            expect(page.locator("#progress")).to_contain_text(f"There is an invalid reference to {name}")
            page.locator("#progress").get_by_role("link", name=order).first.click()
            expect(page.locator("main")).to_contain_text(f"There is an invalid reference to {name}")
            page.goto(f"{site.url}{site.base}/orders/{order}/send?again=yes")
            expect(page.locator("#preview")).to_contain_text(name)
            page.locator("#find-customer").fill(name)
            expect(page.locator("#found-customer")).to_contain_text(f"{name} ltd")
        assert [url for url in asked if url.endswith("/me") or not url.startswith(site.url)] == []
        assert page.evaluate("document.querySelectorAll('iframe, base, main svg, main style, main script').length") == 0

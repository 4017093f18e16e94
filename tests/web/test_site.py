"""What every page keeps to: headers, errors, files of ours, and the way in."""

import hashlib
import pathlib

import pytest
import requests

from qbwc_service.web.rendering import STATIC
from tests.web.site import PASSWORD, Browser, Site, served


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory):
    with served(tmp_path_factory.mktemp("site"), lists=False) as running:
        yield running


def test_the_files_of_others_are_what_their_makers_published() -> None:
    folder = STATIC / "vendor"
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split()
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name
    named = {line.split()[1] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    assert named == {path.name for path in folder.iterdir()} - {"SHA256SUMS"}


@pytest.mark.parametrize("path", ["/", "/sign-in", "/nowhere", "/companies", "/static/app.css", "/static/nowhere.css"])
def test_every_answer_is_hardened(site: Site, path: str) -> None:
    answer = requests.get(site.url + path, timeout=30, allow_redirects=False)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "Server" not in answer.headers
    assert answer.headers["X-Request-Id"]


@pytest.mark.parametrize(
    "path", ["/static/../site.py", "/static/%2e%2e/site.py", "/static/vendor/../../site.py", "/static/"]
)
def test_only_our_own_files_are_served(site: Site, path: str) -> None:
    request = requests.Request("GET", site.url).prepare()
    request.url = site.url + path  # as it stands: the library would tidy it up
    assert requests.Session().send(request, timeout=30).status_code == 404


def test_pages_are_not_kept_by_browsers_and_files_are(site: Site) -> None:
    assert site.admin.get("/companies").headers["Cache-Control"] == "no-store"
    assert "immutable" in requests.get(f"{site.url}/static/app.css", timeout=30).headers["Cache-Control"]


@pytest.mark.parametrize("number", [2**31, 2**63, 10**30])
def test_an_id_that_no_column_holds_is_a_page_that_is_not_there(site: Site, number: int) -> None:
    for path in (f"/companies/{number}", f"/companies/{number}/orders", f"{site.base}/activity/{number}"):
        assert site.admin.get(path).status_code == 404
    site.admin.get("/me")
    assert site.admin.post(f"/me/sessions/{number}/end").status_code == 404


def test_nul_is_refused_wherever_it_comes(site: Site) -> None:
    for path in ("/orders/%00", "/orders/~00", "/crm/~00/link"):
        assert site.admin.get(site.base + path).status_code in (404, 405)
    for path in ("/companies?q=%00", f"{site.base}/orders?search=a%00b", f"{site.base}/orders?a%00b=1"):
        assert site.admin.get(path).status_code == 400
    site.admin.get("/me")
    assert site.admin.post("/me", {"name": "Ana\0"}).status_code == 400


def test_a_page_that_is_not_there_says_so(site: Site) -> None:
    answer = site.admin.get("/nowhere")
    assert answer.status_code == 404
    assert "There is no such page" in answer.text
    assert "Ana Admin" in answer.text


def test_an_unknown_method_is_refused_with_those_that_are_known(site: Site) -> None:
    answer = site.admin.session.put(f"{site.url}/sign-in", timeout=30)
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_a_form_that_is_too_large_is_refused(site: Site) -> None:
    assert site.admin.post("/language", {"language": "x" * 3_000_000}).status_code == 413


def test_spanish_is_spoken_to_a_spanish_browser(site: Site) -> None:
    answer = requests.get(f"{site.url}/sign-in", headers={"Accept-Language": "es-MX,es;q=0.9"}, timeout=30)
    assert '<html lang="es"' in answer.text
    assert "Iniciar sesión" in answer.text


def test_the_first_admins_link_works_once(tmp_path: pathlib.Path) -> None:
    with served(tmp_path, lists=False) as site:
        with site.engine.begin() as db:
            db.exec_driver_sql("DELETE FROM users")
        link = site.qbwc.here.data("init")["first_admin"].removeprefix(site.url)
        fields = {"email": "eva@example.com", "name": "Eva", "password": PASSWORD, "again": PASSWORD}
        first = Browser(site.url)
        assert "the first admin" in first.get(link).text
        short = first.post(link, {**fields, "password": "short", "again": "short"})
        assert short.status_code == 422
        assert "Choose at least 10 characters." in short.text
        assert 'value="eva@example.com"' in short.text
        entered = first.post(link, fields)
        assert entered.status_code == 200
        assert "Welcome. You are signed in." in entered.text
        assert Browser(site.url).get(link).status_code == 410
        assert site.qbwc.here.data("init")["first_admin"] is None

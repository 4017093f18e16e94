"""Installed for real: a wheel in a clean environment works from any folder."""

import pathlib
import subprocess
import sys
import venv
import zipfile

import pytest

from tests.orders import as_text, make_order
from tests.service import Qbwc

ROOT = pathlib.Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder), str(ROOT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (file,) = folder.glob("*.whl")
    return file


def test_the_wheel_holds_what_the_program_needs_and_no_stray_top_level(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"qbwc_service", "qbxml"}
    assert "qbwc_service/migrations/env.py" in names
    assert "qbwc_service/qwc_templates/desktop.qwc" in names
    assert "qbwc_service/locale/es/LC_MESSAGES/qbwc.po" in names
    assert "qbwc_service/deploy/files/nginx.conf" in names


def test_every_command_works_from_any_folder_in_a_clean_environment(wheel, tmp_path):
    venv.create(tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python"
    # Compiled when it is used, which is quicker here.
    into_it = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-compile", str(wheel)]
    subprocess.run(into_it, check=True, stderr=subprocess.DEVNULL)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    qbwc = Qbwc(elsewhere / "data", executable=[str(tmp_path / "venv" / "bin" / "qbwc")], cwd=elsewhere)
    qbwc.ok("init")
    company = qbwc.data("company", "add", "ABC Company")
    assert company["file_id"] in qbwc.ok("qwc")
    qbwc.ok("order", "add", "ABC Company", "-", "--send", stdin=as_text(make_order()))
    with qbwc.serving():
        books = elsewhere / "books.json"
        qbwc.environment["QBWC_SIMULATOR_PASSWORD"] = company["password"]
        qbwc.ok(
            *("simulate", "--url", f"{qbwc.url}/qbwc", "--username", company["username"]),
            *("--company-file", str(books), "--polls", "2"),
        )
    assert qbwc.data("order", "show", "ABC Company", "1001")["state"] == "posted"
    demo = qbwc.data("demo")
    (invoice,) = [t for t in demo["transactions"] if t["kind"] == "Invoice" and t["ref_number"] == "1001"]
    assert (invoice["total"], invoice["applied"], invoice["balance"]) == ("218.50", "100.00", "118.50")

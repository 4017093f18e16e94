"""spyne.md 1.2: one module knows how Spyne can be imported, and leaves nothing behind."""

import ast
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHIM = "qbwc_service.connector.spyne_shim"


def test_a_fresh_python_that_takes_warnings_for_errors_imports_it() -> None:
    assert run(f"import {SHIM}") == ""


def test_no_cgi_and_no_six_are_left_for_others() -> None:
    script = f"import sys, {SHIM}; print([name for name in ('cgi', 'six', 'six.moves') if name in sys.modules])"
    assert run(script) == "[]\n"


def test_a_cgi_of_the_programs_own_is_still_there_afterwards() -> None:
    script = (
        f"import sys, types; mine = sys.modules['cgi'] = types.ModuleType('cgi')\n"
        f"import {SHIM}; print(sys.modules['cgi'] is mine, hasattr(mine, 'parse_header'))"
    )
    assert run(script) == "True False\n"


def test_it_says_nothing_in_the_log_of_a_program_that_listens_to_everything() -> None:
    assert run(f"import logging; logging.basicConfig(level=1)\nimport {SHIM}") == ""


def test_a_second_import_changes_nothing() -> None:
    script = (
        f"import importlib, sys, {SHIM} as shim; before = dict(sys.modules), shim.Soap11\n"
        "importlib.reload(shim); print(dict(sys.modules) == before[0], shim.Soap11 is before[1])"
    )
    assert run(script) == "True True\n"


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="Spyne cannot be imported without the shim")
def test_a_spyne_that_was_imported_before_is_left_as_it_is() -> None:
    script = (
        "import warnings; warnings.simplefilter('ignore')\n"
        "import spyne.protocol.soap, spyne.server.wsgi, spyne.util.six as six\n"
        f"import {SHIM}; print(hasattr(type(six._importer), 'find_spec'), {SHIM}.Soap11 is spyne.protocol.soap.Soap11)"
    )
    assert run(script) == "False True\n"


def test_no_other_module_imports_spyne() -> None:
    importers = [
        path.relative_to(ROOT).as_posix()
        for package in ("qbwc_service", "qbxml")
        for path in (ROOT / package).rglob("*.py")
        if any(name.split(".")[0] == "spyne" for name in imported(path))
    ]
    assert importers == ["qbwc_service/connector/spyne_shim.py"]


def imported(path: pathlib.Path) -> list[str]:
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.append(node.module or "")
    return names


def run(script: str) -> str:
    """All that a new Python, for which a warning is an error, prints while it runs the script."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout

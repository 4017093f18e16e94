"""Where the oracles lie that are not part of this repository: a folder `shared` beside the checkout.

Tests that need one of its files skip when it is absent, so that a fresh clone alone passes.
"""

import importlib.util
import os
import pathlib
from types import ModuleType

import pytest

ROOT = pathlib.Path(os.environ.get("QBWC_SHARED") or pathlib.Path(__file__).resolve().parents[2] / "shared")


def shared(path: str) -> pathlib.Path:
    """-> the file or folder `path` of the shared folder; skips the test when it is not there."""
    found = ROOT / path
    if not found.exists():
        pytest.skip(f"no {path} beside this checkout")
    return found


def oracle() -> ModuleType:
    """-> the module that checks qbXML against Intuit's XSD: validate(bytes) -> list of faults."""
    path = shared("qbxml/validate.py")
    spec = importlib.util.spec_from_file_location("qbxml_oracle", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

"""Spyne 2.14.0, imported so that it works on Python 3.11 to 3.14 (spyne.md 1.2). No other module imports spyne.

Two things stand in its way: the `six` that it bundles finds modules by `find_module()`, which Python 3.12 no longer
asks, and it wants `parse_header()` of `cgi`, which Python 3.13 no longer has. Both are mended for Spyne alone: neither
`six` nor `cgi` is in `sys.modules` afterwards. A Spyne that someone has imported already is left as it is.
"""

# ruff: noqa: E402 - the names below can be imported only once the import has been prepared.
# mypy: disable-error-code="misc, import-untyped"
import email.message
import functools
import importlib.util
import logging
import pathlib
import sys
import types
import warnings

_SIX = "spyne.util.six"


def _prepare() -> None:
    """Imports the parts of Spyne that we use, or does nothing when there is a Spyne already."""
    if "spyne" in sys.modules:
        return
    cgi_of_python = sys.modules.get("cgi")
    sys.modules["cgi"] = _stand_in_for_cgi()
    try:
        with warnings.catch_warnings():
            # '\.' in spyne/protocol/http.py is a SyntaxWarning from Python 3.12 on, when it is first compiled.
            warnings.simplefilter("ignore")
            _load_bundled_six()
            importlib.import_module("spyne.protocol.soap")
            importlib.import_module("spyne.server.wsgi")
    finally:
        del sys.modules["cgi"]
        if cgi_of_python is not None:
            sys.modules["cgi"] = cgi_of_python


def _stand_in_for_cgi() -> types.ModuleType:
    module = types.ModuleType("cgi")
    vars(module)["parse_header"] = _parse_header
    return module


@functools.lru_cache(64)  # of what a request's headers say there are few
def _parse_header(line: str) -> tuple[str, dict[str, str]]:
    """What `cgi.parse_header` gave: the value, and its parameters by lower-case name."""
    message = email.message.Message()
    message["Content-Type"] = line
    (value, _), *parameters = message.get_params([("", "")])
    return value, {name.lower(): text for name, text in parameters}


def _load_bundled_six() -> None:
    """Puts Spyne's own six under the name that Spyne imports it by, with an importer that Python 3.12 understands."""
    package = importlib.util.find_spec("spyne")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("No module named 'spyne'", name="spyne")
    path = pathlib.Path(package.origin).parent / "util" / "six.py"
    spec = importlib.util.spec_from_file_location(_SIX, path, submodule_search_locations=[])
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"No module named '{_SIX}'", name=_SIX)
    six = sys.modules[_SIX] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(six)
    importer = type(six._importer)
    if not hasattr(importer, "find_spec"):
        importer.find_spec = lambda self, name, path=None, target=None: (
            importlib.util.spec_from_loader(name, self) if name in self.known_modules else None
        )
        importer.create_module = lambda self, spec: self.load_module(spec.name)
        importer.exec_module = lambda self, module: None


def _silence() -> None:
    """Spyne logs whole requests (password included) at ERROR and DEBUG, and each failure with its words.

    What is worth saying is said by `guard`, without anything that came in.
    """
    spyne = logging.getLogger("spyne")
    spyne.setLevel(logging.CRITICAL + 1)
    spyne.propagate = False
    spyne.addHandler(logging.NullHandler())


# Silence first: Spyne talks at DEBUG while it is imported, too.
_silence()
_prepare()

import spyne.const
from spyne import Application, Array, Fault, Integer32, ServiceBase, Unicode, rpc
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication

# Spyne collects garbage after a request, at most once a second: 60 ms of a poll that takes two, and nothing of ours
# needs it. Python's own collector does what is needed.
spyne.const.MIN_GC_INTERVAL = float("inf")

__all__ = ["Application", "Array", "Fault", "Integer32", "ServiceBase", "Soap11", "Unicode", "WsgiApplication", "rpc"]

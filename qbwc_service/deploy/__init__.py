"""What an operator installs around the service: files that come with the package, filled in and printed.

The files lie in `files/`, and say in their comments why each line is there. What differs from place to place stands in
them as @NAME@.
"""

import importlib.resources
import pathlib
import re
import sys

_PLACE = re.compile("@([A-Z_]+)@")
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", re.IGNORECASE)
_UPSTREAM = re.compile(r"([\w.-]+|\[[0-9a-fA-F:.]+\]):[0-9]{1,5}|unix:/[\w./-]+")
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
_PATH = re.compile(r"/[\w./@+-]*")


class NotPrintable(Exception):
    """A value that would not be one word in the file; the text says what is expected."""


def filled(name: str, **values: object) -> str:
    """-> the text of a file, with its places filled in; every place must be given."""
    text = (importlib.resources.files(__name__) / "files" / name).read_text()
    return _PLACE.sub(lambda place: str(values[place[1].lower()]), text)


def programs() -> pathlib.Path:
    """-> the folder that holds `qbwc`, and `gunicorn` when that is installed: this Python's own."""
    found = pathlib.Path(sys.executable).parent
    if not _PATH.fullmatch(str(found)):
        raise NotPrintable(
            f"{found} has characters that a unit cannot hold: install qbwc somewhere else, in /opt/qbwc say"
        )
    return found


def host(text: str) -> str:
    """-> a host's name, as it stands in a certificate. The Web Connector takes no IP address (contract.md part 4)."""
    if len(text) > 253 or not _HOST.fullmatch(text) or text.replace(".", "").isdecimal():
        raise NotPrintable(f"{text!r} is not the name of a host, such as books.example.com")
    return text.lower()


def upstream(text: str) -> str:
    """-> where the service listens."""
    if not _UPSTREAM.fullmatch(text):
        raise NotPrintable(f"{text!r} is neither like 127.0.0.1:8080 nor like unix:/run/qbwc/qbwc.sock")
    return text


def user(text: str) -> str:
    if not _USER.fullmatch(text):
        raise NotPrintable(f"{text!r} is not the name of a user of this machine")
    return text


def path(text: str) -> str:
    if not _PATH.fullmatch(text):
        raise NotPrintable(f"{text!r} is not an absolute path without spaces")
    return text


def public_url(server_name: str, port: int) -> str:
    return f"https://{server_name}" if port == 443 else f"https://{server_name}:{port}"

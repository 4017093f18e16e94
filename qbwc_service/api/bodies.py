"""What a body says: strict JSON, and its fields read with all faults at once, by path."""

import json
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, TypeVar

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Request

from . import problems
from .problems import Fault, Problem

LARGEST_BODY = 64 * 1024 * 1024
LONGEST_TEXT = 500

E = TypeVar("E", bound=StrEnum)


def json_of(request: Request) -> Any:
    """-> the JSON value of the body. Raises Problem: 413, 415, or 400 for what is not one JSON document.

    A key that stands twice in an object is refused: which of the two was meant, nobody knows. So are NaN and Infinity,
    which are no JSON.
    """
    if request.mimetype != "application/json":
        given = request.content_type or "none"
        raise Problem(problems.NOT_JSON_TYPE, f"Content-Type: application/json is expected, not {given}")
    return _parsed(_read(request))


def optional_json_of(request: Request) -> Any:
    """-> the same; {} for a request without a body. A body whose length is not told beforehand is one too."""
    return json_of(request) if request.content_length or "Transfer-Encoding" in request.headers else {}


def _read(request: Request) -> bytes:
    request.max_content_length = LARGEST_BODY
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise Problem(problems.TOO_LARGE, f"at most {LARGEST_BODY // 1024 // 1024} MiB are taken") from None


def _parsed(body: bytes) -> Any:
    if not body:
        raise Problem(problems.NOT_JSON, "the body is empty")
    try:
        return json.loads(body.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise Problem(problems.NOT_JSON, f"the body is not UTF-8 text (byte {error.start + 1})") from None
    except RecursionError:
        raise Problem(problems.NOT_JSON, "the body is nested too deeply") from None
    except ValueError as error:
        raise Problem(problems.NOT_JSON, f"the body is not JSON: {error}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise Problem(problems.NOT_JSON, f"{key} stands twice in one object", [Fault(key, "stands twice")])
        found[key] = value
    return found


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number of JSON")


class Fields:
    """The fields of an object; each is asked for once, null is as good as absent, and `close()` tells all faults."""

    def __init__(self, value: Any, path: str = "", faults: list[Fault] | None = None) -> None:
        self._path = path
        self.faults: list[Fault] = [] if faults is None else faults
        self._left: dict[str, Any] = dict(value) if isinstance(value, dict) else {}
        if not isinstance(value, dict):
            self.fault("", "must be an object")

    def text(self, name: str, most: int = LONGEST_TEXT) -> str | None:
        value = self._left.pop(name, None)
        return None if value is None else self.as_text(name, value, most)

    def flag(self, name: str) -> bool | None:
        value = self._left.pop(name, None)
        if value is None or isinstance(value, bool):
            return value
        self.fault(name, "must be true or false")
        return None

    def one_of(self, name: str, words: type[E]) -> E | None:
        value = self.text(name)
        if value is not None and value not in list(words):
            self.fault(name, f"must be one of {', '.join(words)}")
            return None
        return None if value is None else words(value)

    def texts(self, name: str) -> tuple[str, ...]:
        value = self._left.pop(name, None)
        if value is not None and not isinstance(value, list):
            self.fault(name, "must be a list")
        entries = value if isinstance(value, list) else []
        return tuple(self.as_text(f"{name}[{index}]", entry) for index, entry in enumerate(entries))

    def by_key(self, name: str) -> Iterator[tuple[str, Any]]:
        """-> key and value of each member of the object `name`."""
        value = self._left.pop(name, None)
        if value is not None and not isinstance(value, dict):
            self.fault(name, "must be an object")
        for key, member in (value if isinstance(value, dict) else {}).items():
            yield self.as_text(name, key), member

    def inner(self, name: str, value: Any) -> "Fields":
        """-> the fields of an object within this one."""
        return Fields(value, self._at(name), self.faults)

    def nothing_else(self) -> None:
        """What was not asked for is refused by name."""
        for name in self._left:
            self.fault(name, "is not a field here")

    def close(self) -> None:
        """Raises Problem, 422, with every fault of this object and those within it."""
        self.nothing_else()
        if self.faults:
            raise problems.faulty(self.faults)

    def as_text(self, name: str, value: Any, most: int = LONGEST_TEXT) -> str:
        """-> the value, if it is a text; "" otherwise, and there is a fault more."""
        if not isinstance(value, str):
            self.fault(name, "must be a string")
            return ""
        if len(value) > most:
            self.fault(name, f"is longer than {most} characters")
        elif "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
            self.fault(name, "holds NUL or half of a surrogate pair, which are no characters")
        return value

    def fault(self, name: str, rule: str) -> None:
        self.faults.append(Fault(self._at(name), rule))

    def _at(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path and name else self._path or name

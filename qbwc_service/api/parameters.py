"""What stands in an address behind its question mark; and pages that follow each other by their keys."""

import base64
import binascii
import json
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, TypeVar

from werkzeug.wrappers import Request

from .problems import wrong_parameter

MOST, USUAL = 500, 50  # rows of a page
LARGEST_ID = 2**63 - 1

E = TypeVar("E", bound=StrEnum)


class Parameters:
    """The parameters of a request, of which only these names are known. Raises Problem, 400, for any other, for one
    that comes twice, and for values that cannot be."""

    def __init__(self, request: Request, *known: str) -> None:
        self._given: dict[str, str] = {}
        for name, values in request.args.lists():
            if name not in known:
                raise wrong_parameter(name, f"is not a parameter here; there are: {', '.join(known) or 'none'}")
            if len(values) > 1:
                raise wrong_parameter(name, "stands twice")
            if "\0" in values[0]:
                raise wrong_parameter(name, "holds a NUL character")
            self._given[name] = values[0]

    def text(self, name: str) -> str:
        return self._given.get(name, "")

    def flag(self, name: str) -> bool:
        value = self._given.get(name, "false")
        if value not in ("true", "false"):
            raise wrong_parameter(name, "must be true or false")
        return value == "true"

    def one_of(self, name: str, words: type[E]) -> E | None:
        value = self._given.get(name)
        if value is None or value == "":
            return None
        if value not in list(words):
            raise wrong_parameter(name, f"must be one of {', '.join(words)}")
        return words(value)

    def limit(self) -> int:
        value = self._given.get("limit", str(USUAL))
        if not (value.isascii() and value.isdecimal() and len(value) < 9 and 1 <= int(value) <= MOST):
            raise wrong_parameter("limit", f"must be a number from 1 to {MOST}")
        return int(value)

    def after_id(self) -> int | None:
        """-> the id that the page before ended with."""
        key = self._after(int)
        if key is not None and not 0 <= key[0] <= LARGEST_ID:
            raise wrong_parameter("after", _NO_CURSOR)
        return None if key is None else int(key[0])

    def after_texts(self) -> tuple[str, str] | None:
        """-> the two texts that the page before ended with."""
        key = self._after(str, str)
        return None if key is None else (key[0], key[1])

    def _after(self, *types: type) -> list[Any] | None:
        value = self._given.get("after")
        if not value:
            return None
        try:
            key = json.loads(base64.urlsafe_b64decode(value.encode()))
        except (ValueError, binascii.Error, RecursionError):
            raise wrong_parameter("after", _NO_CURSOR) from None
        shape = isinstance(key, list) and [type(part) for part in key] == list(types)
        if not shape or any(isinstance(part, str) and not _storable(part) for part in key):
            raise wrong_parameter("after", _NO_CURSOR)
        return list(key)


_NO_CURSOR = "must be what `next` of the page before said"


def _storable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def following(rows: Sequence[Any], limit: int, *key: str) -> str | None:
    """-> what `after` of the next page is to be: the last row's columns `key`; None when there is no next page.

    `rows` are one more than `limit` where there is more.
    """
    if len(rows) <= limit:
        return None
    last = rows[limit - 1]
    return base64.urlsafe_b64encode(json.dumps([getattr(last, name) for name in key]).encode()).decode()

"""Logs: an event a line, its facts behind it (style.md 17), as text for people or as JSON for machines.

No secret and no body is ever written: what is logged is chosen where it is logged, other people's loggers are silent
below a warning, whatever the level, and what slipped through all the same is struck out here. No line can be forged:
line ends and other control characters come out escaped.
"""

import datetime as dt
import json
import logging
import re
import sys
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlsplit

from . import request_ids
from .settings import LogFormat, Settings

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_STRUCK_OUT = "***"
# Whatever looks like one of our secrets: a link that lets its bearer in, tokens, a webhook's secret, a ticket.
_SECRETS = re.compile(
    r"(?<=/welcome/)[\w-]+|(?<=/enter/)[\w-]+|\bqbwc_[A-Za-z0-9]{40}|\bwhsec_[A-Za-z0-9+/=]+|(?i:(?<=bearer ))\S+"
    r"|\{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}"
)
_SHORTEST_SECRET = 6  # a shorter one stands in too many other words


def to_stderr(settings: Settings) -> None:
    """From here on everything is logged to standard error; text where that is a terminal, unless it is set."""
    wanted = settings.log_format or (LogFormat.TEXT if sys.stderr.isatty() else LogFormat.JSON)
    handler = logging.StreamHandler(sys.stderr)
    secrets = _known_secrets(settings)
    handler.setFormatter(Json(secrets) if wanted is LogFormat.JSON else Text(secrets))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    # Ours alone: at their lower levels others write statements with what they are given, and whole requests.
    logging.getLogger(__package__).setLevel(settings.log_level.upper())


def _known_secrets(settings: Settings) -> list[str]:
    found = {settings.secret_key, settings.metrics_token, urlsplit(settings.database_url).password}
    if settings.mail is not None:
        found.add(settings.mail.password)
    known = {text for text in found if text and len(text) >= _SHORTEST_SECRET}
    return sorted(known | {quote(text, safe="") for text in known}, key=len, reverse=True)


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    """-> what stands beside the event, the request it belongs to among it."""
    facts = {name: value for name, value in vars(record).items() if name not in _STANDARD}
    request = facts.pop("request", None) or request_ids.current()
    return facts if request is None else {"request": request, **facts}


class _Formatter(logging.Formatter):
    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._known = tuple(secrets)

    def _clean(self, line: str) -> str:
        for secret in self._known:
            line = line.replace(secret, _STRUCK_OUT)
        return _SECRETS.sub(_STRUCK_OUT, line)

    @staticmethod
    def _time(record: logging.LogRecord) -> str:
        return dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds")

    def _trouble(self, record: logging.LogRecord) -> str | None:
        """-> the traceback, if there is one."""
        if record.exc_info and record.exc_info[0] is not None:
            return self.formatException(record.exc_info)
        return record.stack_info


class Text(_Formatter):
    """`2026-11-24T12:00:00.000+00:00 INFO message leaves company=1 bytes=812`, on one line but for a traceback, whose
    lines are all indented."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{self._time(record)} {record.levelname} {record.getMessage()}"
        line += "".join(f" {name}={_shown(value)}" for name, value in _facts(record).items())
        lines = [line]
        if (trouble := self._trouble(record)) is not None:
            lines += [f"    {one}" for one in trouble.split("\n")]
        return "\n".join(_CONTROL.sub(_escaped, self._clean(one)) for one in lines)


def _shown(value: object) -> str:
    return repr(value) if isinstance(value, str) else str(value)


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


class Json(_Formatter):
    """One JSON object a line: time, level, event, request where there is one, logger, the facts, and a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        facts = _facts(record)
        written = {
            "time": self._time(record),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **({"request": facts.pop("request")} if "request" in facts else {}),
            "logger": record.name,
            **facts,
        }
        if (trouble := self._trouble(record)) is not None:
            written["traceback"] = trouble
        return json.dumps({name: self._cleaned(value) for name, value in written.items()})

    def _cleaned(self, value: object) -> object:
        """Struck out before it is JSON, in which a secret with a quotation mark would look otherwise."""
        if isinstance(value, str):
            return self._clean(value)
        if isinstance(value, (int, float, bool)) or value is None:
            return value
        if isinstance(value, (list, tuple)):
            return [self._cleaned(one) for one in value]
        return self._clean(str(value))

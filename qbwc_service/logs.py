"""Logs: a fixed sentence a line, and its facts behind it as key=value (style.md 17). No secret and no body, ever."""

import logging
import sys

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class Facts(logging.Formatter):
    """`2026-11-24T12:00:00 INFO message leaves company=1 bytes=812`, on one line but for a traceback."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S%z")

    def formatMessage(self, record: logging.LogRecord) -> str:
        facts = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        line = super().formatMessage(record)
        line += "".join(
            f" {name}={value!r}" if isinstance(value, str) else f" {name}={value}" for name, value in facts.items()
        )
        return line.replace("\r", "\\r").replace("\n", "\\n")


def to_stderr() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Facts())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # These two write whole requests, passwords and all, at levels of their own.
    for noisy in ("spyne", "sqlalchemy"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)

"""What QuickBooks remembers of message sets, by which a lost answer is recovered (contract.md part 6)."""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass, field

from .records import Json, items, members, node_from_json, node_to_json, text
from .tree import Node

LONGEST_ID = 23
CLEAR_ALL = "ClearAllMessageSets"


class SetStatus(enum.IntEnum):
    """messageSetStatusCode (contract.md 6.2)."""

    FINE = 0
    NOTHING_CLEARED = 600
    OTHER_CONTENT = 9001
    NOT_STORED = 9002
    BAD_ID = 9004
    NOT_SAVED = 9005


@dataclass(frozen=True)
class Status:
    """How one request went; `recovery` is the ErrorRecovery that stands for what it made."""

    name: str
    request_id: str | None
    code: int
    message: str
    recovery: Node | None = None


@dataclass(frozen=True)
class Saved:
    checksum: str
    statuses: tuple[Status, ...]


class Decision(enum.Enum):
    EXECUTE = enum.auto()
    TELL_SAVED = enum.auto()
    ANSWER_NOTHING = enum.auto()


@dataclass(frozen=True)
class Verdict:
    """What is to be done with a message set; `status` is None when no recovery attribute was sent."""

    decision: Decision
    status: SetStatus | None
    saved: Saved | None = None


@dataclass
class MessageSetStore:
    """The records of one company file, by application.

    `capacity` is how many are kept for each, None for any number: the documents do not say (contract.md 6.4). An empty
    set asked for under both its own ids while not stored is saved when `probe_saves` (the hazard of 6.6).
    """

    capacity: int | None = None
    probe_saves: bool = False
    kept: dict[str, dict[str, Saved]] = field(default_factory=dict)

    def judge(self, app_name: str, new_id: str | None, old_id: str | None, checksum: str, empty: bool) -> Verdict:
        """-> what QuickBooks does by the table of contract.md 6.2; clears what it says."""
        stored = self.kept.get(app_name, {})
        if new_id is None and old_id is None:
            return Verdict(Decision.EXECUTE, None)
        if any(len(id_ or "") > LONGEST_ID for id_ in (new_id, old_id)):
            return Verdict(Decision.ANSWER_NOTHING, SetStatus.BAD_ID)
        if new_id is None:
            return Verdict(Decision.EXECUTE, self._clear(app_name, old_id or ""))
        if new_id in stored:
            return self._again(stored[new_id], checksum, empty and new_id == old_id)
        if old_id == new_id and empty and not self.probe_saves:
            return Verdict(Decision.ANSWER_NOTHING, SetStatus.NOT_STORED)
        if old_id is not None and old_id != new_id:
            self._clear(app_name, old_id)
        return Verdict(Decision.EXECUTE, SetStatus.FINE)

    def save(self, app_name: str, new_id: str, saved: Saved) -> SetStatus:
        if self.capacity == 0:
            return SetStatus.NOT_SAVED
        stored = self.kept.setdefault(app_name, {})
        stored[new_id] = saved
        while self.capacity is not None and len(stored) > self.capacity:
            del stored[next(iter(stored))]
        return SetStatus.FINE

    def to_json(self) -> dict[str, Json]:
        return {
            "capacity": self.capacity,
            "probe_saves": self.probe_saves,
            "kept": {
                app: {
                    id_: [saved.checksum, [_status_to_json(one) for one in saved.statuses]] for id_, saved in of.items()
                }
                for app, of in self.kept.items()
            },
        }

    @classmethod
    def from_json(cls, told: Json) -> MessageSetStore:
        about = members(told)
        capacity = about["capacity"]
        kept = {
            app: {id_: _saved(saved) for id_, saved in members(of).items()}
            for app, of in members(about["kept"]).items()
        }
        return cls(capacity if isinstance(capacity, int) else None, about["probe_saves"] is True, kept)

    def _again(self, saved: Saved, checksum: str, status_check: bool) -> Verdict:
        if status_check or saved.checksum == checksum:
            return Verdict(Decision.TELL_SAVED, SetStatus.FINE, saved)
        return Verdict(Decision.ANSWER_NOTHING, SetStatus.OTHER_CONTENT)

    def _clear(self, app_name: str, old_id: str) -> SetStatus:
        if old_id == CLEAR_ALL:
            self.kept.pop(app_name, None)
            return SetStatus.FINE
        found = self.kept.get(app_name, {}).pop(old_id, None)
        return SetStatus.FINE if found is not None else SetStatus.NOTHING_CLEARED


def checksum(qbxml: str) -> str:
    return hashlib.sha256(qbxml.encode()).hexdigest()


def _status_to_json(status: Status) -> Json:
    recovery = node_to_json(status.recovery) if status.recovery is not None else None
    return [status.name, status.request_id, status.code, status.message, recovery]


def _saved(told: Json) -> Saved:
    sum_, statuses = items(told)
    return Saved(text(sum_), tuple(_status(one) for one in items(statuses)))


def _status(told: Json) -> Status:
    name, request_id, code, message, recovery = items(told)
    if not isinstance(code, int):
        raise TypeError(f"a number expected, not {code!r}")
    return Status(
        text(name),
        request_id if isinstance(request_id, str) else None,
        code,
        text(message),
        node_from_json(recovery) if recovery is not None else None,
    )

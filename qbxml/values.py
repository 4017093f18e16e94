"""Versions, references and faults: the words in which fields, documents and messages speak of each other."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple


class Version(NamedTuple):
    """A version of qbXML. As text "9.0" is later than "13.0"; as a Version it is not."""

    major: int
    minor: int = 0

    @classmethod
    def parse(cls, text: str) -> "Version":
        """Raises ValueError for anything but digits, a point and digits ("13.0"; also "13")."""
        match = re.fullmatch(r"([0-9]{1,3})(?:\.([0-9]{1,3}))?", text.strip())
        if match is None:
            raise ValueError(f"not a qbXML version: {text!r}")
        return cls(int(match[1]), int(match[2] or 0))

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


MIN_VERSION = Version(8, 0)
MAX_VERSION = Version(16, 0)

# Values of references ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ListID:
    """QuickBooks' own, lasting name of a record in one of its lists, such as 80000001-1197757003."""

    value: str

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class FullName:
    """The name of a list record with those above it, parted by colons: "ABC Company:Job 12"."""

    value: str

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class TxnID:
    """QuickBooks' own name of a document, such as 1C2B-1700000000."""

    value: str

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Slot:
    """A reference that is not known yet: filled under `key` when a message is composed.

    With `optional` the whole element is left out when the key then stands for None.
    """

    key: str
    optional: bool = False


Ref = ListID | FullName

# Faults -----------------------------------------------------------------------------------------------------------


class FieldFault(Exception):
    """A value that QuickBooks would not take in this field of this document.

    `field` is the path of elements below the document ("InvoiceLineAdd[2]/Desc"), `rule` a clause that a person reads.
    """

    def __init__(self, document: str, field: str, value: object, rule: str) -> None:
        super().__init__(document, field, value, rule)
        self.document = document
        self.field = field
        self.value = value
        self.rule = rule

    def __str__(self) -> str:
        return f"{self.document}.{self.field} {_shown(self.value)}: {self.rule}"


class DocumentFaults(Exception):
    """All that is wrong with one document, in the sequence of its elements."""

    def __init__(self, faults: tuple[FieldFault, ...]) -> None:
        super().__init__(faults)
        self.faults = faults

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.faults)


class Refused(ValueError):
    """A field refuses a value; the renderer, who knows the path, makes a FieldFault of it."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


def _shown(value: object) -> str:
    if value is None:
        return "(nothing)"
    if isinstance(value, ListID | FullName | TxnID):
        return _shown(value.value)
    if isinstance(value, str):
        short = value if len(value) <= 60 else value[:57] + "..."
        # A message of ours may be printed or stored anywhere: no control character or lone surrogate rides along.
        return '"' + "".join(ch if ch.isprintable() else f"\\u{ord(ch):04x}" for ch in short) + '"'
    return str(value) if isinstance(value, int | Decimal | date) else type(value).__name__

"""What QuickBooks says to a single request: its codes (contract.md 7.3, qbxml/README.md) and its words."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Code(enum.IntEnum):
    """Those statusCodes that this QuickBooks answers with."""

    FINE = 0
    NO_MATCH = 1
    SOME_NOT_FOUND = 500
    NOT_LINKED = 570
    BAD_ID = 3000
    BAD_AMOUNT = 3040
    BAD_QUANTITY = 3060
    BAD_NAME = 3090
    NAME_TAKEN = 3100
    OBJECT_NOT_FOUND = 3120
    REFERENCE_NOT_FOUND = 3140
    ELEMENTS_CONFLICT = 3153
    PERIOD_CLOSED = 3171
    LOCKED = 3175
    RELATED_LOCKED = 3176
    INVALID = 3210
    NOT_PROCESSED = 3231
    FEATURE_OFF = 3250
    ACCOUNT_MISSING = 3270
    ITERATOR_UNKNOWN = 3391
    # contract.md 7.2 gives the macros 9100 to 9199 and no code in it: which says what is a guess.
    MACRO_UNKNOWN = 9101
    MACRO_TAKEN = 9102
    MACRO_OF_OTHER_TYPE = 9103


@dataclass(eq=False)
class Refused(Exception):
    """The request was not done, or for a Warn it was done otherwise than asked."""

    code: int
    message: str

    def __str__(self) -> str:
        return f"{self.code} {self.message}"


def severity(code: int) -> str:
    """Info below 500, Warn below 1000, Error from there (contract.md 7.2)."""
    if code < 500:
        return "Info"
    return "Warn" if code < 1000 else "Error"


# What QuickBooks says when nothing more is known than the code: for refusals that a test orders.
WORDS = {
    3100: "The name of the list element is already in use.",
    3120: "Object specified in the request cannot be found.",
    3140: "There is an invalid reference in the request. The specified record does not exist in the list.",
    3170: "There was an error when modifying the object. The list has been modified by another user.",
    3171: "An attempt was made to modify a transaction with a date in a closed period.",
    3175: "There was an error when adding the object: the record is in use by another user or window.",
    3176: "The related object specified in the request is in use by another user or window.",
    3180: "There was an error when saving the object. QuickBooks error message: the list or record is locked.",
    3200: "The provided edit sequence is out-of-date.",
    3210: "The request was refused by QuickBooks' validation.",
    3250: "This feature is not enabled or not available in this version of QuickBooks.",
    3260: "Insufficient permission level to perform this action.",
    3261: "The application has no permission to perform this action.",
}


def invalid_reference(what: str, name: str, where: str) -> Refused:
    return Refused(
        Code.REFERENCE_NOT_FOUND,
        f'There is an invalid reference to QuickBooks {what} "{name}" in the {where}. '
        "QuickBooks error message: Invalid argument. The specified record does not exist in the list.",
    )


def invalid(what: str) -> Refused:
    return Refused(Code.INVALID, f"The request cannot be saved. QuickBooks error message: {what}")

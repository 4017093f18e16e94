"""The error book: what a status code or HRESULT means for an order, whether anything was saved, and who mends it.

Source: contract.md 7 (7.1 HRESULTs, 7.2 ranges, 7.3 statusCodes) and 6.2 (codes of message sets). Rule zero of 7.3
is in `status`: what carries an id was saved, whatever the code says.
"""

import enum
import re
from dataclasses import dataclass, replace


class Saved(enum.Enum):
    """Whether QuickBooks has kept what was sent."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Act(enum.Enum):
    """What follows for the job."""

    DONE = "done"
    REVIEW = "review"  # saved, but a person should look at it
    RETRY = "retry"  # later, by itself
    ASK = "ask"  # look it up in QuickBooks by its natural key before anything else
    PERSON = "person"  # as it is it will never go through
    ADOPT = "adopt"  # the list record is there already: look it up and use it
    BUG = "bug"  # we sent what we should never send


@dataclass(frozen=True, slots=True)
class Status:
    """A code, explained: `meaning` for this order, `who` mends it ("" for nobody) and `where` ("" when not known)."""

    code: int
    meaning: str
    saved: Saved
    then: Act
    who: str = ""
    where: str = ""


def status(code: int, message: str = "", severity: str = "", *, kept: bool | None = None) -> Status:
    """A statusCode or messageSetStatusCode explained.

    `message` decides where the code alone does not (3170, 3180). `severity` decides for a code that no table has.
    `kept` says whether the answer carried the id of what was saved, where the caller knows: with an id it is saved
    whatever the code; a success without one is not believed.
    """
    found = STATUS.get(code) or _by_range(code, severity)
    if found.code in BY_TEXT and BY_TEXT[found.code].search(message):
        found = replace(found, then=Act.RETRY, who=USER, meaning=IN_USE)
    if kept and (found.saved, found.then) != (Saved.YES, Act.DONE):
        return replace(found, saved=Saved.YES, then=Act.REVIEW)
    if kept is False and found.saved is not Saved.NO:
        return WITHOUT_ID.get(code) or replace(found, saved=Saved.UNKNOWN, then=Act.ASK)
    return found


def hresult(text: str, after_write: bool) -> Status:
    """An HRESULT as the Web Connector tells it ("0x8004040D", in any case) explained.

    After a write only those that prove that QuickBooks refused the message unread leave no doubt; every other one may
    have come when it was already saved.
    """
    code = _hresult_code(text)
    found = HRESULT.get(code) or _by_hresult_range(code)
    if after_write and code not in REFUSED_UNREAD:
        return replace(found, saved=Saved.UNKNOWN, then=Act.ASK)
    return found


def _by_range(code: int, severity: str) -> Status:
    for first, last, found in RANGES:
        if first <= code <= last:
            return replace(found, code=code)
    # Only the words of contract.md 5.4; an error may be saved or not, so it is never sent again by itself.
    if code < 500 and severity.lower() == "error":
        return Status(code, UNKNOWN_MEANING, Saved.UNKNOWN, Act.PERSON, CLERK)
    if 0 <= code < 500:
        return Status(code, "QuickBooks took it, with a remark.", Saved.YES, Act.REVIEW, CLERK)
    if 500 <= code < 1000:
        return Status(code, "QuickBooks took it, perhaps not as expected.", Saved.YES, Act.REVIEW, CLERK)
    return Status(code, UNKNOWN_MEANING, Saved.UNKNOWN, Act.PERSON, CLERK)


def _hresult_code(text: str) -> int:
    """-> the 32 bits; 0, which no table has, when the text holds no HRESULT."""
    match = re.search(r"(?<![0-9a-z])(?:0x)?([0-9a-f]{8})(?![0-9a-z])", text, re.IGNORECASE)
    if match is not None:
        return int(match[1], 16)
    decimal = re.fullmatch(r"\s*(-?[0-9]{1,10})\s*", text)
    return int(decimal[1]) & 0xFFFFFFFF if decimal else 0


def _by_hresult_range(code: int) -> Status:
    for first, last, found in HRESULT_RANGES:
        if first <= code <= last:
            return replace(found, code=code)
    return Status(code, "QuickBooks or the Web Connector failed in a way we do not know.", Saved.NO, Act.RETRY, ADMIN)


# Who mends it
ADMIN = "the QuickBooks administrator"
USER = "whoever works in QuickBooks"
CLERK = "the order clerk"
KEEPER = "whoever runs this service"

# Where, in QuickBooks' own menus
INTEGRATED = "QuickBooks: Edit > Preferences > Integrated Applications > Company Preferences"
CLOSING_DATE = "QuickBooks: Edit > Preferences > Accounting > Company Preferences"
PREFERENCES = "QuickBooks: Edit > Preferences"
USERS = "QuickBooks: Company > Set Up Users and Passwords > Set Up Users"
ACCOUNTS = "QuickBooks: Lists > Chart of Accounts"
ITEMS = "QuickBooks: Lists > Item List"

UNKNOWN_MEANING = "QuickBooks refused it for a reason we do not know; its own words are beside this."
IN_USE = "Someone has this record, or one that it needs, open in QuickBooks."
BAD_FORM = "QuickBooks cannot read a value in it; our checks should have stopped it."

# Texts that say that a record is locked rather than wrong (contract.md 7.3, 3170 and 3180).
BY_TEXT = {
    3170: re.compile(
        r"lock|in use|being (?:used|edited|modified)|another user|modified by|has been (?:changed|modified)", re.I
    ),
    3180: re.compile(r"\block|in use|being (?:used|edited|modified)|another user", re.I),
}

_NO, _YES, _UNKNOWN = Saved.NO, Saved.YES, Saved.UNKNOWN

_STATUSES = (
    Status(0, "QuickBooks has taken it.", _YES, Act.DONE),
    Status(1, "QuickBooks has nothing that matches.", _NO, Act.DONE),
    Status(500, "QuickBooks did not find everything that was named.", _UNKNOWN, Act.ASK, CLERK),
    Status(501, "Saved, but this version of qbXML cannot show it in full.", _YES, Act.REVIEW, CLERK),
    Status(510, "Saved, but QuickBooks could not return it.", _YES, Act.REVIEW, CLERK),
    Status(530, "Saved without a field that this edition of QuickBooks does not have.", _YES, Act.REVIEW, CLERK),
    Status(531, "Saved without a value that this edition of QuickBooks does not have.", _YES, Act.REVIEW, CLERK),
    Status(540, "A remark meant for QuickBooks Online Edition.", _UNKNOWN, Act.ASK, KEEPER),
    Status(550, "Saved, but without its notes.", _YES, Act.REVIEW, CLERK),
    Status(560, "Saved; a field of it is out of date.", _YES, Act.DONE),
    Status(570, "Saved, but not linked to the other document, which is closed already.", _YES, Act.REVIEW, CLERK),
    Status(600, "QuickBooks remembers no such message; perhaps another company file was open.", _UNKNOWN, Act.ASK),
    Status(1000, "QuickBooks failed inside; whether it saved this must be looked up.", _UNKNOWN, Act.ASK),
    Status(1010, "QuickBooks is not available just now.", _NO, Act.RETRY),
    Status(1030, "This QuickBooks cannot do what was asked.", _NO, Act.PERSON, KEEPER),
    Status(1060, "QuickBooks refused the number of our request.", _NO, Act.BUG, KEEPER),
    Status(3000, "A record that this order was linked with is not in QuickBooks.", _NO, Act.PERSON, CLERK),
    Status(3010, BAD_FORM, _NO, Act.BUG, KEEPER),
    Status(3020, BAD_FORM, _NO, Act.BUG, KEEPER),
    Status(3030, BAD_FORM, _NO, Act.BUG, KEEPER),
    Status(3031, BAD_FORM, _NO, Act.BUG, KEEPER),
    Status(3035, BAD_FORM, _NO, Act.BUG, KEEPER),
    Status(3040, "QuickBooks does not take one of the amounts.", _NO, Act.PERSON, CLERK),
    Status(3045, "QuickBooks does not take one of the prices.", _NO, Act.PERSON, CLERK),
    Status(3050, "QuickBooks does not take one of the percentages.", _NO, Act.PERSON, CLERK),
    Status(3060, "QuickBooks does not take one of the quantities.", _NO, Act.PERSON, CLERK),
    Status(3065, BAD_FORM, _NO, Act.BUG, KEEPER),
    Status(3070, "A text is longer than QuickBooks allows; our checks should have stopped it.", _NO, Act.BUG, KEEPER),
    Status(3080, "A text holds something QuickBooks does not take.", _NO, Act.PERSON, CLERK),
    Status(3085, BAD_FORM, _NO, Act.BUG, KEEPER),
    Status(3090, "QuickBooks does not take one of the names, perhaps for a colon in it.", _NO, Act.PERSON, CLERK),
    Status(3100, "QuickBooks has this name already, here or in another list.", _NO, Act.ADOPT, CLERK),
    Status(3110, BAD_FORM, _NO, Act.BUG, KEEPER),
    Status(3120, "A record that this order needs is not in QuickBooks.", _NO, Act.PERSON, CLERK),
    Status(3130, "The record above it is not in QuickBooks.", _NO, Act.PERSON, CLERK),
    Status(
        3140, "A customer, item, account, terms or tax code that it names is not in QuickBooks.", _NO, Act.PERSON, CLERK
    ),
    Status(3150, "A part that QuickBooks insists on is missing.", _NO, Act.BUG, KEEPER),
    Status(3151, "It has a part that QuickBooks does not allow there.", _NO, Act.BUG, KEEPER),
    Status(3153, "Two of its parts contradict each other.", _NO, Act.BUG, KEEPER),
    Status(3160, "QuickBooks does not let it be deleted.", _NO, Act.PERSON, CLERK),
    Status(3161, "Its date is in a period that is closed in QuickBooks.", _NO, Act.PERSON, ADMIN, CLOSING_DATE),
    Status(3162, "QuickBooks does not do this while several users have the file open.", _NO, Act.RETRY, USER),
    Status(3170, "QuickBooks does not let the record be changed.", _NO, Act.PERSON, CLERK),
    Status(3171, "Its date is in a period that is closed in QuickBooks.", _NO, Act.PERSON, ADMIN, CLOSING_DATE),
    Status(3175, IN_USE, _NO, Act.RETRY, USER),
    Status(3176, IN_USE, _NO, Act.RETRY, USER),
    Status(3180, "QuickBooks did not save it; its own words say why.", _NO, Act.PERSON, CLERK),
    Status(3185, "QuickBooks does not let it be voided.", _NO, Act.PERSON, CLERK),
    Status(3190, "QuickBooks does not let it be cleared.", _NO, Act.PERSON, CLERK),
    Status(3200, "It was changed in QuickBooks since it was read.", _NO, Act.ASK),
    Status(3205, "QuickBooks does not take one of the addresses.", _NO, Act.PERSON, CLERK),
    Status(3210, "QuickBooks' rules forbid it; its own words say which.", _NO, Act.PERSON, CLERK),
    Status(3220, "The user whom QuickBooks runs as may not do this.", _NO, Act.PERSON, ADMIN, USERS),
    Status(3230, "QuickBooks could not save it just now.", _NO, Act.RETRY),
    Status(3231, "Not tried, since an earlier document of the same message was refused.", _NO, Act.RETRY),
    Status(3240, "It was changed in QuickBooks since it was read.", _NO, Act.ASK),
    Status(
        3250,
        "It needs a feature that this QuickBooks lacks or has switched off.",
        _NO,
        Act.PERSON,
        ADMIN,
        PREFERENCES,
    ),
    Status(3260, "The user whom QuickBooks runs as may not do this.", _NO, Act.PERSON, ADMIN, USERS),
    Status(3261, "QuickBooks does not let this application do this.", _NO, Act.PERSON, ADMIN, INTEGRATED),
    Status(
        3263, "QuickBooks lets this application only read; allow it to change data.", _NO, Act.PERSON, ADMIN, INTEGRATED
    ),
    Status(3270, "An account that it should be booked to is missing.", _NO, Act.PERSON, ADMIN, ACCOUNTS),
    Status(3280, "An item is of another type than is needed there.", _NO, Act.PERSON, CLERK, ITEMS),
    Status(3290, "QuickBooks does not take one of its lines.", _NO, Act.PERSON, CLERK),
    Status(3391, "QuickBooks no longer knows where the reading of the list had stopped.", _NO, Act.RETRY),
    # Of whole messages, contract.md 6.2
    Status(9001, "QuickBooks knows this message with another content.", _UNKNOWN, Act.ASK, KEEPER),
    Status(9002, "QuickBooks has no answer stored for this message.", _UNKNOWN, Act.ASK),
    Status(9003, "QuickBooks tells nothing certain about this message.", _UNKNOWN, Act.ASK),
    Status(9004, "QuickBooks refused the name of our message.", _NO, Act.BUG, KEEPER),
    Status(9005, "Done, but QuickBooks could not store its answer.", _UNKNOWN, Act.ASK),
    Status(9006, "QuickBooks tells nothing certain about this message.", _UNKNOWN, Act.ASK),
)
STATUS: dict[int, Status] = {known.code: known for known in _STATUSES}

RANGES = (
    (2000, 2999, Status(0, "An answer meant for QuickBooks Online Edition.", _NO, Act.PERSON, KEEPER)),
    (3300, 3320, Status(0, "QuickBooks does not take its currency, price level or links.", _NO, Act.PERSON, CLERK)),
    (9100, 9199, Status(0, "The document that it refers to was not saved with it.", _NO, Act.PERSON, CLERK)),
)

# What these warnings mean when the answer to a write carries no id (contract.md 7.3: "without: FIX").
WITHOUT_ID: dict[int, Status] = {
    500: Status(500, "A record that this order needs is not in QuickBooks.", _NO, Act.PERSON, CLERK),
    530: Status(530, "It has a field that this edition of QuickBooks does not have.", _NO, Act.PERSON, CLERK),
    531: Status(531, "It has a value that this edition of QuickBooks does not have.", _NO, Act.PERSON, CLERK),
    570: Status(570, "The document that it should be linked to is closed already.", _NO, Act.PERSON, CLERK),
}

CANNOT_OPEN = "QuickBooks could not open the company file."
NOT_INSTALLED = "A part of QuickBooks or of the Web Connector is not installed properly on that computer."
CONNECTION = "The Web Connector could not get through to QuickBooks."
NOT_GRANTED = "QuickBooks has not allowed this application into this company file."
CRASHED = "QuickBooks stopped or hung while the Web Connector was talking to it."

# `saved` and `then` as for a call that wrote nothing; hresult() knows what a write changes.
_HRESULTS = (
    Status(0x80040400, "QuickBooks could not read our message and did nothing of it.", _NO, Act.BUG, KEEPER),
    Status(0x80040401, "QuickBooks could not be reached.", _NO, Act.RETRY, ADMIN),
    Status(0x80040402, "QuickBooks failed in an unexpected way.", _NO, Act.RETRY, ADMIN),
    Status(0x80040403, CANNOT_OPEN, _NO, Act.PERSON, ADMIN),
    Status(0x80040404, NOT_INSTALLED, _NO, Act.PERSON, ADMIN),
    Status(0x80040405, NOT_INSTALLED, _NO, Act.PERSON, ADMIN),
    Status(0x80040406, "The company file's name is not valid.", _NO, Act.PERSON, ADMIN),
    Status(0x80040407, NOT_INSTALLED, _NO, Act.PERSON, ADMIN),
    Status(0x80040408, "QuickBooks could not be started; open it and log in.", _NO, Act.RETRY, USER),
    Status(0x80040409, "The company file belongs to another version of QuickBooks.", _NO, Act.PERSON, ADMIN),
    Status(0x8004040A, "Another company file is open in QuickBooks.", _NO, Act.RETRY, USER),
    Status(0x8004040B, CONNECTION, _NO, Act.RETRY),
    Status(0x8004040C, CONNECTION, _NO, Act.RETRY),
    Status(0x8004040D, "QuickBooks ended the session in the middle.", _NO, Act.RETRY),
    Status(0x8004040E, CONNECTION, _NO, Act.RETRY),
    Status(0x8004040F, CONNECTION, _NO, Act.RETRY),
    Status(0x80040410, "The company file is open in the other mode, single-user or multi-user.", _NO, Act.RETRY, USER),
    Status(0x80040411, CONNECTION, _NO, Act.RETRY),
    Status(0x80040412, CONNECTION, _NO, Act.RETRY),
    Status(0x80040413, "QuickBooks does not undo messages in part.", _NO, Act.BUG, KEEPER),
    Status(0x80040414, "A window in QuickBooks waits for an answer; close it.", _NO, Act.RETRY, USER),
    Status(0x80040415, CONNECTION, _NO, Act.RETRY),
    Status(0x80040416, "QuickBooks is not running; open it with the company file.", _NO, Act.RETRY, USER),
    Status(0x80040417, "No company file is open in QuickBooks.", _NO, Act.RETRY, USER),
    Status(0x80040418, NOT_GRANTED, _NO, Act.PERSON, ADMIN, INTEGRATED),
    Status(0x8004041A, NOT_GRANTED, _NO, Act.PERSON, ADMIN, INTEGRATED),
    Status(0x8004041B, "QuickBooks is busy with its list of applications.", _NO, Act.RETRY),
    Status(0x8004041C, "QuickBooks failed inside while opening the company file.", _NO, Act.RETRY, ADMIN),
    Status(
        0x8004041D, "QuickBooks does not let this application log in by itself.", _NO, Act.PERSON, ADMIN, INTEGRATED
    ),
    Status(0x8004041E, "The certificate of this application has expired in QuickBooks.", _NO, Act.PERSON, ADMIN),
    Status(0x8004041F, "This edition of QuickBooks cannot work with other applications.", _NO, Act.PERSON, ADMIN),
    Status(0x80040420, "Someone refused this application access in QuickBooks.", _NO, Act.PERSON, ADMIN, INTEGRATED),
    Status(0x80040421, "QuickBooks passed on a message; its own words are beside this.", _NO, Act.RETRY, ADMIN),
    Status(0x80040422, "Another application has the company file for itself.", _NO, Act.RETRY, USER),
    Status(0x80040423, "This QuickBooks does not know the version of qbXML that we used.", _NO, Act.BUG, KEEPER),
    Status(0x80040424, "QuickBooks is still starting.", _NO, Act.RETRY),
    Status(0x80040427, "QuickBooks is not registered.", _NO, Act.PERSON, ADMIN),
    Status(0x8004042A, "QuickBooks does not allow access from other computers.", _NO, Act.PERSON, ADMIN),
    Status(0x8004042C, "The certificate of this application has been revoked.", _NO, Act.PERSON, ADMIN),
    Status(0x80040308, NOT_INSTALLED, _NO, Act.PERSON, ADMIN),
    Status(0x80040154, NOT_INSTALLED, _NO, Act.PERSON, ADMIN),
    Status(0x8007007E, NOT_INSTALLED, _NO, Act.PERSON, ADMIN),
    Status(0x80010105, CRASHED, _NO, Act.RETRY, ADMIN),
)
HRESULT: dict[int, Status] = {known.code: known for known in _HRESULTS}

HRESULT_RANGES = (
    (0x80010000, 0x8001FFFF, Status(0, CRASHED, _NO, Act.RETRY, ADMIN)),
    (0x80070600, 0x800706FF, Status(0, CRASHED, _NO, Act.RETRY, ADMIN)),
)

# The parser's, rollbackOnError's and the version's refusal: the message was not begun (contract.md 6.6, 7).
REFUSED_UNREAD = frozenset({0x80040400, 0x80040413, 0x80040423})

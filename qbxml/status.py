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


# Both as a person reads them beside a code.
IN_WORDS: dict[Saved | Act, str] = {
    Saved.YES: "yes",
    Saved.NO: "no",
    Saved.UNKNOWN: "not known",
    Act.DONE: "nothing more to do",
    Act.REVIEW: "a person looks at it in QuickBooks",
    Act.RETRY: "it is tried again by itself",
    Act.ASK: "it is looked up in QuickBooks before anything is sent again",
    Act.PERSON: "it waits until a person has mended it and retries it",
    Act.ADOPT: "the record that QuickBooks has is looked up and used",
    Act.BUG: "it waits until this service is mended",
}


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
        return Status(code, REMARK, Saved.YES, Act.REVIEW, CLERK)
    if 500 <= code < 1000:
        return Status(code, UNEXPECTED, Saved.YES, Act.REVIEW, CLERK)
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
    return Status(code, UNKNOWN_HRESULT, Saved.NO, Act.RETRY, ADMIN)


# Who mends it
ADMIN = "the QuickBooks administrator"
USER = "whoever works in QuickBooks"
CLERK = "the order clerk"
KEEPER = "whoever runs this service"

# Where, in QuickBooks' own menus
INTEGRATED = "QuickBooks: Edit > Preferences > Integrated Applications > Company Preferences"
LOGIN = f"{INTEGRATED} > Properties"
CLOSING_DATE = "QuickBooks: Edit > Preferences > Accounting > Company Preferences"
PREFERENCES = "QuickBooks: Edit > Preferences"
USERS = "QuickBooks: Company > Set Up Users and Passwords > Set Up Users"
ACCOUNTS = "QuickBooks: Lists > Chart of Accounts"
ITEMS = "QuickBooks: Lists > Item List"
RECORDS = (
    "QuickBooks: Lists > Chart of Accounts; Lists > Item List; Customers > Customer Center; Vendors > Vendor Center"
)
FIND = "QuickBooks: Edit > Find"
OPEN_COMPANY = "QuickBooks: File > Open or Restore Company"
SINGLE_USER = "QuickBooks: File > Switch to Single-user Mode"
OTHER_MODE = "QuickBooks: File > Switch to Multi-user Mode, or Switch to Single-user Mode"
VERIFY = "QuickBooks: File > Utilities > Verify Data"

# Told of many codes. No sentence here or below says whether the document was saved: `saved` does, and with `kept`
# or after a write it differs.
UNKNOWN_MEANING = (
    "QuickBooks refused this document for a reason we do not know. Read QuickBooks' own words, and look in QuickBooks "
    "whether the document is there before you retry it."
)
REMARK = "QuickBooks made a remark on this document. Read it, and compare the document with the order."
UNEXPECTED = (
    "QuickBooks may not have taken this document as expected. Read QuickBooks' own words, and compare the document "
    "with the order."
)
IN_USE = (
    "Someone has this record, or one that it needs, open in QuickBooks. Save and close it there: it is tried "
    "again by itself for some hours, and after that when you retry it."
)
BAD_FORM = (
    "QuickBooks cannot read a value of this document. Our checks should have stopped it: the fault is this service's, "
    "and the order waits until it is mended."
)
NOT_THERE = (
    "A customer, vendor, item, account, terms or tax code that this document names is not in QuickBooks: it was "
    "deleted, renamed or never made. Choose another one or make it in QuickBooks, then retry."
)
CLOSED_PERIOD = (
    "The document's date lies in a period that is closed in QuickBooks. Let the administrator move the closing date "
    "or allow an exception, then retry."
)
NOT_ALLOWED = (
    "The QuickBooks user in whose name the Web Connector works may not do this. Give that user the right to it, then "
    "retry."
)
STALE = "Someone changed this record in QuickBooks since we read it. It is read again before anything else is sent."
NOTHING_CERTAIN = (
    "QuickBooks says nothing certain about this message. Each document of it is looked up in QuickBooks before "
    "anything is sent again."
)

# Texts that say that a record is locked rather than wrong (contract.md 7.3, 3170 and 3180).
BY_TEXT = {
    3170: re.compile(
        r"lock|in use|being (?:used|edited|modified)|another user|modified by|has been (?:changed|modified)", re.I
    ),
    3180: re.compile(r"\block|in use|being (?:used|edited|modified)|another user", re.I),
}

_NO, _YES, _UNKNOWN = Saved.NO, Saved.YES, Saved.UNKNOWN

_STATUSES = (
    Status(0, "QuickBooks reports that all went well.", _YES, Act.DONE),
    Status(1, "QuickBooks holds nothing that matches. That is an answer, and no fault.", _NO, Act.DONE),
    Status(
        500,
        "QuickBooks did not find every record that this document names. Compare the document with the order.",
        _UNKNOWN,
        Act.ASK,
        CLERK,
        RECORDS,
    ),
    Status(
        501,
        "This document has parts that our version of qbXML cannot show. Compare it with the order in QuickBooks.",
        _YES,
        Act.REVIEW,
        CLERK,
        FIND,
    ),
    Status(
        510,
        "QuickBooks could not show this document in its answer. Compare it with the order in QuickBooks.",
        _YES,
        Act.REVIEW,
        CLERK,
        FIND,
    ),
    Status(
        530,
        "This edition of QuickBooks has no such field and left it out. Add by hand what the document lacks.",
        _YES,
        Act.REVIEW,
        CLERK,
        FIND,
    ),
    Status(
        531,
        "This edition of QuickBooks does not know one of the values and left it out. Add by hand what the document "
        "lacks.",
        _YES,
        Act.REVIEW,
        CLERK,
        FIND,
    ),
    Status(
        540,
        "A remark that only QuickBooks Online Edition should make. See that the Web Connector works with QuickBooks "
        "Desktop.",
        _UNKNOWN,
        Act.ASK,
        KEEPER,
    ),
    Status(
        550,
        "QuickBooks did not keep the notes of this document. Add them there by hand.",
        _YES,
        Act.REVIEW,
        CLERK,
        FIND,
    ),
    Status(560, "One of the fields is out of date; QuickBooks takes it all the same.", _YES, Act.DONE),
    Status(
        570,
        "QuickBooks did not link this document with the other one, which is closed already. Link or apply it by hand "
        "if it should be.",
        _YES,
        Act.REVIEW,
        CLERK,
        FIND,
    ),
    Status(
        600,
        "QuickBooks remembers no such message; perhaps another company file was open then. Each document of it is "
        "looked up in QuickBooks before anything is sent again.",
        _UNKNOWN,
        Act.ASK,
    ),
    Status(
        1000,
        "QuickBooks failed inside. The document is looked up in QuickBooks before it is sent again.",
        _UNKNOWN,
        Act.ASK,
    ),
    Status(
        1010,
        "QuickBooks is not available just now. It is tried again by itself for some hours, and after that when you "
        "retry it.",
        _NO,
        Act.RETRY,
    ),
    Status(
        1030,
        "This QuickBooks cannot do what was asked: its edition or version lacks it. The document must be entered by "
        "hand, or QuickBooks brought up to date.",
        _NO,
        Act.PERSON,
        KEEPER,
    ),
    Status(
        1060,
        "QuickBooks refused the number of our request. The fault is this service's, and the order waits until it is "
        "mended.",
        _NO,
        Act.BUG,
        KEEPER,
    ),
    Status(
        3000,
        "A record that this order is linked with is not in QuickBooks any more. Link the order's customer or supplier "
        "with another record, then retry.",
        _NO,
        Act.PERSON,
        CLERK,
        RECORDS,
    ),
    Status(3010, BAD_FORM, _NO, Act.BUG, KEEPER),
    Status(3020, BAD_FORM, _NO, Act.BUG, KEEPER),
    Status(3030, BAD_FORM, _NO, Act.BUG, KEEPER),
    Status(3031, BAD_FORM, _NO, Act.BUG, KEEPER),
    Status(3035, BAD_FORM, _NO, Act.BUG, KEEPER),
    Status(
        3040,
        "QuickBooks does not take one of the amounts. Correct the order or enter the document by hand.",
        _NO,
        Act.PERSON,
        CLERK,
    ),
    Status(
        3045,
        "QuickBooks does not take one of the prices. Correct the order or enter the document by hand.",
        _NO,
        Act.PERSON,
        CLERK,
    ),
    Status(
        3050,
        "QuickBooks does not take one of the percentages. Correct the order or enter the document by hand.",
        _NO,
        Act.PERSON,
        CLERK,
    ),
    Status(
        3060,
        "QuickBooks does not take one of the quantities. Correct the order or enter the document by hand.",
        _NO,
        Act.PERSON,
        CLERK,
    ),
    Status(3065, BAD_FORM, _NO, Act.BUG, KEEPER),
    Status(
        3070,
        "A text is longer than QuickBooks allows. Our checks should have stopped it: the fault is this service's, and "
        "the order waits until it is mended.",
        _NO,
        Act.BUG,
        KEEPER,
    ),
    Status(
        3080,
        "One of the texts holds something that QuickBooks does not take. Correct the order or enter the document by "
        "hand.",
        _NO,
        Act.PERSON,
        CLERK,
    ),
    Status(3085, BAD_FORM, _NO, Act.BUG, KEEPER),
    Status(
        3090,
        "QuickBooks does not take one of the names, perhaps for a colon in it. Choose another name, then retry.",
        _NO,
        Act.PERSON,
        CLERK,
    ),
    Status(
        3100,
        "QuickBooks has this name already. A record of the same kind is used as it is; if the name is that of "
        "another kind (customers, vendors, employees and other names share theirs), choose another name, then retry.",
        _NO,
        Act.ADOPT,
        CLERK,
        RECORDS,
    ),
    Status(3110, BAD_FORM, _NO, Act.BUG, KEEPER),
    Status(3120, NOT_THERE, _NO, Act.PERSON, CLERK, RECORDS),
    Status(
        3130,
        "The record that this one belongs under is not in QuickBooks. Make it there, then retry.",
        _NO,
        Act.PERSON,
        CLERK,
        RECORDS,
    ),
    Status(3140, NOT_THERE, _NO, Act.PERSON, CLERK, RECORDS),
    Status(
        3150,
        "The document lacks a part that QuickBooks insists on. The fault is this service's, and the order waits "
        "until it is mended.",
        _NO,
        Act.BUG,
        KEEPER,
    ),
    Status(
        3151,
        "The document has a part that QuickBooks does not allow there. The fault is this service's, and the order "
        "waits until it is mended.",
        _NO,
        Act.BUG,
        KEEPER,
    ),
    Status(
        3153,
        "Two parts of the document contradict each other. The fault is this service's, and the order waits until it "
        "is mended.",
        _NO,
        Act.BUG,
        KEEPER,
    ),
    Status(
        3160,
        "QuickBooks does not let this be deleted, as a rule because something else uses it. Make it inactive or void "
        "it by hand.",
        _NO,
        Act.PERSON,
        CLERK,
    ),
    Status(3161, CLOSED_PERIOD, _NO, Act.PERSON, ADMIN, CLOSING_DATE),
    Status(
        3162,
        "QuickBooks does not do this while several people have the company file open. Switch to single-user "
        "mode: it is tried again by itself for some hours, and after that when you retry it.",
        _NO,
        Act.RETRY,
        USER,
        SINGLE_USER,
    ),
    Status(
        3170,
        "QuickBooks does not let this record be changed; its own words say why. Mend that in QuickBooks, then retry.",
        _NO,
        Act.PERSON,
        CLERK,
    ),
    Status(3171, CLOSED_PERIOD, _NO, Act.PERSON, ADMIN, CLOSING_DATE),
    Status(3175, IN_USE, _NO, Act.RETRY, USER),
    Status(3176, IN_USE, _NO, Act.RETRY, USER),
    Status(
        3180,
        "QuickBooks could not save this document; its own words say why. Mend that in the order or in QuickBooks, "
        "then retry.",
        _NO,
        Act.PERSON,
        CLERK,
    ),
    Status(
        3185,
        "QuickBooks does not let this document be voided; its own words say why. Void it by hand.",
        _NO,
        Act.PERSON,
        CLERK,
        FIND,
    ),
    Status(
        3190,
        "QuickBooks does not let this document be cleared; its own words say why. Clear it by hand.",
        _NO,
        Act.PERSON,
        CLERK,
        FIND,
    ),
    Status(3200, STALE, _NO, Act.ASK),
    Status(
        3205,
        "QuickBooks does not take one of the addresses. Correct it in the order, then retry.",
        _NO,
        Act.PERSON,
        CLERK,
    ),
    Status(
        3210,
        "One of QuickBooks' rules forbids this document: a payment greater than what is due, say, or an account of "
        "the wrong type. QuickBooks' own words say which; mend that in the order or in QuickBooks, then retry.",
        _NO,
        Act.PERSON,
        CLERK,
    ),
    Status(3220, NOT_ALLOWED, _NO, Act.PERSON, ADMIN, USERS),
    Status(
        3230,
        "QuickBooks could not save this document just now. It is tried again by itself for some hours, and after "
        "that when you retry it.",
        _NO,
        Act.RETRY,
    ),
    Status(
        3231,
        "QuickBooks did not try this document, since an earlier one of the same message was refused. Mend "
        "that one; this one is tried again by itself for some hours, and after that when you retry it.",
        _NO,
        Act.RETRY,
    ),
    Status(3240, STALE, _NO, Act.ASK),
    Status(
        3250,
        "This document needs something that is switched off in this QuickBooks or not part of its edition: purchase "
        "orders, sales tax or several currencies, say. Switch it on, then retry.",
        _NO,
        Act.PERSON,
        ADMIN,
        PREFERENCES,
    ),
    Status(3260, NOT_ALLOWED, _NO, Act.PERSON, ADMIN, USERS),
    Status(
        3261,
        "QuickBooks does not let this application do this. Give it the right to it, then retry.",
        _NO,
        Act.PERSON,
        ADMIN,
        INTEGRATED,
    ),
    Status(
        3263,
        "QuickBooks lets this application read, and change nothing. Remove it from QuickBooks' list of applications, "
        "add the .qwc file to the Web Connector again and answer Yes, then retry.",
        _NO,
        Act.PERSON,
        ADMIN,
        INTEGRATED,
    ),
    Status(
        3270,
        "An account that this document should be booked to is missing. Choose the accounts in the company's settings, "
        "or give the item its account in QuickBooks, then retry.",
        _NO,
        Act.PERSON,
        ADMIN,
        ACCOUNTS,
    ),
    Status(
        3280,
        "An item in QuickBooks is of another type than this document needs. Choose another item or another item name, "
        "then retry.",
        _NO,
        Act.PERSON,
        CLERK,
        ITEMS,
    ),
    Status(
        3290,
        "QuickBooks does not take one of the lines; its own words say which. Correct the order, then retry.",
        _NO,
        Act.PERSON,
        CLERK,
    ),
    Status(
        3391,
        "QuickBooks no longer knows how far the list was read. The list is read again from its start, by itself.",
        _NO,
        Act.RETRY,
    ),
    # Of whole messages, contract.md 6.2
    Status(
        9001,
        "QuickBooks knows a message of this name with another content. Each document of it is looked up in QuickBooks "
        "before anything is sent again.",
        _UNKNOWN,
        Act.ASK,
        KEEPER,
    ),
    Status(
        9002,
        "QuickBooks has kept no answer to this message, which does not prove that it did nothing. Each document of it "
        "is looked up in QuickBooks before anything is sent again.",
        _UNKNOWN,
        Act.ASK,
    ),
    Status(9003, NOTHING_CERTAIN, _UNKNOWN, Act.ASK),
    Status(
        9004,
        "QuickBooks refused the name of our message. The fault is this service's, and the order waits until it is "
        "mended.",
        _NO,
        Act.BUG,
        KEEPER,
    ),
    Status(
        9005,
        "QuickBooks could not keep its answer to this message. Should the answer be lost, each document is looked up "
        "in QuickBooks before anything is sent again.",
        _UNKNOWN,
        Act.ASK,
    ),
    Status(9006, NOTHING_CERTAIN, _UNKNOWN, Act.ASK),
)
STATUS: dict[int, Status] = {known.code: known for known in _STATUSES}

RANGES = (
    (
        2000,
        2999,
        Status(
            0,
            "An answer that only QuickBooks Online Edition should give. See that the Web Connector works with "
            "QuickBooks Desktop.",
            _NO,
            Act.PERSON,
            KEEPER,
        ),
    ),
    (
        3300,
        3320,
        Status(
            0,
            "QuickBooks does not take the currency, the price level or a link of this document; its own words say "
            "which. Mend that in the order or in QuickBooks, then retry.",
            _NO,
            Act.PERSON,
            CLERK,
        ),
    ),
    (
        9100,
        9199,
        Status(
            0,
            "Another document of the order, which this one refers to, was not taken. Mend that one first, then retry "
            "this one.",
            _NO,
            Act.PERSON,
            CLERK,
        ),
    ),
)

# What these warnings mean when the answer to a write carries no id (contract.md 7.3: "without: FIX").
WITHOUT_ID: dict[int, Status] = {
    500: Status(500, NOT_THERE, _NO, Act.PERSON, CLERK, RECORDS),
    530: Status(
        530,
        "QuickBooks refused this document for a field that its edition does not have. Enter the document by hand, or "
        "take out of the order what needs that field.",
        _NO,
        Act.PERSON,
        CLERK,
    ),
    531: Status(
        531,
        "QuickBooks refused this document for a value that its edition does not have. Enter the document by hand, or "
        "take out of the order what needs that value.",
        _NO,
        Act.PERSON,
        CLERK,
    ),
    570: Status(
        570,
        "The document that this one should be linked with is closed already. Open that one again in QuickBooks and "
        "retry, or enter this one by hand.",
        _NO,
        Act.PERSON,
        CLERK,
        FIND,
    ),
}

UNKNOWN_HRESULT = (
    "QuickBooks or the Web Connector failed in a way we do not know. Read the words beside this; if it goes on, "
    "restart both."
)
NOT_INSTALLED = (
    "A part of QuickBooks or of the Web Connector is missing on that computer or not installed properly. Install it "
    "again there."
)
CONNECTION = (
    "The Web Connector could not get through to QuickBooks. The next update tries again; if it goes on, restart both."
)
CRASHED = (
    "QuickBooks stopped or hung while the Web Connector was talking to it. Open QuickBooks again; the next update "
    "tries again."
)
CERTIFICATE = (
    "QuickBooks no longer accepts the certificate by which it knows this application. Bring QuickBooks and the Web "
    "Connector on that computer up to date, then let the application in again."
)
NO_FILE_OPEN = (
    "QuickBooks is not running, or no company file is open in it. Open the company file that these orders belong to; "
    "the next update tries again."
)

# `saved` and `then` as for a call that wrote nothing; hresult() knows what a write changes.
_HRESULTS = (
    Status(
        0x80040400,
        "QuickBooks could not read our message and did nothing of it. The fault is this service's, and the order "
        "waits until it is mended.",
        _NO,
        Act.BUG,
        KEEPER,
    ),
    Status(
        0x80040401,
        "The Web Connector could not reach QuickBooks. See whether QuickBooks opens the company file on that computer; "
        "the next update tries again.",
        _NO,
        Act.RETRY,
        ADMIN,
    ),
    Status(
        0x80040402,
        "QuickBooks failed in an unexpected way; the file qbsdklog.txt on that computer may say why. The next update "
        "tries again.",
        _NO,
        Act.RETRY,
        ADMIN,
    ),
    Status(
        0x80040403,
        "QuickBooks could not open the company file. See whether it lies where the Web Connector looks for it, and "
        "opens by hand there.",
        _NO,
        Act.PERSON,
        ADMIN,
        OPEN_COMPANY,
    ),
    Status(0x80040404, NOT_INSTALLED, _NO, Act.PERSON, ADMIN),
    Status(0x80040405, NOT_INSTALLED, _NO, Act.PERSON, ADMIN),
    Status(
        0x80040406,
        "The path or name of the company file is not valid. Open the file in QuickBooks by hand, and tell this service "
        "its right path.",
        _NO,
        Act.PERSON,
        ADMIN,
        OPEN_COMPANY,
    ),
    Status(0x80040407, NOT_INSTALLED, _NO, Act.PERSON, ADMIN),
    Status(
        0x80040408,
        "The Web Connector could not start QuickBooks. Open QuickBooks on that computer and log in to the company "
        "file. To work with QuickBooks closed, let the administrator allow this application to log in automatically.",
        _NO,
        Act.RETRY,
        USER,
        LOGIN,
    ),
    Status(
        0x80040409,
        "The company file belongs to another version of QuickBooks than is on that computer. Open it with its own "
        "version, or bring the two together.",
        _NO,
        Act.PERSON,
        ADMIN,
    ),
    Status(
        0x8004040A,
        "Another company file is open in QuickBooks. Open the one that these orders belong to; the next update tries "
        "again.",
        _NO,
        Act.RETRY,
        USER,
        OPEN_COMPANY,
    ),
    Status(0x8004040B, CONNECTION, _NO, Act.RETRY),
    Status(0x8004040C, CONNECTION, _NO, Act.RETRY),
    Status(
        0x8004040D,
        "QuickBooks ended the session in the middle, as when someone closes it. The next update goes on, and looks up "
        "first what had been sent.",
        _NO,
        Act.RETRY,
    ),
    Status(0x8004040E, CONNECTION, _NO, Act.RETRY),
    Status(0x8004040F, CONNECTION, _NO, Act.RETRY),
    Status(
        0x80040410,
        "The company file is open in the other mode, single-user or multi-user. Switch the mode or close the file; "
        "the next update tries again.",
        _NO,
        Act.RETRY,
        USER,
        OTHER_MODE,
    ),
    Status(0x80040411, CONNECTION, _NO, Act.RETRY),
    Status(0x80040412, CONNECTION, _NO, Act.RETRY),
    Status(
        0x80040413,
        "Our message asked QuickBooks to undo it as a whole, which it cannot; it did nothing of it. The fault is this "
        "service's, and the order waits until it is mended.",
        _NO,
        Act.BUG,
        KEEPER,
    ),
    Status(
        0x80040414,
        "A window in QuickBooks waits for an answer. Answer or close it; the next update tries again.",
        _NO,
        Act.RETRY,
        USER,
    ),
    Status(0x80040415, CONNECTION, _NO, Act.RETRY),
    Status(0x80040416, NO_FILE_OPEN, _NO, Act.RETRY, USER, OPEN_COMPANY),
    Status(0x80040417, NO_FILE_OPEN, _NO, Act.RETRY, USER, OPEN_COMPANY),
    Status(
        0x80040418,
        "This application was never let into this company file. Open the file as administrator, click Update Selected "
        "in the Web Connector, and answer Yes in the window that QuickBooks shows.",
        _NO,
        Act.PERSON,
        ADMIN,
        INTEGRATED,
    ),
    Status(
        0x8004041A,
        "QuickBooks does not let this application into this company file. Allow it there.",
        _NO,
        Act.PERSON,
        ADMIN,
        INTEGRATED,
    ),
    Status(
        0x8004041B,
        "QuickBooks is busy with its list of applications. The next update tries again.",
        _NO,
        Act.RETRY,
    ),
    Status(
        0x8004041C,
        "QuickBooks failed inside while opening the company file. The next update tries again; if it goes on, let "
        "QuickBooks check the file.",
        _NO,
        Act.RETRY,
        ADMIN,
        VERIFY,
    ),
    Status(
        0x8004041D,
        "QuickBooks does not let this application log in by itself. Tick that it may log in automatically, or keep "
        "the company file open.",
        _NO,
        Act.PERSON,
        ADMIN,
        LOGIN,
    ),
    Status(0x8004041E, CERTIFICATE, _NO, Act.PERSON, ADMIN),
    Status(
        0x8004041F,
        "This edition of QuickBooks cannot work with other applications. Another edition of QuickBooks Desktop is "
        "needed.",
        _NO,
        Act.PERSON,
        ADMIN,
    ),
    Status(
        0x80040420,
        "Someone answered No when QuickBooks asked whether this application may in. Allow it there.",
        _NO,
        Act.PERSON,
        ADMIN,
        INTEGRATED,
    ),
    Status(
        0x80040421,
        "QuickBooks passed on a message; read its own words. The next update tries again.",
        _NO,
        Act.RETRY,
        ADMIN,
    ),
    Status(
        0x80040422,
        "Another application has the company file for itself. Close that one or wait until it is done; the next "
        "update tries again.",
        _NO,
        Act.RETRY,
        USER,
    ),
    Status(
        0x80040423,
        "This QuickBooks does not know the version of qbXML that we used, and did nothing of the message. The fault is "
        "this service's, and the order waits until it is mended.",
        _NO,
        Act.BUG,
        KEEPER,
    ),
    Status(0x80040424, "QuickBooks is still starting. The next update tries again.", _NO, Act.RETRY),
    Status(
        0x80040427,
        "QuickBooks is not registered. Register it on that computer.",
        _NO,
        Act.PERSON,
        ADMIN,
    ),
    Status(
        0x8004042A,
        "QuickBooks does not allow access from other computers. Run the Web Connector on the computer that QuickBooks "
        "is on.",
        _NO,
        Act.PERSON,
        ADMIN,
    ),
    Status(0x8004042C, CERTIFICATE, _NO, Act.PERSON, ADMIN),
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

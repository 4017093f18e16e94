"""The sentences that posting keeps in English beside a job, known again, so that a page says them in any language.

Each row holds the sentence as it is written there, and as a page shows it. A test reads posting's source and finds a
row for every sentence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qbxml.status import CLERK, FIND, ITEMS, KEEPER, RECORDS

from ..i18n import N_
from ..wording import recognised


@dataclass(frozen=True)
class Sentence:
    """`written` and `shown` carry %(name)s; `who` mends it and `where`, as in qbxml.status ("" where nobody need)."""

    written: str
    shown: str
    who: str = ""
    where: str = ""


def find(sentences: Sequence[Sentence], text: str) -> tuple[Sentence, Mapping[str, object]] | None:
    """-> the sentence that a text is, with its facts; None for one that no row knows."""
    for sentence in sentences:
        found = recognised(text, sentence.written)
        if found is not None:
            return sentence, found.facts
    return None


# Why a job needs a person: posting/recovery.py, posting/exchange.py and posting/answers.py.
REASONS = (
    Sentence(
        "QuickBooks does not say whether it holds this (%(said)s). Look there yourself, then retry or cancel.",
        N_("QuickBooks does not say whether it holds this (%(said)s). Look there yourself, then retry or cancel."),
        CLERK,
        FIND,
    ),
    Sentence(
        "QuickBooks holds %(number)s transactions that bear this one's number and marker (%(ids)s). Delete in "
        "QuickBooks what is too many, then retry: the one that is left will be recognised.",
        N_(
            "QuickBooks holds %(number)s documents that bear this one's number and marker (%(ids)s). Delete in "
            "QuickBooks what is too many, then retry: the one that is left will be recognised."
        ),
        CLERK,
        FIND,
    ),
    Sentence(
        "QuickBooks uses the name %(name)s for another kind of record: customers, vendors, employees and other names "
        'share one name space. Give this one another name (qbwc job retry %(job)s --name "%(free)s"), or link it to '
        "the record that it is (qbwc link).",
        N_(
            "QuickBooks uses the name %(name)s for another kind of record: customers, vendors, employees and other "
            "names must all differ. Give this one another name below, or choose the record in QuickBooks that it is."
        ),
        CLERK,
        RECORDS,
    ),
    Sentence(
        "QuickBooks says that it saved this, but holds nothing of that number with our marker: it was deleted or "
        "renumbered there since. Retry to have it sent once more, or cancel.",
        N_(
            "QuickBooks says that it saved this, but holds nothing of that number with our marker: it was deleted or "
            "renumbered there since. Retry to have it sent once more, or cancel."
        ),
        CLERK,
        FIND,
    ),
    Sentence(
        "It was sent %(number)s times; QuickBooks never answered it and holds nothing of it.",
        N_("It was sent %(number)s times; QuickBooks never answered it and holds nothing of it."),
        KEEPER,
    ),
    Sentence(
        "It was sent %(number)s times; QuickBooks answered %(code)s to it and holds nothing of it.",
        N_("It was sent %(number)s times; QuickBooks answered %(code)s to it and holds nothing of it."),
        KEEPER,
    ),
    Sentence(
        "QuickBooks holds an inactive record named %(name)s. Make it active there, or give this one another name, "
        "then retry.",
        N_(
            "QuickBooks holds an inactive record named %(name)s. Make it active there, or give this one another "
            "name, then retry."
        ),
        CLERK,
        RECORDS,
    ),
    Sentence(
        "QuickBooks uses the item name %(name)s for an item of type %(type)s, which cannot stand on an order's line. "
        "Rename it there, then retry.",
        N_(
            "QuickBooks uses the item name %(name)s for an item of type %(type)s, which cannot stand on an order's "
            "line. Rename it there, then retry."
        ),
        CLERK,
        ITEMS,
    ),
    Sentence(
        "It refers to job %(job)s (%(kind)s), of which QuickBooks' own number is not known.",
        N_("It refers to job %(job)s, of which QuickBooks' own number is not known."),
        KEEPER,
    ),
    Sentence(
        "QuickBooks lists no active account of type %(type)s, and a new item needs one. Add such an account in "
        "QuickBooks (Lists > Chart of Accounts) or choose an account in this company's settings, then retry.",
        N_(
            "QuickBooks lists no active account of type %(type)s, and a new item needs one. Add such an account in "
            "QuickBooks (Lists > Chart of Accounts) or choose an account in this company's settings, then retry."
        ),
    ),
    Sentence(
        "QuickBooks holds it with the total %(theirs)s, and the order comes to %(ours)s. Look at it there.",
        N_("QuickBooks holds it with the total %(theirs)s, and the order comes to %(ours)s. Look at it there."),
        CLERK,
        FIND,
    ),
    Sentence(
        "QuickBooks reckons %(theirs)s where the order comes to %(ours)s: it added or left out tax. Look at it there.",
        N_(
            "QuickBooks reckons %(theirs)s where the order comes to %(ours)s: it added or left out tax. Look at it "
            "there."
        ),
        CLERK,
        FIND,
    ),
    Sentence(
        "QuickBooks saved this twice, as %(first)s and as %(second)s. Delete one of the two in QuickBooks, then "
        "retry: the one that is left will be recognised.",
        N_(
            "QuickBooks saved this twice, as %(first)s and as %(second)s. Delete one of the two in QuickBooks, then "
            "retry: the one that is left will be recognised."
        ),
        CLERK,
        FIND,
    ),
    Sentence(
        "QuickBooks cannot tell this list (%(note)s). Have QuickBooks checked, then retry.",
        N_("QuickBooks cannot tell this list (%(note)s). Have QuickBooks checked, then retry."),
        KEEPER,
    ),
)

# What stands beside a step of a job's history: these, posting/queue.py and connector/session.py.
NOTES = (
    Sentence("linked by a person", N_("a person linked it to a record there")),
    Sentence("by name, from its lists", N_("it was there already, by its name")),
    Sentence("by its name", N_("it was there already, by its name")),
    Sentence("by its number and our marker", N_("known by its number and our marker")),
    Sentence("job %(job)s (%(kind)s) was not saved", N_("it needs job %(job)s, which was not saved")),
    Sentence("QuickBooks' answer does not mention it", N_("QuickBooks' answer does not mention it")),
    Sentence("the answer was empty", N_("the answer was empty")),
    Sentence(
        "QuickBooks never answers this message, and holds nothing of it",
        N_("QuickBooks never answers this message, and holds nothing of it"),
    ),
    Sentence("%(number)s records so far", N_("%(number)s records so far")),
    Sentence("%(number)s records", N_("%(number)s records")),
    Sentence("not answered", N_("it was not answered")),
    Sentence(
        "saved; it left more than once, so QuickBooks is asked how often it holds it",
        N_("QuickBooks saved it; since it left more than once, QuickBooks is asked how often it holds it"),
    ),
    Sentence(
        "%(said)s; it left more than once, so QuickBooks is asked whether it holds it",
        N_("%(said)s; since it left more than once, QuickBooks is asked whether it holds it"),
    ),
    Sentence("the session ended without an answer", N_("the connection ended without an answer")),
    Sentence("more was asked for before an answer came", N_("more was asked for before an answer came")),
    Sentence("the session was closed before an answer came", N_("the connection was closed before an answer came")),
)

# What posting/queue.py raises WrongName with.
WRONG_NAME = (
    Sentence(
        "%(name)s cannot stand as a name of at most %(most)s characters; %(could)s could",
        N_("%(name)s cannot stand as a name of at most %(most)s characters in QuickBooks; %(could)s could."),
    ),
)

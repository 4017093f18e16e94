"""What stands in the way of a whole company, in any language: connector/session.py keeps it in English words."""

import re
from collections.abc import Callable

from qbxml.status import hresult

from .i18n import N_
from .wording import recognised

_WRONG_FILE = "Wrong company file: "
_NOT_THE_FILE_OF = re.compile(r"which is not the file of (.+?)\. ")
_CODE = re.compile(r"(0x[0-9A-Fa-f]{8}): ")
_NO_ANSWER = N_("no answer")
_SENTENCES = (
    N_("This QuickBooks speaks qbXML %(version)s; %(least)s or newer is needed (QuickBooks 2009). Update QuickBooks."),
    N_("QuickBooks did not say what it holds of the documents in doubt. It is asked again next time."),
    N_("QuickBooks did not answer as it should (%(what)s). %(said)s"),
)


def in_words(problem: str, translate: Callable[[str], str]) -> str:
    """-> the problem as far as it can be said in the language that `translate` speaks (i18n.texts)."""
    if problem.startswith(_WRONG_FILE):
        named = _NOT_THE_FILE_OF.search(problem)
        return wrong_file(named[1], translate) if named else problem
    if code := _CODE.match(problem):
        known = hresult(code[1], after_write=False)
        said = f"{code[1]}: {translate(known.meaning)}"
        if not known.who:
            return said
        return f"{said} {translate(N_('To be mended by %(who)s.')) % {'who': translate(known.who)}}"
    for sentence in _SENTENCES:
        if found := recognised(problem, sentence) or recognised(f"{problem} ", sentence):  # nothing behind the words
            facts = {name: translate(str(fact)) for name, fact in found.facts.items()}
            return (translate(sentence) % facts).strip() if facts else translate(sentence)
    return problem


def is_wrong_file(problem: str) -> bool:
    return problem.startswith(_WRONG_FILE)


def wrong_file(company: str, translate: Callable[[str], str]) -> str:
    text = N_(
        "QuickBooks has another company file open than the one of %(name)s. Nothing was sent. Open the right one in "
        "QuickBooks, and run the update again."
    )
    return translate(text) % {"name": company}

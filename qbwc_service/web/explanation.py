"""Why a job is where it is, in the viewer's language: what it means, who mends it and where (product.md X4).

Beside a job posting keeps an English sentence: of the error book, with QuickBooks' own words behind it, or one of its
own. Here it is taken apart again and told in any language; QuickBooks' own words stay as they came.
"""

import itertools
import re
from dataclasses import dataclass, replace

from qbxml.status import IN_WORDS, Act, Saved, Status, hresult, status

from ..db.engine import AnyRow
from ..db.states import State
from . import reasons
from .page import Page

_WORDS = " QuickBooks says: "


@dataclass(frozen=True)
class Explanation:
    """All but `words` and `code` in the viewer's language; "" where there is nothing to say.

    `words` are QuickBooks' own. `facts` are what the sentence was made from, such as the numbers of a doubled one.
    """

    meaning: str
    who: str = ""
    where: str = ""
    words: str = ""
    code: str = ""
    saved: str = ""  # whether QuickBooks kept it
    follows: str = ""
    facts: tuple[tuple[str, str], ...] = ()


def explain(page: Page, job: AnyRow) -> Explanation | None:
    """-> what is to be said of a job; None where there is nothing. `job` has state, status_code and explanation."""
    if job.explanation:
        return read(page, str(job.explanation), str(job.status_code or ""), posted=job.state == State.POSTED)
    return None


def read(page: Page, explanation: str, code: str, *, posted: bool = False) -> Explanation:
    """-> a stored explanation, told. One that nobody knows is shown as it stands."""
    found = reasons.find(reasons.REASONS, explanation)
    if found is not None:
        sentence, facts = found
        meaning = page.text(sentence.shown, **facts)
        made_of = tuple((name, str(fact)) for name, fact in facts.items())
        return Explanation(meaning, page.text(sentence.who), page.text(sentence.where), code=code, facts=made_of)
    told, _, words = explanation.partition(_WORDS)
    known = _in_book(told, words, code, posted=posted)
    if known is None:
        return Explanation(told, words=words, code=code)
    return replace(_of_status(page, known), words=words, code=code)


def of_code(page: Page, code: str) -> Explanation:
    """-> what the error book says of a status code or an HRESULT."""
    return replace(_of_status(page, _candidates("", code)[0]), code=code)


def _of_status(page: Page, what: Status) -> Explanation:
    return Explanation(
        page.text(what.meaning),
        page.text(what.who),
        page.text(what.where),
        saved=page.text(IN_WORDS[what.saved]),
        follows=page.text(IN_WORDS[what.then]),
    )


def _in_book(told: str, words: str, code: str, *, posted: bool) -> Status | None:
    """-> the entry of the error book that a text was made from. What was said of a code depends on what came with it
    (severity, whether an id did), so each case is tried."""
    for candidate in _candidates(words, code):
        if candidate.meaning and told.startswith(candidate.meaning):
            if posted:
                return replace(candidate, saved=Saved.YES, then=Act.REVIEW)
            return candidate
    return None


def _candidates(words: str, code: str) -> list[Status]:
    if re.fullmatch(r"[0-9]{1,5}", code):
        cases = itertools.product((False, None, True), ("", "Error"))
        return [status(int(code), words, severity, kept=kept) for kept, severity in cases]
    if re.fullmatch(r"0[xX][0-9a-fA-F]{8}", code):
        return [hresult(code, after_write) for after_write in (False, True)]
    return []


@dataclass(frozen=True)
class Remark:
    """What stands beside a step of a job's history; `own_words`: it is QuickBooks' own, as it came."""

    text: str
    own_words: bool


def remark(page: Page, note: str) -> Remark:
    """-> a stored note, told. Of an explanation of the error book, QuickBooks' own words are enough."""
    found = reasons.find((*reasons.NOTES, *reasons.REASONS), note)
    if found is not None:
        sentence, facts = found
        return Remark(page.text(sentence.shown, **facts), own_words=False)
    return Remark(note.partition(_WORDS)[2] or note, own_words=True)


def wrong_name(page: Page, said: str) -> str:
    """-> why a name cannot stand in QuickBooks."""
    found = reasons.find(reasons.WRONG_NAME, said)
    return page.text(found[0].shown, **found[1]) if found is not None else said

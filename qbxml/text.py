"""What QuickBooks Desktop can hold of a text: characters, lengths, and how a message spells them.

QuickBooks keeps Windows-1252; what lies outside becomes `?` in the books or stops the whole message (contract.md 5.4,
qbxml/README.md). So text is made to fit *before* the preview, each change is told, and nothing changes after it.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

# The characters of Windows-1252 that are not controls; its five empty places do not decode.
_WINDOWS_1252 = bytes(range(256)).decode("cp1252", "ignore")
STORABLE = frozenset(ch for ch in _WINDOWS_1252 if " " <= ch < "\x7f" or ch >= "\xa0")
_CLASS = "".join(re.escape(ch) for ch in sorted(STORABLE))
UNSTORABLE = re.compile(f"[^{_CLASS}]")
UNSTORABLE_BUT_LINES = re.compile(f"[^\n{_CLASS}]")

_ASCII = re.compile(r"[ -~]*")
_ASCII_LINES = re.compile(r"[ -~\n]*")


@dataclass(frozen=True, slots=True)
class Change:
    """What was done to a text: a character `replaced` or `removed`, told once for each, or the whole `shortened`."""

    kind: Literal["replaced", "removed", "shortened"]
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Fitted:
    """A text as QuickBooks can hold it, and all that differs from what was given (empty: nothing does)."""

    text: str
    changes: tuple[Change, ...] = ()


def storable(ch: str) -> bool:
    """Whether QuickBooks keeps this one character: Windows-1252 holds it and it is no control character."""
    return ch in STORABLE


def fit(text: str, length: int | None, *, cut: bool = True, multiline: bool = False) -> Fitted:
    """`text` in characters that QuickBooks keeps, and with `cut` in at most `length` of them.

    Letters are written as near as Windows-1252 comes to them, other characters as their number in brackets ("[4E2D]"),
    never as "?". Line ends become spaces unless `multiline`. Without `cut` a text that is too long stays so, for its
    field to refuse (fields.Str).
    """
    if (_ASCII_LINES if multiline else _ASCII).fullmatch(text) and (length is None or len(text) <= length):
        return Fitted(text)
    changes: dict[Change, None] = {}
    fitted = _respelled(text, multiline, changes)
    if cut and length is not None:
        fitted = _shortened(fitted, length, changes)
    return Fitted(fitted, tuple(changes))


def fit_name(text: str, length: int | None, *, cut: bool = True) -> Fitted:
    """As fit, for the name of a list record: without colon, which would mean a level below, and spaces at the ends."""
    changes: dict[Change, None] = {}
    fitted = text if _ASCII.fullmatch(text) else _respelled(text, False, changes)
    if ":" in fitted:
        changes[Change("replaced", ":", "-")] = None
        fitted = fitted.replace(":", "-")
    trimmed = fitted.strip()
    if trimmed != fitted:
        changes[Change("removed", " ", "")] = None
    if cut and length is not None:
        trimmed = _shortened(trimmed, length, changes)
    return Fitted(trimmed, tuple(changes))


def _respelled(text: str, multiline: bool, changes: dict[Change, None]) -> str:
    # Composed first, so that an accent that came by itself is not lost where Windows-1252 has the letter with it.
    whole = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    parts: list[str] = []
    for at, ch in enumerate(whole):
        if ch in STORABLE or (multiline and ch == "\n"):
            parts.append(ch)
            continue
        spelled = _spell(ch, whole[at - 1 : at], whole[at + 1 : at + 2], multiline)
        changes[Change("replaced" if spelled else "removed", ch, spelled)] = None
        parts.append(spelled)
    return "".join(parts)


def _spell(ch: str, before: str, after: str, multiline: bool) -> str:
    if ch in "\n\r\v\f\x85\u2028\u2029":
        return "\n" if multiline else " "
    if ch == "\t" or unicodedata.category(ch) == "Zs":
        return " "
    if ch in _INVISIBLE or unicodedata.category(ch) in ("Cc", "Cs", "Cf"):
        return ""
    if ch in _UNITS and not _is_greek(before) and not _is_greek(after):
        return _UNITS[ch]
    spelled = _decomposed(ch)
    if spelled is None:
        return f"[{ord(ch):04X}]"
    # "2" and a third would read as twenty-one thirds.
    return f" {spelled}" if "/" in spelled and before.isdigit() else spelled


def _is_greek(ch: str) -> bool:
    return bool(ch) and ("\u0370" <= ch <= "\u03ff" or "\u1f00" <= ch <= "\u1fff")


def _decomposed(ch: str) -> str | None:
    """The character in those of Windows-1252, by table or by Unicode's decomposition, one level at a time so that as
    many accents stay as can; None when there is no such spelling."""
    if ch in STORABLE:
        return ch
    if ch in _SPELLED:
        return _SPELLED[ch]
    if _is_accent(ch):
        return ""
    mapping = unicodedata.decomposition(ch).split()
    if not mapping:
        return None
    style = mapping.pop(0) if mapping[0].startswith("<") else ""
    parts = [_decomposed(chr(int(number, 16))) for number in mapping]
    if any(part is None for part in parts):
        return None
    spelled = "".join(part for part in parts if part)
    if style == "<super>" and spelled.isdigit():
        return f"^{spelled}"
    if style == "<circle>":
        return f"({spelled})"
    return spelled or None


def _is_accent(ch: str) -> bool:
    """A mark that a letter keeps its sense without; a stroke through a sign (U+0338) turns it into its contrary."""
    return ch != "\u0338" and any(low <= ch <= high for low, high in _ACCENTS)


def _shortened(text: str, length: int, changes: dict[Change, None]) -> str:
    """At the end of a word when one ends in the last third, else in the middle of it, never in a "[4E2D]"."""
    if len(text) <= length:
        return text
    end = length
    numbered = next((m for m in _NUMBERED.finditer(text) if m.start() < end < m.end()), None)
    if numbered is not None:
        end = numbered.start()
    if not text[end].isspace():
        space = max(text.rfind(" ", 0, end), text.rfind("\n", 0, end))
        if space * 3 >= length * 2:
            end = space
    short = text[:end].rstrip()
    changes[Change("shortened", text, short)] = None
    return short


_NUMBERED = re.compile(r"\[[0-9A-F]{4,6}\]")
_ACCENTS = (
    ("\u0300", "\u036f"),
    ("\u1ab0", "\u1aff"),
    ("\u1dc0", "\u1dff"),
    ("\u20d0", "\u20ff"),
    ("\ufe20", "\ufe2f"),
)
# Selectors of a character's variant; by themselves they show nothing.
_INVISIBLE = frozenset(map(chr, [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), 0x034F]))
# Between Greek letters they are letters; alone they are units, and a mu read as "m" would be a thousandfold.
_UNITS = {"\u03bc": "\u00b5", "\u03a9": "Ohm"}

_CYRILLIC = (
    "а a б b в v г g д d е e ё yo ж zh з z и i й y к k л l м m н n о o п p р r с s т t у u ф f х kh ц ts ч ch ш sh "
    "щ shch ъ ' ы y ь ' э e ю yu я ya є ye і i ї yi ґ g ђ dj ј j љ lj њ nj ћ c џ dz ѕ dz"
)
_GREEK = "α a β v γ g δ d ε e ζ z η i θ th ι i κ k λ l μ m ν n ξ x ο o π p ρ r σ s τ t υ y φ f χ ch ψ ps ω o"
_LATIN = "ł l đ d ħ h ŧ t ı i ĸ k ŋ n ə e ɛ e ɔ o ɓ b ɗ d ƙ k ɖ d ɣ g ƴ y ǝ e ɨ i ʉ u ɵ o ƶ z ȷ j"
_SIGNS = (
    "\u2010 - \u2011 - \u2012 - \u2015 \u2014 \u2212 - \u2032 ' \u2033 \" \u2035 ' \u2036 \" \u201b ' \u201f \" "
    "\u02b9 ' \u02ba \" \u02bb ' \u02bc ' \u02bd ' \u2044 / \u2215 / \u2190 <- \u2192 -> \u2194 <-> \u21d2 => "
    "\u2264 <= \u2265 >= \u2260 != \u2248 ~ \u223c ~ \u2219 \u00b7 \u22c5 \u00b7 \u2027 \u00b7 \u25cf \u2022 "
    "\u25e6 o \u2043 - \u1e9e SS \u03c2 s"
)


def _table(pairs: str) -> dict[str, str]:
    words = pairs.split()
    return dict(zip(words[::2], words[1::2], strict=True))


def _both_cases(small: dict[str, str]) -> dict[str, str]:
    return small | {ch.upper(): spelled.capitalize() for ch, spelled in small.items() if len(ch.upper()) == 1}


# Capitals that are already storable or ASCII (the capital of a dotless i) are found in STORABLE first.
_SPELLED = _both_cases(_table(_CYRILLIC) | _table(_GREEK) | _table(_LATIN)) | _table(_SIGNS)

# Spelling in a message ------------------------------------------------------------------------------------------------

_MARKUP = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
_NOT_PLAIN = re.compile(r"[^ !#-%'-;=?-~]")


def as_reference(text: str) -> str:
    """`text` as XML content or attribute value in pure ASCII: markup escaped, the rest as decimal references.

    Raises ValueError for what no XML 1.0 document can hold (most control characters, lone surrogates).
    """
    return _NOT_PLAIN.sub(_spelled, text)


def _spelled(match: re.Match[str]) -> str:
    ch = match[0]
    if ch in _MARKUP:
        return _MARKUP[ch]
    number = ord(ch)
    if (number < 0x20 and ch not in "\t\n\r") or 0xD800 <= number <= 0xDFFF or number in (0xFFFE, 0xFFFF):
        raise ValueError(f"XML cannot hold U+{number:04X}")
    return f"&#{number};"

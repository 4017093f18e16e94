"""The kinds of field that a qbXML document is declared with: what may stand in each, and how it is spelled.

A field checks a value and writes its element; a value that does not fit is refused with the rule it breaks. Types,
lengths and first versions come from reference.md, patterns of numbers and GUIDs from Intuit's types of qbXML 13.0.
"""

import abc
import dataclasses
import functools
import re
import typing
import urllib.parse
from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from .text import UNSTORABLE, UNSTORABLE_BUT_LINES, as_reference
from .values import MAX_VERSION as MAX_VERSION
from .values import MIN_VERSION as MIN_VERSION
from .values import DocumentFaults as DocumentFaults
from .values import FieldFault as FieldFault
from .values import FullName as FullName
from .values import ListID as ListID
from .values import Ref as Ref
from .values import Refused as Refused
from .values import Slot as Slot
from .values import TxnID as TxnID
from .values import Version as Version

# Fields -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Field(abc.ABC):
    """One element of a document; `since` is the first qbXML version that knows it, None for before MIN_VERSION."""

    tag: str


@dataclass(frozen=True)
class Scalar(Field):
    """An element that holds one value."""

    def write(self, value: Any) -> str:
        """The element as ASCII XML; raises Refused."""
        return f"<{self.tag}>{self.spell(value)}</{self.tag}>"

    @abc.abstractmethod
    def spell(self, value: Any) -> str:
        """The value as content of the element; raises Refused."""


@dataclass(frozen=True)
class Str(Scalar):
    """A text of at most `max_length` characters (None: QuickBooks' limit is not known).

    `cut` says that a longer text may be shortened before the preview (text.fit), `multiline` that line ends may stand
    in it. An optional text of "" is left out, since to QuickBooks an empty element of an Add says the same.
    """

    max_length: int | None = None
    since: Version | None = None
    cut: bool = False
    multiline: bool = False

    def spell(self, value: Any) -> str:
        if not isinstance(value, str):
            raise Refused("must be a text")
        check_text(value, self.max_length, multiline=self.multiline)
        return as_reference(value)


@dataclass(frozen=True)
class Name(Str):
    """The name of a list record on its own level; a colon would mean a level below (qbxml/README.md, 3090)."""

    def spell(self, value: Any) -> str:
        spelled = super().spell(value)
        if ":" in value:
            raise Refused("may not contain a colon")
        return spelled


@dataclass(frozen=True)
class Number(Scalar):
    """A decimal number: Decimal or int; a float is refused since it seldom is what it says."""

    since: Version | None = None
    decimals: typing.ClassVar[int]
    digits: typing.ClassVar[int]

    def spell(self, value: Any) -> str:
        return spell_number(value, decimals=self.decimals, digits=self.digits)


@dataclass(frozen=True)
class Amount(Number):
    """Money: at most 13 digits and two decimals, always written with two."""

    decimals = 2
    digits = 13

    def spell(self, value: Any) -> str:
        spell_number(value, decimals=2, digits=13)
        # Adding 0 turns a negative zero into zero.
        return f"{Decimal(value) + 0:.2f}"


@dataclass(frozen=True)
class Price(Number):
    """A rate or cost: at most 10 digits and five decimals."""

    decimals = 5
    digits = 10


@dataclass(frozen=True)
class Quantity(Number):
    """A quantity: at most 10 digits and five decimals."""

    decimals = 5
    digits = 10


@dataclass(frozen=True)
class Percent(Number):
    """A percentage, 5 meaning 5 %: at most 10 digits and five decimals."""

    decimals = 5
    digits = 10


@dataclass(frozen=True)
class Float(Number):
    """An exchange rate: the schema sets no limit, QuickBooks keeps five decimals."""

    decimals = 5
    digits = 10


@dataclass(frozen=True)
class Int(Scalar):
    """A whole number not below `least`."""

    least: int = 0
    since: Version | None = None

    def spell(self, value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Refused("must be a whole number")
        if not self.least <= value < 2**31:
            raise Refused(f"at least {self.least} and below 2147483648")
        return str(value)


@dataclass(frozen=True)
class Date(Scalar):
    """A day, without a time."""

    since: Version | None = None

    def spell(self, value: Any) -> str:
        if isinstance(value, datetime) or not isinstance(value, date):
            raise Refused("must be a date")
        return value.isoformat()


@dataclass(frozen=True)
class DateTime(Scalar):
    """A point in time to the second, with its offset if it has one; without, QuickBooks takes its computer's clock."""

    since: Version | None = None

    def spell(self, value: Any) -> str:
        if not isinstance(value, datetime):
            raise Refused("must be a date with a time")
        spelled = value.isoformat(timespec="seconds")
        if re.fullmatch(r"[-0-9]{10}T[0-9:]{8}([-+][0-9]{2}:[0-9]{2})?", spelled) is None:
            raise Refused("the offset must be whole minutes")
        return spelled


@dataclass(frozen=True)
class Bool(Scalar):
    since: Version | None = None

    def spell(self, value: Any) -> str:
        if not isinstance(value, bool):
            raise Refused("must be true or false")
        return "true" if value else "false"


@dataclass(frozen=True)
class Guid(Scalar):
    """A GUID in braces, such as {12345678-90AB-CDEF-1234-567890ABCDEF}; "0" where QuickBooks itself is the owner."""

    since: Version | None = None

    def spell(self, value: Any) -> str:
        pattern = r"0|\{[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}"
        if not isinstance(value, str) or re.fullmatch(pattern, value) is None:
            raise Refused("must be a GUID in braces")
        return value


@dataclass(frozen=True, init=False)
class OneOf(Scalar):
    """One of the words that the schema lists."""

    values: tuple[str, ...]
    since: Version | None = None

    def __init__(self, tag: str, *values: str, since: Version | None = None) -> None:
        object.__setattr__(self, "tag", tag)
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "since", since)

    def spell(self, value: Any) -> str:
        if value not in self.values:
            raise Refused(f"must be one of {', '.join(self.values)}")
        return str(value)


@dataclass(frozen=True)
class RefTo(Field):
    """A reference to a list record by ListID or FullName, or a slot for one."""

    full_name_length: int | None = None
    since: Version | None = None

    def write(self, value: Any) -> str:
        """The element; of a Slot the element with its place held open (drafts.py); raises Refused."""
        if not isinstance(value, Slot):
            return f"<{self.tag}>{spell_ref(value, self.full_name_length)}</{self.tag}>"
        key = encode_key(value.key)
        element = f"<{self.tag}><?ref {key}?></{self.tag}>"
        return f"<?opt {key}?>{element}<?end?>" if value.optional else element


@dataclass(frozen=True)
class TxnLink(Field):
    """A reference to another document by TxnID, or a slot for one.

    With `macro` it may also name a document of the same message (XSD: AppliedToTxnAdd/TxnID has useMacro, LinkToTxnID
    has not).
    """

    macro: bool = False
    since: Version | None = None

    def write(self, value: Any) -> str:
        """The element, or its place held open (drafts.py); raises Refused."""
        if not isinstance(value, Slot):
            return f"<{self.tag}>{spell_txn(value)}</{self.tag}>"
        key = encode_key(value.key)
        element = f"<?txn {key}?>" if self.macro else f"<{self.tag}><?id {key}?></{self.tag}>"
        return f"<?opt {key}?>{element}<?end?>" if value.optional else element


@dataclass(frozen=True)
class IDOf(Scalar):
    """A bare ListID or TxnID of a query."""

    since: Version | None = None

    def spell(self, value: Any) -> str:
        return check_id(value.value if isinstance(value, ListID | TxnID) else value)


@dataclass(frozen=True)
class Group(Field):
    """An element that holds a declared class of its own, such as an address."""

    since: Version | None = None


@dataclass(frozen=True)
class Many(Field):
    """A field or group that may repeat, at most `at_most` times; the value is a tuple."""

    tag: str = dataclasses.field(init=False)
    each: Field
    at_most: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "tag", self.each.tag)

    @property
    def since(self) -> Version | None:
        return since(self.each)


@dataclass(frozen=True)
class Attribute(Field):
    """An attribute of the request element itself, such as iterator."""

    values: tuple[str, ...] = ()
    since: Version | None = None

    def spell(self, value: Any) -> str:
        if not isinstance(value, str) or not value or (self.values and value not in self.values):
            raise Refused(f"must be one of {', '.join(self.values)}" if self.values else "must be a text")
        check_text(value, None)
        return f' {self.tag}="{as_reference(value)}"'


@dataclass(frozen=True, init=False)
class Choice:
    """Fields that exclude each other: of the branches at most one may be used; with `required` exactly one."""

    branches: tuple[tuple[str, ...], ...]
    required: bool

    def __init__(self, *branches: tuple[str, ...] | str, required: bool = False) -> None:
        object.__setattr__(self, "branches", tuple((b,) if isinstance(b, str) else b for b in branches))
        object.__setattr__(self, "required", required)


# Checks that messages share -----------------------------------------------------------------------------------------


def check_text(value: str, max_length: int | None, *, multiline: bool = False) -> None:
    """Raises Refused for what QuickBooks cannot hold (text.py makes text fit beforehand)."""
    foreign = (UNSTORABLE_BUT_LINES if multiline else UNSTORABLE).search(value)
    if foreign is not None:
        number = ord(foreign[0])
        if number < 0x20 or 0x7F <= number < 0xA0:
            raise Refused(f"holds the control character U+{number:04X}")
        if 0xD800 <= number <= 0xDFFF:
            raise Refused(f"holds half a character, U+{number:04X}")
        raise Refused(f"holds {foreign[0]!r} (U+{number:04X}), which QuickBooks cannot keep")
    if max_length is not None and len(value) > max_length:
        raise Refused(f"at most {max_length} characters")


_ID = re.compile(r"[!#-%'-;=?-~]{1,36}")


def check_id(value: object) -> str:
    """A ListID or TxnID as it is; raises Refused. IDTYPE has at most 36 characters."""
    if not isinstance(value, str) or _ID.fullmatch(value) is None:
        raise Refused("must be an id of QuickBooks, 1 to 36 characters")
    return value


def spell_number(value: object, *, decimals: int, digits: int) -> str:
    """A Decimal or int without exponent and needless zeros; raises Refused."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise Refused("must be a decimal number")
    number = Decimal(value)
    if not number.is_finite():
        raise Refused("must be a finite number")
    _, figures, exponent = number.as_tuple()
    # By figures, since arithmetic would round to the context's precision.
    if isinstance(exponent, int) and exponent < -decimals and any(figures[exponent + decimals :]):
        raise Refused(f"at most {decimals} decimals")
    if number == 0:
        return "0"
    if number.adjusted() >= digits:
        raise Refused(f"at most {digits} digits before the point")
    whole, _, fraction = f"{number:f}".partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}.{fraction}" if fraction else whole


def spell_ref(value: object, full_name_length: int | None) -> str:
    """The inside of a reference; raises Refused."""
    if isinstance(value, ListID):
        return f"<ListID>{check_id(value.value)}</ListID>"
    if not isinstance(value, FullName) or not isinstance(value.value, str):
        raise Refused("must be a ListID or a FullName")
    if not value.value.strip():
        raise Refused("is required")
    check_text(value.value, full_name_length)
    return f"<FullName>{as_reference(value.value)}</FullName>"


def spell_txn(value: object) -> str:
    """The content of a TxnID element; raises Refused."""
    if not isinstance(value, TxnID):
        raise Refused("must be a TxnID")
    return check_id(value.value)


def encode_key(key: str) -> str:
    """A slot's key as it may stand in a processing instruction; decode_key is its inverse."""
    if not key:
        raise Refused("a slot needs a key")
    return urllib.parse.quote(key, safe=":/,;=+@|", errors="surrogatepass")


def decode_key(key: str) -> str:
    return urllib.parse.unquote(key, errors="surrogatepass") if "%" in key else key


# What a class declares ----------------------------------------------------------------------------------------------


class Declared(NamedTuple):
    """One line of a document's class: the attribute's name, its field, whether it must be given, of a Group (or Many of
    them) the class of its value, and whether it is one of a Choice, where to be there says something by itself."""

    name: str
    field: Field
    required: bool
    inner: type | None
    chosen: bool


def declared(document: type) -> tuple[Declared, ...]:
    """The fields of a document, line or address class in the sequence that QuickBooks insists on."""
    return _lines(document)


@functools.cache
def _lines(document: type) -> tuple[Declared, ...]:
    hints = typing.get_type_hints(document, include_extras=True)
    choices: tuple[Choice, ...] = getattr(document, "CHOICES", ())
    chosen = {name for choice in choices for branch in choice.branches for name in branch}
    return tuple(_declared(field, hints[field.name], chosen) for field in dataclasses.fields(document))


def _declared(field: "dataclasses.Field[Any]", hint: Any, chosen: Container[str]) -> Declared:
    declared_field = next(note for note in hint.__metadata__ if isinstance(note, Field))
    required = field.default is dataclasses.MISSING
    group = declared_field.each if isinstance(declared_field, Many) else declared_field
    inner = next(_classes(hint.__origin__), None) if isinstance(group, Group) else None
    return Declared(field.name, declared_field, required, inner, field.name in chosen)


def _classes(hint: Any) -> Iterator[type]:
    arguments = typing.get_args(hint)
    if not arguments:
        if dataclasses.is_dataclass(hint):
            yield typing.cast(type, hint)
        return
    for argument in arguments:
        yield from _classes(argument)


def since(field: Field) -> Version | None:
    """The first version of qbXML that knows the field; None for one older than MIN_VERSION."""
    found: Version | None = getattr(field, "since", None)
    return found


def field_of(document: type, name: str) -> Field:
    """The field declared as attribute `name`; where a length is needed elsewhere, this is its home."""
    return next(line.field for line in declared(document) if line.name == name)


def max_length(document: type, name: str) -> int:
    """The longest text of the field; raises TypeError for a field without such a limit."""
    field = field_of(document, name)
    limit = field.max_length if isinstance(field, Str) else None
    if limit is None:
        raise TypeError(f"{document.__name__}.{name} has no length")
    return limit


class Document:
    """What every request inherits from. Its class's name is the request's: InvoiceAdd is written as InvoiceAddRq."""

    __slots__ = ()

    CHOICES: typing.ClassVar[tuple[Choice, ...]] = ()

    def conflicts(self) -> Iterator[tuple[str, str]]:
        """Pairs (attribute's name, rule) of what no single field can see."""
        return iter(())

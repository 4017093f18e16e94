"""What each kind of field takes and how it writes it."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbxml.documents import CustomerAdd, InvoiceAdd
from qbxml.fields import (
    Amount,
    Bool,
    Date,
    DateTime,
    FieldFault,
    Guid,
    Int,
    Price,
    Quantity,
    Refused,
    Str,
    Version,
    decode_key,
    encode_key,
    field_of,
)


def spelled(field: Any, value: Any) -> str:
    text: str = field.spell(value)
    return text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("2.3"), "2.30"),
        (5, "5.00"),
        (Decimal("-0.00"), "0.00"),
        (Decimal("1.500"), "1.50"),
        (Decimal("1E+3"), "1000.00"),
        (Decimal("9999999999999.99"), "9999999999999.99"),
        (Decimal("-0.01"), "-0.01"),
        (Decimal("0E-9999"), "0.00"),
    ],
)
def test_an_amount_has_two_decimals(value: Any, text: str) -> None:
    assert spelled(Amount("Amount"), value) == text


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (Decimal("0.001"), "at most 2 decimals"),
        (Decimal("1E-999999"), "at most 2 decimals"),
        (Decimal("1.0000000000000000000000000000000001"), "at most 2 decimals"),
        (Decimal("1E13"), "at most 13 digits before the point"),
        (Decimal("-1E999999"), "at most 13 digits before the point"),
        (Decimal("NaN"), "must be a finite number"),
        (Decimal("-Infinity"), "must be a finite number"),
        (Decimal("sNaN"), "must be a finite number"),
        (1.0, "must be a decimal number"),
        (True, "must be a decimal number"),
        ("1.00", "must be a decimal number"),
    ],
    ids=str,
)
def test_what_is_no_amount_is_refused(value: Any, rule: str) -> None:
    with pytest.raises(Refused, match=rule):
        Amount("Amount").spell(value)


@pytest.mark.parametrize("field", [Price("Rate"), Quantity("Quantity")])
def test_a_rate_or_quantity_has_at_most_five_decimals_and_ten_digits(field: Any) -> None:
    assert spelled(field, Decimal("2.30000")) == "2.3"
    assert spelled(field, Decimal("0.00001")) == "0.00001"
    assert spelled(field, Decimal("9999999999.99999")) == "9999999999.99999"
    assert spelled(field, Decimal("1E2")) == "100"
    for value, rule in [(Decimal("0.000001"), "5 decimals"), (Decimal(10**10), "10 digits")]:
        with pytest.raises(Refused, match=rule):
            field.spell(value)


@given(st.decimals(Decimal("-9999999999"), Decimal("9999999999"), places=5))
def test_a_number_is_written_without_loss(number: Decimal) -> None:
    text = spelled(Price("Rate"), number)
    assert Decimal(text) == number
    assert "E" not in text


def test_a_date_is_a_day() -> None:
    assert spelled(Date("TxnDate"), date(2026, 11, 20)) == "2026-11-20"
    for wrong in (datetime(2026, 11, 20, tzinfo=UTC), "2026-11-20", 20261120):
        with pytest.raises(Refused, match="must be a date"):
            Date("TxnDate").spell(wrong)


def test_a_time_is_written_to_the_second_with_its_offset() -> None:
    field = DateTime("FromModifiedDate")
    eastern = timezone(timedelta(hours=-5))
    assert spelled(field, datetime(2026, 11, 20, 15, 4, 0, 999, eastern)) == "2026-11-20T15:04:00-05:00"
    assert spelled(field, datetime(2026, 11, 20, 15, 4)) == "2026-11-20T15:04:00"  # noqa: DTZ001  # QuickBooks' clock
    with pytest.raises(Refused, match="whole minutes"):
        field.spell(datetime(2026, 11, 20, tzinfo=timezone(timedelta(seconds=1))))
    with pytest.raises(Refused, match="with a time"):
        field.spell(date(2026, 11, 20))


def test_true_is_no_number_and_one_is_not_true() -> None:
    assert (spelled(Bool("IsActive"), True), spelled(Bool("IsActive"), False)) == ("true", "false")
    for field, wrong in [(Bool("IsActive"), 1), (Bool("IsActive"), "true"), (Int("MaxReturned"), True)]:
        with pytest.raises(Refused):
            field.spell(wrong)


@pytest.mark.parametrize("wrong", ["{12345678-90AB-CDEF-1234-567890ABCDEG}", "12345678", "", "{0}", 0, None])
def test_a_guid_stands_in_braces(wrong: Any) -> None:
    assert spelled(Guid("OwnerID"), "0") == "0"
    with pytest.raises(Refused, match="braces"):
        Guid("OwnerID").spell(wrong)


@pytest.mark.parametrize("ch", ["\x00", "\t", "\r", "\x0b", "\x7f", "\x81", "\u0141", "\u4e2d", "\ud800", "\U0001f600"])
def test_a_text_holds_only_what_quickbooks_keeps(ch: str) -> None:
    for field in (Str("Memo", 10), Str("Memo", 10, multiline=True)):
        with pytest.raises(Refused):
            field.spell(f"a{ch}b")


def test_a_line_end_stands_only_where_a_text_has_lines() -> None:
    assert spelled(Str("Desc", 10, multiline=True), "a\nb") == "a&#10;b"
    with pytest.raises(Refused, match=r"U\+000A"):
        Str("Memo", 10).spell("a\nb")


def test_a_text_is_counted_before_it_is_spelled() -> None:
    assert spelled(Str("Name", 3), "é&<") == "&#233;&amp;&lt;"
    with pytest.raises(Refused, match="at most 3 characters"):
        Str("Name", 3).spell("abcd")


@given(st.text(st.characters(exclude_categories=()), min_size=1))
def test_a_slot_s_key_comes_back_as_it_was(key: str) -> None:
    written = encode_key(key)
    assert written.isascii()
    assert not set(written) & set("?<>& ")
    assert decode_key(written) == key


def test_versions_are_compared_as_numbers() -> None:
    assert Version.parse("9.0") < Version.parse("13.0") < Version.parse("13.1")
    assert Version.parse("13") == Version(13) == (13, 0)
    assert str(Version.parse(" 8.0 ")) == "8.0"


@pytest.mark.parametrize("text", ["", "13.", "CA3.0", "1.2.3", "-1.0", "１３.0"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a qbXML version"):
        Version.parse(text)


def test_a_fault_reads_as_a_sentence_and_carries_its_parts() -> None:
    fault = FieldFault("InvoiceAdd", "RefNumber", "123456789012", "at most 11 characters")
    assert str(fault) == 'InvoiceAdd.RefNumber "123456789012": at most 11 characters'
    assert (fault.document, fault.field, fault.value, fault.rule) == fault.args
    assert str(FieldFault("InvoiceAdd", "Memo", "x" * 99, "rule")) == f'InvoiceAdd.Memo "{"x" * 57}...": rule'


def test_a_field_is_found_by_the_name_of_its_attribute() -> None:
    assert field_of(InvoiceAdd, "ref_number") == Str("RefNumber", 11)
    assert field_of(CustomerAdd, "name").tag == "Name"

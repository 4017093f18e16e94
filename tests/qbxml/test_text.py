"""Making texts fit, and telling what was done to them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from qbxml.text import STORABLE, Change, Fitted, as_reference, fit, fit_name, storable

anything = st.text(st.characters(exclude_categories=()), max_size=60)
lengths = st.integers(1, 50)


@given(text=anything, length=lengths, multiline=st.booleans())
def test_what_fits_is_storable_within_its_length_and_fits_again_unchanged(
    text: str, length: int, multiline: bool
) -> None:
    fitted = fit(text, length, multiline=multiline)
    assert all(storable(ch) or (multiline and ch == "\n") for ch in fitted.text)
    assert len(fitted.text) <= length
    assert fit(fitted.text, length, multiline=multiline) == Fitted(fitted.text)


@given(text=anything, length=lengths)
def test_a_name_that_fits_has_no_colon_and_no_space_at_its_ends(text: str, length: int) -> None:
    fitted = fit_name(text, length)
    assert ":" not in fitted.text
    assert fitted.text == fitted.text.strip()
    assert len(fitted.text) <= length
    assert all(map(storable, fitted.text))
    assert fit_name(fitted.text, length) == Fitted(fitted.text)


@given(text=anything)
def test_no_question_mark_appears_that_was_not_there(text: str) -> None:
    # The question marks of other scripts' typesetting (full width, doubled) are question marks.
    if "?" not in unicodedata.normalize("NFKD", text):
        assert "?" not in fit(text, None).text


@given(text=st.text("".join(sorted(STORABLE)), max_size=40))
def test_what_windows_1252_holds_stays_as_it_is(text: str) -> None:
    assert fit(text, None) == Fitted(text)


@given(text=anything, length=lengths)
def test_no_change_goes_untold(text: str, length: int) -> None:
    fitted = fit(text, length)
    if not fitted.changes:
        assert fitted.text == unicodedata.normalize("NFC", text)


def test_storable_is_what_windows_1252_shows() -> None:
    assert len(STORABLE) == 218
    assert all(map(storable, "aé€ŒŸ–—“”‘’…™ ß\xa0"))
    assert not any(map(storable, "\x00\t\n\x7f\x80\x81\x9f\u0141\u0301\ud800\u4e2d"))


@pytest.mark.parametrize(
    ("text", "fitted"),
    [
        ("Łódź", "Lódz"),
        ("Đặng Văn", "Dang Van"),
        ("Tiếng", "Tiêng"),
        ("Erdoğan Şahin ışık İzmir", "Erdogan Sahin isik Izmir"),
        ("Győr Ţepeş Ștefan Žižek Čapek", "Gyor Tepes Stefan Žižek Capek"),
        ("Søren Åse Þór æ œ", "Søren Åse Þór æ œ"),
        ("e\u0301 n\u0303 x\u0302", "é ñ x"),
        ("‑ ‐ − ― … – —", "- - - — … – —"),
        ("“a” ‘b’ „c” «d»", "“a” ‘b’ „c” «d»"),
        ("5′ 6″", "5' 6\""),
        ("ﬁn ＡＢＣ１", "fin ABC1"),
        ("Привет, Щука", "Privet, Shchuka"),
        ("Київ Їжак", "Kiyiv Yizhak"),
        ("Αθήνα Ψυχή", "Athina Psychi"),
        ("5 μm 10 Ω 10 \u2126", "5 µm 10 Ohm 10 Ohm"),
        ("中 文", "[4E2D] [6587]"),
        ("ok 😀", "ok [1F600]"),
        ("2⅓ in ½ 10⁴ H₂O", "2 1/3 in ½ 10^4 H2O"),
        ("a≠b a≤b a→b", "a!=b a<=b a->b"),
        ("a\u226eb", "a[226E]b"),
        ("שלום", "[05E9][05DC][05D5][05DD]"),
        ("①", "(1)"),
    ],
)
def test_letters_are_written_as_near_as_quickbooks_comes(text: str, fitted: str) -> None:
    assert fit(text, None).text == fitted


@pytest.mark.parametrize(
    ("text", "fitted", "lines"),
    [
        ("a\tb", "a b", "a b"),
        ("a\nb", "a b", "a\nb"),
        ("a\r\nb", "a b", "a\nb"),
        ("a\rb\u2028c\x85d", "a b c d", "a\nb\nc\nd"),
        ("a\x00\x1b\x7f\x80b", "ab", "ab"),
        ("a\u200b\ufeff\u202eb", "ab", "ab"),
        ("a\u2009b\u3000c", "a b c", "a b c"),
        ("a\ud800b\udc00", "ab", "ab"),
    ],
)
def test_control_characters_go_and_line_ends_stay_only_where_there_are_lines(
    text: str, fitted: str, lines: str
) -> None:
    assert fit(text, None).text == fitted
    assert fit(text, None, multiline=True).text == lines


def test_each_change_is_told_once_with_before_and_after() -> None:
    assert fit("Łukasz Łoś\x00\x00", 6) == Fitted(
        "Lukasz",
        (
            Change("replaced", "Ł", "L"),
            Change("replaced", "ś", "s"),
            Change("removed", "\x00", ""),
            Change("shortened", "Lukasz Los", "Lukasz"),
        ),
    )
    assert fit_name(" A:B ", 10).changes == (Change("replaced", ":", "-"), Change("removed", " ", ""))


@pytest.mark.parametrize(
    ("text", "length", "fitted"),
    [
        ("the quick brown fox", 19, "the quick brown fox"),
        ("the quick brown fox", 18, "the quick brown"),
        ("the quick brown fox", 15, "the quick brown"),
        ("the quick brown fox", 14, "the quick brow"),  # "the quick" would lose more than a third
        ("thequickbrownfox", 9, "thequickb"),
        ("a verylongwordindeed", 12, "a verylongwo"),
        ("ab 中中", 12, "ab [4E2D]"),
    ],
)
def test_a_cut_is_made_at_a_word_where_one_ends_in_the_last_third(text: str, length: int, fitted: str) -> None:
    assert fit(text, length).text == fitted


def test_what_may_not_be_cut_stays_too_long_for_its_field_to_refuse() -> None:
    assert fit("123456789012", 11, cut=False) == Fitted("123456789012")
    assert fit_name("x" * 50, 41, cut=False) == Fitted("x" * 50)


# As a message spells it -----------------------------------------------------------------------------------------------


@given(st.text(st.characters(codec="utf-8", exclude_characters="\ufffe\uffff"), max_size=40))
def test_a_parser_reads_what_was_spelled(text: str) -> None:
    controls = [ch for ch in text if ch < " " and ch not in "\t\n\r"]
    if controls:
        with pytest.raises(ValueError, match="XML cannot hold"):
            as_reference(text)
    else:
        spelled = as_reference(text)
        assert spelled.isascii()
        element = etree.fromstring(f'<a b="{spelled}">{spelled}</a>')
        assert (element.text or "", element.get("b")) == (text, text)


@pytest.mark.parametrize("ch", ["\x00", "\ud800", "\ufffe", "\uffff"])
def test_what_no_xml_holds_is_no_reference(ch: str) -> None:
    with pytest.raises(ValueError, match="XML cannot hold"):
        as_reference(ch)

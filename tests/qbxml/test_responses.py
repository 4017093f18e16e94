"""Reading answers: whole, in pieces, broken and hostile."""

import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from unittest import mock
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbxml import feed
from qbxml.fields import Version
from qbxml.responses import NotQbXML, OutOfStep, Recovery, Response, Ret, read, read_host
from qbxml.text import as_reference
from tests import memory

from .checking import assert_valid

on_linux = pytest.mark.skipif(not memory.STATUS.exists(), reason="memory is read as Linux tells it")

OK = 'statusCode="0" statusSeverity="Info" statusMessage="Status OK"'
INVOICE = (
    "<InvoiceRet><TxnID>1C2B-1</TxnID><TimeCreated>2026-11-20T15:04:00-05:00</TimeCreated>"
    "<TimeModified>2026-11-20T15:04:00-05:00</TimeModified><EditSequence>1700000000</EditSequence>"
    "<TxnNumber>77</TxnNumber><CustomerRef><ListID>80000001-1</ListID><FullName>R&amp;D Caf&#233;</FullName>"
    "</CustomerRef><TxnDate>2026-11-20</TxnDate><RefNumber>1001</RefNumber><IsPending>false</IsPending>"
    "<Subtotal>230.00</Subtotal><BalanceRemaining>-0.50</BalanceRemaining><Memo></Memo>"
    "<InvoiceLineRet><TxnLineID>1C2D-1</TxnLineID><Quantity>100</Quantity><Rate>2.30</Rate></InvoiceLineRet>"
    "<InvoiceLineRet><TxnLineID>1C2E-1</TxnLineID></InvoiceLineRet></InvoiceRet>"
)


def answer(*responses: str, attributes: str = "") -> str:
    return (
        f'<?xml version="1.0" ?>\n<QBXML>\n<QBXMLMsgsRs{attributes}>\n{"".join(responses)}\n</QBXMLMsgsRs>\n</QBXML>\n'
    )


def only(text: str | bytes) -> Response:
    (response,) = read(text)
    return response


def added(inside: str = INVOICE, attributes: str = f'requestID="1" {OK}') -> str:
    text = answer(f"<InvoiceAddRs {attributes}>\n{inside}\n</InvoiceAddRs>")
    assert_valid(text.encode())
    return text


def ret() -> Ret:
    found = only(added()).single
    assert found is not None
    return found


# What an answer tells -------------------------------------------------------------------------------------------------


def test_an_answer_to_an_add_holds_what_quickbooks_saved() -> None:
    response = only(added())
    assert (response.kind, response.request_id, response.status_code) == ("InvoiceAdd", "1", 0)
    assert (response.severity, response.message) == ("Info", "Status OK")
    assert response.recovery is None
    found = response.single
    assert found is not None
    assert (found.kind, found.txn_id, found.list_id, found.ref_number) == ("InvoiceRet", "1C2B-1", None, "1001")
    assert found.edit_sequence == "1700000000"
    assert found.time_modified == datetime(2026, 11, 20, 15, 4, tzinfo=timezone(timedelta(hours=-5)))


def test_a_record_is_read_by_paths() -> None:
    assert ret().text("CustomerRef/FullName") == "R&D Café"
    assert ret().text("CustomerRef/Nothing") is None
    assert ret().text("Nothing/FullName") is None
    assert ret().text("Memo") == ""
    assert ret().amount("Subtotal") == Decimal("230.00")
    assert ret().amount("BalanceRemaining") == Decimal("-0.50")
    assert ret().amount("Memo") is None
    assert ret().boolean("IsPending") is False
    assert ret().boolean("IsPaid") is None
    assert [line.text("TxnLineID") for line in ret().all("InvoiceLineRet")] == ["1C2D-1", "1C2E-1"]
    assert [line.amount("Rate") for line in ret().all("InvoiceLineRet")] == [Decimal("2.30"), None]
    assert [rate.content for rate in ret().all("InvoiceLineRet/Rate")] == ["2.30"]


def test_a_list_record_is_named_by_its_full_name_or_by_its_name_alone() -> None:
    item, discount = _rets(
        f"<ItemQueryRs {OK}><ItemServiceRet><ListID>8-1</ListID><Name>Set</Name><FullName>Art:Set</FullName>"
        "<IsActive>true</IsActive></ItemServiceRet><ItemDiscountRet><ListID>8-2</ListID><Name>Less</Name>"
        "</ItemDiscountRet></ItemQueryRs>"
    )
    assert (item.kind, item.list_id, item.name, item.full_name, item.is_active) == (
        "ItemServiceRet",
        "8-1",
        "Set",
        "Art:Set",
        True,
    )
    assert (discount.full_name, discount.is_active, discount.time_modified) == ("Less", None, None)


def _rets(response: str) -> list[Ret]:
    return [ret for one in read(answer(response)) for ret in one.rets]


@pytest.mark.parametrize(
    ("element", "read_it"),
    [
        ("<Amount>1,00</Amount>", lambda found: found.amount("Amount")),
        ("<Amount>NaN</Amount>", lambda found: found.amount("Amount")),
        ("<Amount>1e9</Amount>", lambda found: found.amount("Amount")),
        ("<Amount>٣</Amount>", lambda found: found.amount("Amount")),
        ("<IsActive>yes</IsActive>", lambda found: found.is_active),
        ("<TimeModified>yesterday</TimeModified>", lambda found: found.time_modified),
    ],
)
def test_a_value_of_the_wrong_kind_is_an_error_that_names_its_place(element: str, read_it: object) -> None:
    (found,) = _rets(f"<XQueryRs {OK}><XRet>{element}</XRet></XQueryRs>")
    assert callable(read_it)
    with pytest.raises(NotQbXML, match=f"XRet/{element[1 : element.index('>')]}"):
        read_it(found)


def test_a_time_without_offset_is_on_quickbooks_own_clock() -> None:
    (found,) = _rets(f"<XQueryRs {OK}><XRet><TimeModified>2026-11-20T15:04:00</TimeModified></XRet></XQueryRs>")
    assert found.time_modified == datetime(2026, 11, 20, 15, 4)  # noqa: DTZ001
    (found,) = _rets(f"<XQueryRs {OK}><XRet><TimeModified>2026-11-20T15:04:00+00:00</TimeModified></XRet></XQueryRs>")
    assert found.time_modified == datetime(2026, 11, 20, 15, 4, tzinfo=UTC)


def test_an_error_has_its_code_and_quickbooks_words_and_no_record() -> None:
    text = added(
        "", 'requestID="4" statusCode="3140" statusSeverity="Error" statusMessage="There is an invalid &quot;x&quot;"'
    )
    response = only(text)
    assert (response.status_code, response.severity) == (3140, "Error")
    assert response.message == 'There is an invalid "x"'
    assert response.single is None
    assert list(response.rets) == []


def test_attributes_that_are_missing_are_told_as_missing() -> None:
    response = only(answer('<InvoiceAddRs statusCode="0"/>'))
    assert (response.request_id, response.severity, response.message) == (None, "", "")
    assert (response.iterator_id, response.iterator_remaining, response.ret_count) == (None, None, None)


def test_a_document_saved_at_an_earlier_sending_is_recovered() -> None:
    recovery = (
        "<ErrorRecovery><TxnID>1C2B-1</TxnID><TxnNumber>77</TxnNumber><EditSequence>17</EditSequence>"
        "<ExternalGUID>{12345678-90AB-CDEF-1234-567890ABCDEF}</ExternalGUID></ErrorRecovery>"
    )
    expected = Recovery(None, "1C2B-1", "17", 77, "{12345678-90AB-CDEF-1234-567890ABCDEF}")
    alone = only(added(recovery))
    assert (alone.single, alone.recovery) == (None, expected)
    beside = only(added(INVOICE + recovery))
    assert beside.recovery == expected
    assert beside.single is not None
    assert [found.kind for found in beside.rets] == ["InvoiceRet"]
    assert beside.recovery == expected


def test_the_state_of_a_message_set_is_told() -> None:
    whole = read(answer(attributes=' newMessageSetID="M1" messageSetStatusCode="9002"'))
    assert (whole.message_set_status, whole.new_message_set_id) == (9002, "M1")
    assert list(whole) == []
    without = read(answer())
    assert (without.message_set_status, without.new_message_set_id) == (None, None)


def test_an_iterator_tells_how_to_go_on() -> None:
    response = only(
        answer(
            f'<CustomerQueryRs requestID="1" {OK} retCount="1" iteratorRemainingCount="66" iteratorID="{{a-1}}">'
            "<CustomerRet><ListID>8-1</ListID></CustomerRet></CustomerQueryRs>"
        )
    )
    assert (response.iterator_id, response.iterator_remaining, response.ret_count) == ("{a-1}", 66, 1)


def test_sign_on_answers_are_passed_over() -> None:
    text = f'<QBXML><SignonMsgsRs><X a="1"/></SignonMsgsRs><QBXMLMsgsRs><HostQueryRs {OK}/></QBXMLMsgsRs></QBXML>'
    assert only(text).kind == "HostQuery"


# In step --------------------------------------------------------------------------------------------------------------


def customers(count: int, notes: str = "") -> Iterator[str]:
    for number in range(count):
        yield f"<CustomerRet><ListID>8-{number}</ListID><Name>C{number}</Name><Notes>{notes}</Notes></CustomerRet>\n"


def two_queries(count: int) -> str:
    inside = "".join(customers(count))
    return answer(
        f'<CustomerQueryRs requestID="1" {OK}>{inside}</CustomerQueryRs>',
        f'<CustomerQueryRs requestID="2" {OK}>{inside}</CustomerQueryRs>',
    )


def test_records_that_nobody_reads_are_passed_over() -> None:
    read_of_second = [
        found.list_id for response in read(two_queries(4000)) if response.request_id == "2" for found in response.rets
    ]
    assert read_of_second == [f"8-{number}" for number in range(4000)]


def test_a_query_left_half_read_does_not_reach_into_the_next() -> None:
    counts = []
    for response in read(two_queries(4000)):
        next(response.rets)
        counts.append(next(response.rets).list_id)
    assert counts == ["8-1", "8-1"]


def test_a_record_stays_good_when_the_reading_has_gone_on() -> None:
    kept = [found for response in read(two_queries(4000)) for found in response.rets]
    assert [found.name for found in kept] == [f"C{number}" for number in range(4000)] * 2


def test_a_query_read_too_late_is_an_error_and_not_an_empty_answer() -> None:
    first, second = read(two_queries(3))
    for late in (first, second):
        with pytest.raises(OutOfStep):
            list(late.rets)
        with pytest.raises(OutOfStep):
            assert late.single


def test_an_answer_to_a_write_can_be_read_later() -> None:
    text = answer(
        f'<InvoiceAddRs requestID="1" {OK}>{INVOICE}</InvoiceAddRs>',
        f'<InvoiceAddRs requestID="2" {OK}><ErrorRecovery><TxnID>5-5</TxnID></ErrorRecovery></InvoiceAddRs>',
    )
    first, second = list(read(text))
    assert first.single is not None
    assert first.single.txn_id == "1C2B-1"
    assert [found.txn_id for found in first.rets] == ["1C2B-1"]
    assert second.recovery is not None
    assert second.recovery.txn_id == "5-5"


def test_an_answer_is_read_once() -> None:
    whole = read(added())
    assert len(list(whole)) == 1
    with pytest.raises(OutOfStep):
        iter(whole)


@given(
    texts=st.lists(
        st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"), max_size=8)
    ),
    size=st.integers(1, 50),
)
def test_wherever_the_answer_is_parted_it_reads_the_same(texts: list[str], size: int) -> None:
    inside = "".join(f"<XRet><Name>{as_reference(text)}</Name></XRet>\n" for text in texts)
    text = answer(f"<XQueryRs {OK}>{inside}</XQueryRs>", f"<XAddRs {OK}><XRet><ListID>1-1</ListID></XRet></XAddRs>")
    whole = feed.CHUNK_CHARACTERS
    feed.CHUNK_CHARACTERS = size
    try:
        found = [[one.text("Name") for one in response.rets] for response in read(text)]
    finally:
        feed.CHUNK_CHARACTERS = whole
    assert found == [texts, [None]]


@given(
    texts=st.lists(st.text(" \n\r\tab&<]", max_size=8), max_size=4),
    between=st.sampled_from(["", "<?a b?>", "<!-- a -->"]),
    size=st.integers(1, 40),
)
def test_blanks_count_within_a_value_and_not_between_elements(texts: list[str], between: str, size: int) -> None:
    inside = "".join(f"<XRet>\n<ListID>1</ListID> <Name>{escape(text)}</Name>\n</XRet>\n" for text in texts)
    whole = feed.CHUNK_CHARACTERS
    feed.CHUNK_CHARACTERS = size
    try:
        found = [ret.text("Name") for ret in _rets(f"{between}<XQueryRs {OK}>\n{inside}</XQueryRs>")]
    finally:
        feed.CHUNK_CHARACTERS = whole
    assert found == [text.replace("\r\n", "\n").replace("\r", "\n") for text in texts]


def test_a_record_that_was_looked_at_tells_the_same() -> None:
    records = (
        "<XRet><ListID>1-1</ListID><ListID>2-2</ListID><Name/><ParentRef><FullName>no</FullName></ParentRef></XRet>"
        "<XRet><FullName>a:b</FullName><Other>o</Other><Name>b</Name></XRet>"
    )
    for found, looked_at in zip(*([*_rets(f"<XQueryRs {OK}>{records}</XQueryRs>")] for _ in range(2)), strict=True):
        looked_at.look_at(("FullName", "Name", "ListID", "IsActive"))
        for path in ("ListID", "Name", "FullName", "IsActive", "Other", "ParentRef/FullName"):
            assert looked_at.text(path) == found.text(path)


def test_the_first_record_can_be_seen_before_each_is_taken() -> None:
    response = next(iter(read(answer(f"<CustomerQueryRs {OK}>{''.join(customers(3, ''))}</CustomerQueryRs>"))))
    seen = []
    while (first := response.single) is not None:
        seen.append(first.list_id)
        assert next(response.rets).list_id == first.list_id
    assert len(set(seen)) == 3


@on_linux
def test_a_long_answer_is_read_in_little_memory() -> None:
    notes = "n" * 1000
    text = answer(f"<CustomerQueryRs {OK}>{''.join(customers(20_000, notes))}</CustomerQueryRs>")
    size = len(text)
    before = memory.settled()
    memory.reset_peak()
    tracemalloc.start()
    read_all = 0
    for response in read(text):
        for found in response.rets:
            read_all += found.list_id is not None
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert read_all == 20_000
    assert size > 20_000_000
    assert peak < 5_000_000
    # libxml2's own memory, which tracemalloc does not see: a tree of all this would take more than twice the text.
    assert memory.peak() - before < size


# Encodings ------------------------------------------------------------------------------------------------------------

SMALL = f"<QBXML><QBXMLMsgsRs><XAddRs {OK.replace('OK', 'é€')}/></QBXMLMsgsRs></QBXML>"


@pytest.mark.parametrize("declared", ["", '<?xml version="1.0" ?>', '<?xml version="1.0" encoding="utf-16"?>\n'])
def test_in_a_text_a_declared_encoding_means_nothing(declared: str) -> None:
    for text in (declared + SMALL, "\ufeff" + declared + SMALL, declared + "<!-- <!DOCTYPE x> -->\n" + SMALL):
        assert only(text).message == "Status é€"


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("utf-8", '<?xml version="1.0" encoding="UTF-8"?>'),
        ("utf-16", '<?xml version="1.0" encoding="utf-16"?>'),
        ("utf-16", ""),
        ("cp1252", "<?xml version='1.0' encoding='windows-1252'?>"),
    ],
)
def test_bytes_are_read_as_they_declare_themselves(encoding: str, declared: str) -> None:
    assert only((declared + SMALL).encode(encoding)).message == "Status é€"


@pytest.mark.parametrize("declared", ["utf-7", "unicode_escape", "punycode", "no-such", "zlib"])
def test_other_encodings_are_refused(declared: str) -> None:
    with pytest.raises(NotQbXML, match="encoding"):
        read(f'<?xml version="1.0" encoding="{declared}"?>{SMALL}'.encode())


# What is no answer ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("Internal Server Error", "no XML"),
        ("<html><body>Not found</body></html>", "not QBXML"),
        ("<a><QBXML><QBXMLMsgsRs/></QBXML></a>", "not QBXML"),
        ('<QBXML xmlns="urn:x"><QBXMLMsgsRs/></QBXML>', "not QBXML"),
        ("<QBXML/>", "no QBXMLMsgsRs"),
        ("<QBXML><QBXMLMsgsRq/></QBXML>", "no QBXMLMsgsRs"),
        ("<QBXML><QBXMLMsgsRs>", "not well-formed"),
        ("<QBXML><QBXMLMsgsRs/></QBXML><x/>", "not well-formed"),
        ("<QBXML>&nbsp;<QBXMLMsgsRs/></QBXML>", "not well-formed"),
        ("<QBXML>\x00<QBXMLMsgsRs/></QBXML>", "not well-formed"),
        ("<QBXML>\ud800<QBXMLMsgsRs/></QBXML>", "half a character"),
        ("<?xml version='1.0'", "ends before"),
        ("<!-- ", "ends before"),
        (b"<QBXML>\xff</QBXML>", "not readable as utf-8"),
        (b"\xff\xfe<", "not readable as utf-16"),
        ('<QBXML><QBXMLMsgsRs messageSetStatusCode="x"/></QBXML>', "messageSetStatusCode of QBXMLMsgsRs"),
    ],
)
def test_what_is_no_answer_is_refused_with_its_reason(text: str | bytes, reason: str) -> None:
    with pytest.raises(NotQbXML, match=reason) as caught:
        read(text)
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ("<InvoiceAddRs/>", "InvoiceAddRs has no statusCode"),
        ('<InvoiceAddRs statusCode=""/>', "statusCode of InvoiceAddRs is no number: ''"),
        ('<InvoiceAddRs statusCode="OK"/>', "statusCode of InvoiceAddRs is no number: 'OK'"),
        ('<InvoiceAddRs statusCode="1_0"/>', "statusCode of InvoiceAddRs"),
        ('<InvoiceAddRs statusCode="٣"/>', "statusCode of InvoiceAddRs"),
        ('<XQueryRs statusCode="0" retCount="many"/>', "retCount of XQueryRs"),
        ("<InvoiceRet/>", "a InvoiceRet stands where a response should"),
    ],
)
def test_a_response_without_its_status_is_no_answer(response: str, reason: str) -> None:
    with pytest.raises(NotQbXML, match=reason):
        list(read(answer(response)))


def test_an_answer_cut_off_is_an_error_at_the_latest_at_its_end() -> None:
    text = two_queries(4000)
    cut_off = text[: len(text) * 3 // 4]
    with pytest.raises(NotQbXML, match="not well-formed"):
        list(read(cut_off))


BOMB = '<!DOCTYPE QBXML [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "text",
    [
        BOMB + "<QBXML><QBXMLMsgsRs>&b;</QBXMLMsgsRs></QBXML>",
        '<?xml version="1.0"?><!-- x --><!DOCTYPE QBXML SYSTEM "file:///etc/passwd"><QBXML><QBXMLMsgsRs/></QBXML>',
        "<!DOCTYPE QBXML><QBXML><QBXMLMsgsRs/></QBXML>",
        "<!doctype html><html/>",
        "<?xml version='1.0'?>\n<?x <!-- ?>\n<!DOCTYPE QBXML><QBXML><QBXMLMsgsRs/></QBXML>",
    ],
)
def test_a_document_type_is_refused_in_any_form(text: str) -> None:
    for given_as in (text, text.encode(), text.encode("utf-16")):
        with pytest.raises(NotQbXML, match="document type"):
            read(given_as)


def test_depth_is_bounded() -> None:
    deep = answer(f"<XQueryRs {OK}>{'<a>' * 5000}{'</a>' * 5000}</XQueryRs>")
    with pytest.raises(NotQbXML, match="not well-formed"):
        list(read(deep))


MANY_ATTRIBUTES = " ".join(f'a{n}=">"' for n in range(200))


def _read_all(text: str) -> None:
    for response in read(text):
        for _ in response.rets:
            pass


@on_linux
@pytest.mark.parametrize(
    "many",
    [
        "<a/>" * 500_000,
        "<a></a>" * 300_000,
        "x<a/>" * 500_000,
        "<a>" + "<b/>" * 500_000 + "</a>",
        '<a b=""/>' * 500_000,
        f"<a {MANY_ATTRIBUTES}/>" * 2500,
        "<a " + " ".join(f"a{n} = '>'" for n in range(500_000)) + "/>",
        "<a " + " ".join(f"a{n}=''" for n in range(500_000)),
        "<a " + " ".join(f"xmlns:a{n}='a'" for n in range(500_000)) + "/>",
    ],
    ids=("short", "closed", "mixed", "below", "attributes", "wide", "one", "unended", "namespaces"),
)
@pytest.mark.parametrize("kind", ["CustomerQuery", "InvoiceAdd"])
def test_what_one_record_holds_is_bounded_however_little_room_it_takes(kind: str, many: str) -> None:
    before = memory.settled()
    memory.reset_peak()
    with pytest.raises(NotQbXML, match=r"more than 200,000 tags|not well-formed"):
        _read_all(answer(f"<{kind}Rs {OK}><XRet>{many}</XRet></{kind}Rs>"))
    assert memory.peak() - before < 100_000_000


SO_MANY = " ".join(f"a{n}=''" for n in range(500_000))


@on_linux
@pytest.mark.parametrize(
    "tag",
    [f"<a {SO_MANY}/>", f"<a {SO_MANY}", f"<a b='>' {SO_MANY}", f"<a b='>{' ' * 300_000}>' {SO_MANY}"],
    ids=("ended", "not ended", "behind a value", "over two chunks"),
)
def test_too_many_attributes_are_refused_before_anything_is_made_of_them(tag: str) -> None:
    before = memory.settled()
    memory.reset_peak()
    with pytest.raises(NotQbXML, match=r"more than 200,000 tags"):
        _read_all(answer(f"<CustomerQueryRs {OK}><XRet>{tag}</XRet></CustomerQueryRs>"))
    assert memory.peak() - before < 6 * len(tag)


VALUES = st.text("='\"> x", max_size=12)
ATTRIBUTES = st.lists(VALUES, max_size=8)


@given(elements=st.lists(st.tuples(ATTRIBUTES, VALUES), max_size=12), chunk=st.integers(1, 60))
def test_attributes_are_counted_wherever_chunks_end_and_texts_are_not(
    elements: list[tuple[list[str], str]], chunk: int
) -> None:
    record = "".join(
        f"<a {' '.join(f'a{n}={quoteattr(value)}' for n, value in enumerate(attributes))}/>{text}"
        for attributes, text in elements
    ).replace("&gt;", ">")
    weight = len(elements) + 2 * sum(len(attributes) for attributes, _ in elements)
    most = 60
    with mock.patch.multiple(feed, CHUNK_CHARACTERS=chunk, MOST_TAGS=most):
        text = f"<QBXML><QBXMLMsgsRs><XAddRs {OK}><XRet>{record}</XRet></XAddRs></QBXMLMsgsRs></QBXML>"
        # What else there is, a value's "=", and a text's where there are few.
        around = len(elements) + 30 + 2 * sum(value.count("=") for attributes, _ in elements for value in attributes)
        if weight > most:
            with pytest.raises(NotQbXML, match="tags"):
                _read_all(text)
        elif weight + around <= most:
            _read_all(text)


def test_a_document_of_a_thousand_lines_that_tell_everything_is_read() -> None:
    line = "".join(f"<Field{n}>x</Field{n}>" for n in range(45))
    lines = f"<InvoiceLineRet>{line}</InvoiceLineRet>" * 1000
    (found,) = _rets(f"<InvoiceAddRs {OK}><InvoiceRet>{lines}</InvoiceRet></InvoiceAddRs>")
    assert len(found.all("InvoiceLineRet")) == 1000


def test_an_answer_may_hold_more_than_one_record_may() -> None:
    record = f"<XRet>{'<a/>' * 1000}</XRet>"
    for kind in ("CustomerQuery", "InvoiceAdd"):
        one = f"<{kind}Rs {OK}>{record * 100}</{kind}Rs>"
        for take in (True, False):
            taken = 0
            for response in read(answer(one * 10)):
                taken += len(list(response.rets)) if take else 0
            assert taken == (1000 if take else 0)


@on_linux
@pytest.mark.parametrize("many", ["aa=<" * 8_000_000, "<" * 30_000_000 + "=" * 200], ids=("marks", "tags"))
def test_a_text_of_nothing_but_marks_takes_no_more_memory_than_another(many: str) -> None:
    text = "<QBXML>" + many
    before = memory.settled()
    memory.reset_peak()
    with pytest.raises(NotQbXML, match=r"more than 200,000 tags"):
        read(text)
    assert memory.peak() - before < 3 * len(text)


def test_namespaces_are_bounded_in_the_whole_answer() -> None:
    """lxml looks through all of them for each node that is taken out, wherever they were declared."""
    declared = " ".join(f'xmlns:p{n}="{n}"' for n in range(101))
    record = "<XRet><Name>xmlns</Name></XRet>"
    with pytest.raises(NotQbXML, match="more than 100 namespaces"):
        _read_all(answer(f"<XQueryRs {OK}>{record}</XQueryRs>").replace("<QBXML>", f"<QBXML {declared}>"))
    with pytest.raises(NotQbXML, match="more than 100 namespaces"):
        _read_all(answer(f"<XQueryRs {OK}>{record * 20_000}<XRet {declared}/></XQueryRs>"))
    assert len(_rets(f"<XQueryRs {OK}>{record * 20_000}</XQueryRs>")) == 20_000


@on_linux
def test_line_ends_are_read_as_one_in_no_more_memory_than_they_take() -> None:
    memo = "\U0001f600\r\none\rtwo"
    (found,) = _rets(f"<XQueryRs {OK}><XRet><Memo>{memo}</Memo></XRet></XQueryRs>")
    assert found.text("Memo") == "\U0001f600\none\ntwo"
    text = answer(f"<XQueryRs {OK}>{f'<XRet><Memo>{memo}</Memo></XRet>' * 400_000}</XQueryRs>")
    before = memory.settled()
    memory.reset_peak()
    _read_all(text)
    assert memory.peak() - before < len(text)


def test_an_equals_sign_in_a_text_is_no_attribute() -> None:
    (found,) = _rets(f"<XQueryRs {OK}><XRet><Memo>{'=' * 1_000_000}</Memo></XRet></XQueryRs>")
    assert found.text("Memo") == "=" * 1_000_000


def test_of_a_record_that_is_kept_only_what_is_wanted_is_held() -> None:
    whole = ret()
    part = whole.only(("TxnID", "Memo", "Subtotal", "Other"))
    assert (part.kind, part.txn_id, part.text("Memo"), part.amount("Subtotal")) == (
        "InvoiceRet",
        "1C2B-1",
        "",
        Decimal("230.00"),
    )
    assert (part.text("Other"), part.edit_sequence, part.all("InvoiceLineRet")) == (None, None, [])


def test_comments_and_instructions_are_no_content() -> None:
    (found,) = _rets(
        f"<!-- a --><XQueryRs {OK}><?x y?><XRet><!-- b --><Name>a<!-- c -->b<![CDATA[<]]></Name></XRet></XQueryRs>"
    )
    assert found.name == "ab<"


@given(st.binary(max_size=80))
def test_no_bytes_at_all_raise_anything_else(noise: bytes) -> None:
    for text in (noise, b"<QBXML><QBXMLMsgsRs>" + noise):
        with pytest.raises(NotQbXML):
            list(read(text))


# The first message of a session ---------------------------------------------------------------------------------------

OWNER = "{57F3B9B1-86F1-4FCC-B1EE-566DE1813D20}"


def host(company: str = "", ret: str = "") -> str:
    return answer(
        f'<HostQueryRs requestID="0" {OK}><HostRet>{ret}</HostRet></HostQueryRs>',
        f'<CompanyQueryRs requestID="1" {OK}><CompanyRet>{company}</CompanyRet></CompanyQueryRs>',
        f'<PreferencesQueryRs requestID="2" {OK}/>',
    )


def stamp(owner: str, name: str, value: str) -> str:
    return (
        f"<DataExtRet><OwnerID>{owner}</OwnerID><DataExtName>{name}</DataExtName>"
        f"<DataExtType>STR255TYPE</DataExtType><DataExtValue>{value}</DataExtValue></DataExtRet>"
    )


def test_the_start_of_a_session_tells_of_quickbooks_and_its_company_file() -> None:
    text = host(
        "<CompanyName>ABC Company</CompanyName>"
        + stamp("0", "FileID", "{other}")
        + stamp(OWNER, "FileID", "{E69C0ACB}")
        + stamp(OWNER, "AppLock", "LOCKED:PC-1:633772"),
        "<ProductName>QuickBooks Enterprise</ProductName><MajorVersion>30</MajorVersion><MinorVersion>0</MinorVersion>"
        "<Country>US</Country><SupportedQBXMLVersion>1.0</SupportedQBXMLVersion>"
        "<SupportedQBXMLVersion>13.0</SupportedQBXMLVersion><SupportedQBXMLVersion>9.0</SupportedQBXMLVersion>"
        "<SupportedQBXMLVersion>CA3.0</SupportedQBXMLVersion>"
        "<IsAutomaticLogin>false</IsAutomaticLogin><QBFileMode>SingleUser</QBFileMode>",
    )
    assert_valid(text.encode())
    told = read_host(text, OWNER.lower())
    assert (told.company_name, told.file_id, told.app_lock) == ("ABC Company", "{E69C0ACB}", "LOCKED:PC-1:633772")
    assert told.supported_versions == (Version(1), Version(9), Version(13))
    assert (told.product, told.major, told.minor, told.country) == ("QuickBooks Enterprise", "30", "0", "US")
    assert (told.is_automatic_login, told.file_mode) == (False, "SingleUser")


def test_a_stamp_of_another_owner_is_not_ours() -> None:
    text = host(stamp("0", "FileID", "{other}"))
    assert read_host(text, OWNER).file_id is None
    assert read_host(text).file_id == "{other}"


@pytest.mark.parametrize("text", [answer(), host(), answer(f"<HostQueryRs {OK}/><CompanyQueryRs {OK}/>")])
def test_parts_that_are_missing_are_none(text: str) -> None:
    told = read_host(text, OWNER)
    assert (told.company_name, told.file_id, told.app_lock, told.product, told.file_mode) == (None,) * 5
    assert told.supported_versions == ()
    assert told.is_automatic_login is None


def test_a_start_of_a_session_that_is_no_qbxml_is_refused() -> None:
    with pytest.raises(NotQbXML):
        read_host("This is not supported for QuickBooks Point of Sale")

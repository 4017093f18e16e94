"""The tab Customers: ours, and the records of QuickBooks that they are."""

import datetime as dt
import pathlib
from collections.abc import Iterator, Sequence

import pytest
from lxml import html
from sqlalchemy.engine import Engine

from qbwc_service.companies import account
from qbwc_service.db import job_changes, jobs, lists, parties
from qbwc_service.db.engine import reading
from qbwc_service.db.lists import List
from qbwc_service.db.parties import Side
from qbwc_service.posting import matching
from qbwc_service.posting.naming import customer_record, vendor_record
from qbwc_service.secrets import Keys
from tests.web.desk import Desk, desk_in, now
from tests.web.markup import text_of


@pytest.fixture
def desk(tmp_path: pathlib.Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as made:
        made.mirror_nothing()
        yield made


def ours(desk: Desk, named: Sequence[tuple[str, str]], side: Side = Side.CUSTOMER) -> None:
    """The order system has these: id and name."""
    record = customer_record if side is Side.CUSTOMER else vendor_record
    with desk.engine.begin() as db:
        parties.put(db, desk.company.id, [(record(id_), side, id_, name) for id_, name in named])


def theirs(desk: Desk, names: Sequence[str], which: List = List.CUSTOMER) -> None:
    desk.mirror(which, [(f"L-{name}", name, "", True) for name in names])


def linked(desk: Desk) -> dict[str, str]:
    with reading(desk.engine) as db:
        return {row.record: row.list_id for row in db.execute(lists.links.select())}


def rows(page: str) -> dict[str, str]:
    """-> by our name what its row says."""
    found = {}
    for row in html.fromstring(page.encode()).xpath('//table[@class="links"]/tbody/tr[th]'):
        name, id_ = row.find("th").itertext()
        found[name.strip()] = " ".join(" ".join(row.itertext()).split()[len(name.split()) + len(id_.split()) :])
    return found


def show(desk: Desk, query: str = "") -> str:
    return desk.admin.get(f"{desk.base}/customers?{query}").text


def test_ours_stand_beside_what_they_are_in_quickbooks(desk: Desk) -> None:
    ours(desk, [("C-1", "Acme"), ("C-2", "Zeta"), ("C-3", "Nobody")])
    theirs(desk, ["ACME", "Zeta Inc"])
    with desk.engine.begin() as db:
        lists.put_links(db, desk.company.id, [(customer_record("C-2"), "L-Zeta Inc", "Zeta Inc")], now())
    page = show(desk)
    assert rows(page) == {
        "Acme": "ACME suggested: the same name Accept : Acme Choose : Acme",
        "Nobody": "– Choose : Nobody",
        "Zeta": "Zeta Inc Link another : Zeta",
    }
    assert list(rows(show(desk, "show=linked"))) == ["Zeta"]
    assert list(rows(show(desk, "show=suggested"))) == ["Acme"]
    assert list(rows(show(desk, "show=unlinked"))) == ["Nobody"]
    assert list(rows(show(desk, "q=ZET"))) == ["Zeta"]
    assert list(rows(show(desk, "q=C-3"))) == ["Nobody"]
    assert "Nothing here is like that." in show(desk, "q=%25")


def test_a_suggestion_is_accepted_with_one_press(desk: Desk) -> None:
    ours(desk, [("C-1", "Acme")])
    theirs(desk, ["ACME"])
    page = desk.send("/customers/link", {**form_of(show(desk, "q=ac"), "Acme"), "list_id": "L-ACME"})
    assert "Acme is linked to ACME in QuickBooks." in page.text
    assert page.request.query_string == b"side=customer&q=ac"
    assert linked(desk) == {"customer:C-1": "L-ACME"}
    assert (desk.trail()[0].act, desk.trail()[0].about, desk.trail()[0].detail) == ("customer.linked", "Acme", "ACME")


def form_of(page: str, name: str) -> dict[str, str]:
    """-> the fields of the form in the row of one of ours, or in the one that was opened below it."""
    row = html.fromstring(page.encode()).xpath(f'//table[@class="links"]//tr[th[contains(., "{name}")]]')[0]
    forms = [*row.iter("form"), *html.fromstring(page.encode()).xpath('//div[@id="matches"]/form')]
    return {field.get("name"): field.get("value") for field in forms[0].iter("input")}


def test_another_record_is_found_and_linked_without_scripts(desk: Desk) -> None:
    ours(desk, [("C-1", "Acme")])
    theirs(desk, ["ACME", "New Acme", "Acme Corporation", "Other"])
    opened = show(desk, "find=customer:C-1&text=acme+c")
    buttons = html.fromstring(opened.encode()).xpath('//div[@id="matches"]//button')
    assert [button.text_content() for button in buttons] == ["Acme Corporation"]
    part = desk.admin.get(f"{desk.base}/customers/matches?side=customer&find=customer:C-1&text=ACME").text
    names = [button.text_content() for button in html.fromstring(part.encode()).iter("button")]
    assert names == ["ACME", "Acme Corporation", "New Acme"]
    fields = html.fromstring(part.encode()).forms[0].form_values()
    desk.send("/customers/link", {**dict(fields), "list_id": "L-Acme Corporation"})
    assert linked(desk) == {"customer:C-1": "L-Acme Corporation"}


def test_inactive_records_are_not_offered(desk: Desk) -> None:
    ours(desk, [("C-1", "Acme")])
    desk.mirror(List.CUSTOMER, [("L-1", "Acme", "", False)])
    assert "no active record" in show(desk, "find=customer:C-1&text=acme")
    assert rows(show(desk)) == {"Acme": "– Choose : Acme"}


def test_a_link_that_holds_no_more_is_marked(desk: Desk) -> None:
    ours(desk, [("C-1", "Renamed"), ("C-2", "Gone"), ("C-3", "Inactive"), ("C-4", "Good")])
    desk.mirror(List.CUSTOMER, [("1", "New Name", "", True), ("3", "Inactive", "", False), ("4", "Good", "", True)])
    with desk.engine.begin() as db:
        names = [("C-1", "1", "Old Name"), ("C-2", "2", "Gone"), ("C-3", "3", "Inactive"), ("C-4", "4", "Good")]
        made_at = now() - dt.timedelta(hours=1)
        lists.put_links(db, desk.company.id, [(customer_record(c), id_, name) for c, id_, name in names], made_at)
    found = rows(show(desk))
    assert "Old Name now called New Name" in found["Renamed"]
    assert "QuickBooks holds this record no more." in found["Gone"]
    assert "This record is inactive in QuickBooks." in found["Inactive"]
    assert found["Good"] == "Good Link another : Good"
    assert list(rows(show(desk, "show=broken"))) == ["Gone", "Inactive"]


def test_a_customer_that_was_created_since_the_list_was_read_is_not_missed(desk: Desk) -> None:
    ours(desk, [("C-1", "Created")])
    desk.mirror(List.CUSTOMER, [("4", "Good", "", True)])
    with desk.engine.begin() as db:
        lists.put_links(db, desk.company.id, [(customer_record("C-1"), "5", "Created")], now())
    assert rows(show(desk)) == {"Created": "Created Link another : Created"}
    assert rows(show(desk, "show=broken")) == {}


def test_the_list_is_paged(desk: Desk) -> None:
    ours(desk, [(f"C-{number:03}", f"Customer {number:03}") for number in range(120)])
    seen: list[str] = []
    query = ""
    for _ in range(3):
        page = show(desk, query)
        seen += rows(page)
        following = html.fromstring(page.encode()).xpath('//a[text()="Next page"]/@href')
        query = following[0].removeprefix("?") if following else ""
    assert seen == [f"Customer {number:03}" for number in range(120)]
    assert not query


def test_suppliers_are_linked_to_vendors(desk: Desk) -> None:
    ours(desk, [("S-1", "ASI Supplier")], Side.SUPPLIER)
    theirs(desk, ["ASI Supplier"], List.VENDOR)
    assert "None yet" in show(desk)
    page = show(desk, "side=supplier")
    assert list(rows(page)) == ["ASI Supplier"]
    desk.send("/customers/link", {**form_of(page, "ASI Supplier"), "list_id": "L-ASI Supplier"})
    assert linked(desk) == {"vendor:S-1": "L-ASI Supplier"}


def test_all_exact_names_are_accepted_at_once_on_all_pages_but_for_those_that_two_share(desk: Desk) -> None:
    ours(desk, [(f"C-{number}", f"Customer {number:04}") for number in range(600)])
    ours(desk, [("T-1", "Twin"), ("T-2", "TWIN"), ("N-1", "Not there")])
    theirs(desk, [*(f"CUSTOMER {number:04}" for number in range(600)), "Twin"])
    page = desk.send("/customers/accept", {"side": "customer", **csrf(desk)})
    assert "600 were linked. 2 were left, since some of them have the same name." in page.text
    found = linked(desk)
    assert len(found) == 600
    assert found["customer:C-599"] == "L-CUSTOMER 0599"
    again = desk.send("/customers/accept", {"side": "customer", **csrf(desk)})
    assert "0 were linked." in again.text


def csrf(desk: Desk) -> dict[str, str]:
    page = html.fromstring(desk.admin.get(f"{desk.base}/customers").data)
    return {"csrf": page.xpath('//input[@name="csrf"]/@value')[0]}


def ask_for(desk: Desk, id_: str, name: str, state: str) -> None:
    """A customer of ours was to be created in QuickBooks, and the job stands in this state."""
    job = jobs.NewJob(customer_record(id_), "Customer", "CustomerAdd", "<CustomerAdd/>", name=name)
    with desk.engine.begin() as db:
        (job_id,) = job_changes.put(db, desk.company.id, None, [job], now())
        db.execute(jobs.jobs.update().where(jobs.jobs.c.id == job_id).values(state=state))


def state_of(desk: Desk, id_: str) -> str:
    with reading(desk.engine) as db:
        return str(jobs.by_records(db, desk.company.id, [customer_record(id_)])[customer_record(id_)].state)


def test_what_is_on_its_way_to_quickbooks_is_left_alone_and_what_waits_has_nothing_to_create(desk: Desk) -> None:
    ours(desk, [("C-1", "Away"), ("C-2", "Waits"), ("C-3", "New")])
    theirs(desk, ["Away", "Waits", "New"])
    ask_for(desk, "C-1", "Away", "in_flight")
    ask_for(desk, "C-2", "Waits", "ready")
    refused = desk.send("/customers/link", {**form_of(show(desk), "Away"), "list_id": "L-Away"})
    assert refused.status_code == 422
    assert "Away is on its way to QuickBooks just now." in refused.text
    page = desk.send("/customers/accept", {"side": "customer", **csrf(desk)})
    assert "2 were linked. One is on its way to QuickBooks just now." in page.text
    assert linked(desk) == {"customer:C-2": "L-Waits", "customer:C-3": "L-New"}
    assert (state_of(desk, "C-1"), state_of(desk, "C-2")) == ("in_flight", "posted")


def test_what_the_list_does_not_hold_is_not_linked(desk: Desk) -> None:
    ours(desk, [("C-1", "Acme")])
    theirs(desk, ["Acme"])
    theirs(desk, ["Vendor"], List.VENDOR)
    form = form_of(show(desk), "Acme")
    answer = desk.send("/customers/link", {**form, "list_id": "L-Vendor"})
    assert answer.status_code == 422
    assert text_of(answer.text).count("does not hold this record. Choose another one.") == 2
    assert desk.send("/customers/link", {**form, "party": "customer:C-9", "list_id": "L-Acme"}).status_code == 404
    assert linked(desk) == {}


@pytest.mark.parametrize("nonsense", ["side=pets", "show=all", "after=x", "record=y", "find=customer:none"])
def test_an_address_that_makes_no_sense_is_the_first_page(desk: Desk, nonsense: str) -> None:
    ours(desk, [("C-1", "Acme")])
    assert list(rows(show(desk, nonsense))) == ["Acme"]


NAMES = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }}",
    "a%26b & c",
    "' OR 1=1 --",
    "多語言",
]


def test_names_are_shown_as_they_are_and_never_run(desk: Desk) -> None:
    ours(desk, [(name, name) for name in NAMES])
    theirs(desk, NAMES)
    page = show(desk)
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert set(rows(page)) == set(NAMES)
    for name in NAMES:
        desk.send("/customers/link", {**form_of(page, name[-6:].replace('"', "")), "list_id": f"L-{name}"})
    assert len(linked(desk)) == len(NAMES)


def test_on_both_databases(engine: Engine) -> None:
    keys = Keys("a secret key of a test")
    with engine.begin() as db:
        company, _ = account.add(db, keys, "ABC", None, 5, now())
        parties.put(db, company.id, [(customer_record(n), Side.CUSTOMER, n, n) for n in ("Acme", "Zeta", "Gone", "éa")])
        rows = [("1", "ACME", True), ("2", "New Acme", True), ("3", "Acme_x", False), ("4", "ÉA", True)]
        listed = [lists.ListRecord(id_, name, active, "", 1) for id_, name, active in rows]
        lists.put_records(db, company.id, List.CUSTOMER, listed)
        lists.put_links(db, company.id, [(customer_record("Gone"), "99", "Gone")], now() - dt.timedelta(hours=1))
        lists.note_read(db, company.id, List.CUSTOMER, read_at=now())
        assert [row.name for row in lists.matching(db, company.id, List.CUSTOMER, "acme")] == ["ACME", "New Acme"]
        assert lists.counts(db, company.id) == {"customer": 4}
        broken = parties.listed(db, company.id, Side.CUSTOMER, linked=parties.Linked.BROKEN)
        assert [row.name for row in broken] == ["Gone"]
        assert matching.accept_exact(db, company, Side.CUSTOMER, now()) == matching.Accepted(2, 0, 0)

"""What waits, what arrived and what needs a person: seen, understood and mended on the pages."""

import ast
import datetime as dt
import pathlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from qbwc_service.db import audit, companies, messages
from qbwc_service.db.companies import save_settings
from qbwc_service.db.engine import AnyRow, reading
from qbwc_service.db.jobs import jobs
from qbwc_service.db.states import Event
from qbwc_service.i18n import texts
from qbwc_service.posting import send as sending
from qbwc_service.posting.naming import record_of
from qbwc_service.posting.plan import Choices
from qbwc_service.simulator import WebConnector
from qbwc_service.web import reasons, timeline
from tests.web.forms import fields_of, put_order
from tests.web.markup import text_of
from tests.web.site import Browser, Site, served

SOURCE = pathlib.Path(__file__).parent.parent.parent / "qbwc_service"
GONE = 'There is an invalid reference to QuickBooks Account "Sales" in the Invoice line.'


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("activity")) as running:
        yield running


def send(site: Site, number: str, *, bill: bool = False, **changes: Any) -> None:
    """An order with one invoice and nothing else that could be in the way is sent; quicker than by the command."""
    changes.setdefault("customer", {"id": f"C-{number}", "name": f"Customer {number}"})
    changes.setdefault("payments", None)
    put_order(site, number, **changes)
    with site.engine.begin() as db:
        company = companies.by_id(db, site.company_id)
        assert company is not None
        sending.send(db, company, number, Choices(bill=bill), dt.datetime.now(dt.UTC))


def poll(site: Site, times: int = 1) -> None:
    for _ in range(times):
        connector(site).poll()


def job(site: Site, record: str) -> AnyRow:
    with reading(site.engine) as db:
        return db.execute(select(jobs).where(jobs.c.record == record).order_by(jobs.c.id.desc())).first()  # type: ignore[return-value]


def page(browser: Browser, site: Site, record: str, query: str = "") -> str:
    answer = browser.get(f"{site.base}/activity/{job(site, record).id}{query}")
    assert answer.status_code == 200
    return answer.text


def press(browser: Browser, site: Site, record: str, button: str, **fields: str) -> Any:
    path = f"{site.base}/activity/{job(site, record).id}"
    browser.get(path)
    return browser.post(f"{path}/{button}", fields)


def refused(site: Site, number: str, code: int = 3140, said: str = GONE) -> str:
    """-> the record of an invoice that QuickBooks has just refused."""
    poll(site)
    send(site, number)
    site.books.faults.refuse_next("InvoiceAdd", code, said)
    poll(site)
    record = record_of("invoice", number)
    assert job(site, record).state == "attention"
    return record


def connector(site: Site) -> WebConnector:
    added = site.added
    return WebConnector(
        f"{site.url}/qbwc",
        added["username"],
        added["password"],
        site.books,
        owner_id=added["owner_id"],
        file_id=added["file_id"],
    )


def test_a_refused_invoice_says_what_it_means_who_mends_it_and_where(site: Site) -> None:
    record = refused(site, "2001")
    told = text_of(page(site.admin, site, record))
    assert "Invoice 2001 – Customer 2001" in told
    assert "Needs a person" in told
    assert "A customer, vendor, item, account, terms or tax code that this document names" in told
    assert "Who mends it the order clerk" in told
    assert "Where QuickBooks: Lists > Chart of Accounts" in told
    assert f"QuickBooks says: {GONE}" in told
    assert f"QuickBooks refused it. 3140: {GONE}" in told
    assert "Left for QuickBooks with the Web Connector." in told


def test_it_says_so_in_spanish_with_quickbooks_own_words_as_they_came(site: Site) -> None:
    record = refused(site, "2002")
    spanish = site.browser("ana@example.com")
    spanish.session.cookies.set("qbwc-language", "es")
    told = text_of(page(spanish, site, record))
    text = texts("es")
    assert text("Needs a person") in told
    assert text("the order clerk") in told
    assert text("QuickBooks refused it.") in told
    assert GONE in told
    assert "To be mended" not in told[: told.index(text("Details for support"))]


def test_the_list_shows_order_document_customer_amount_and_state(site: Site) -> None:
    send(site, "2003", bill=True)
    told = text_of(site.admin.get(f"{site.base}/activity?q=2003").text)
    assert "2003 Invoice 2003 Customer 2003 218.50" in told
    assert "2003 Bill INV-2003 ASI Supplier 115.00" in told
    assert "Waiting for the next poll" in told


def test_an_unknown_tab_is_no_page_and_odd_pages_are_empty(site: Site) -> None:
    assert site.admin.get(f"{site.base}/activity?state=nonsense").status_code == 404
    for before in ("x", "-1", "9" * 40, "²"):
        assert site.admin.get(f"{site.base}/activity?before={before}").status_code == 200
    assert "There is nothing older." in site.admin.get(f"{site.base}/activity?before=1").text


@pytest.mark.parametrize("state", ["waiting", "away", "posted", "attention", "cancelled", "lists"])
def test_every_tab_is_a_page(site: Site, state: str) -> None:
    assert site.admin.get(f"{site.base}/activity?state={state}").status_code == 200


def test_retry_says_when_and_quickbooks_then_holds_it_with_who_did_it_in_the_history(site: Site) -> None:
    record = refused(site, "2004")
    answer = press(site.clerk, site, record, "retry")
    assert re.search(r"It is tried again (at the next poll|as soon as)", answer.text)
    poll(site)
    told = text_of(page(site.admin, site, record))
    assert "In QuickBooks" in told
    assert "Carl Clerk had it tried again." in told
    assert f"QuickBooks' own number: {job(site, record).txn_id}" in told


def test_what_is_done_is_in_the_audit_trail(site: Site) -> None:
    record = refused(site, "2005")
    press(site.clerk, site, record, "retry")
    with reading(site.engine) as db:
        last = audit.listed(db, company_id=site.company_id, limit=1)[0]
    assert (last.who, last.act) == ("carl@example.com", "job.retried")
    assert last.about == f"Invoice 2005 (job {job(site, record).id})"


def test_cancel_names_what_goes_with_it_and_cancels_that_too(site: Site) -> None:
    payments = [{"id": "P-6", "date": "2026-11-20", "amount": "10.00", "method": "Check", "reference": "77006"}]
    send(site, "2006", payments=payments)
    assert "Cancelled with it: Payment 77006." in text_of(page(site.admin, site, "invoice:2006"))
    answer = press(site.admin, site, "invoice:2006", "cancel")
    assert "With it 1 other is cancelled." in answer.text
    assert job(site, "payment:2006:P-6").state == "cancelled"
    assert "Ana Admin cancelled it." in page(site.admin, site, "payment:2006:P-6")


def test_a_second_press_changes_nothing_and_shows_how_it_stands(site: Site) -> None:
    record = refused(site, "2007")
    press(site.admin, site, record, "cancel")
    answer = press(site.admin, site, record, "retry")
    assert "Nothing was changed: meanwhile it has gone on." in answer.text
    assert job(site, record).state == "cancelled"


def test_edit_and_resend_opens_the_send_window_and_replaces_it_only_when_that_is_sent(site: Site) -> None:
    record = refused(site, "A/8 %")
    path = f"{site.base}/orders/A~2F8~20~25/send"
    assert f'href="{path}?again=yes"' in page(site.admin, site, record)
    window = site.admin.get(f"{path}?again=yes")
    before = job(site, record)
    assert before.state == "attention"
    sent = site.admin.post(path, [*fields_of(window, path), ("do", "send")])
    assert "Queued" in text_of(sent.text)
    assert job(site, record).id > before.id
    poll(site)
    assert job(site, record).state == "posted"


def test_many_with_one_cause_are_retried_with_one_button(site: Site) -> None:
    records = [refused(site, number, said="The account Freight is gone.") for number in ("2011", "2012", "2013")]
    listed = site.admin.get(f"{site.base}/activity?state=attention").text
    assert "3 jobs: A customer, vendor" in text_of(listed)
    assert "Retry all 3" in listed
    like = re.search(r'name="like" value="(\d+)"', listed[: listed.index("Retry all 3")].rpartition("<form")[2])
    assert like
    answer = site.admin.post(f"{site.base}/activity/retry", {"like": like[1], "state": "attention"})
    assert "3 jobs are tried again" in answer.text
    assert {job(site, record).state for record in records} == {"ready"}
    poll(site)
    assert {job(site, record).state for record in records} == {"posted"}


def test_what_is_ticked_is_cancelled_and_what_cannot_be_is_left(site: Site) -> None:
    one, two = refused(site, "2014"), refused(site, "2015")
    send(site, "2016")
    poll(site)
    ids = [str(job(site, record).id) for record in (one, two, "invoice:2016")]
    answer = site.admin.post(f"{site.base}/activity/cancel", [("job", id_) for id_ in ids])
    assert "2 jobs are cancelled" in answer.text
    assert job(site, "invoice:2016").state == "posted"
    assert "tick what should be" in site.admin.post(f"{site.base}/activity/retry", []).text


def test_nonsense_that_is_ticked_does_no_harm(site: Site) -> None:
    fields = [("job", "x"), ("job", "99999999999999999999999999"), ("job", "999999"), ("like", "")]
    assert "tick what should be" in site.admin.post(f"{site.base}/activity/retry", fields).text
    assert "tick what should be" in site.admin.post(f"{site.base}/activity/retry", {"like": "999999"}).text
    assert site.admin.post(f"{site.base}/activity/cancel", [("job", "1")] * 501).status_code == 400


def test_a_name_that_is_taken_is_given_another_and_quickbooks_holds_it(site: Site) -> None:
    site.books.make("Vendor", "Taken Name")
    send(site, "2020", customer={"id": "C-20", "name": "Taken Name"})
    poll(site, 2)
    told = page(site.admin, site, "customer:C-20")
    assert "QuickBooks uses the name Taken Name for another kind of record" in text_of(told)
    assert 'value="Taken Name (Customer)"' in told
    wrong = press(site.admin, site, "customer:C-20", "rename", name="Has: a colon")
    assert wrong.status_code == 422
    assert "cannot stand as a name" in wrong.text
    assert 'value="Has: a colon"' in wrong.text
    press(site.admin, site, "customer:C-20", "rename", name="Taken Name (Customer)")
    poll(site)
    assert "Taken Name (Customer)" in [customer.name for customer in site.books.customers]
    assert job(site, "invoice:2020").state == "posted"


def test_or_the_record_that_it_is_in_quickbooks_is_chosen(site: Site) -> None:
    site.books.make("Vendor", "Twice Named")
    known = site.books.make("Customer", "Twice Named Inc")
    with site.engine.begin() as db:
        db.exec_driver_sql("UPDATE connections SET lists_due_at = '2020-01-01 00:00:00.000000'")
    poll(site)
    send(site, "2021", customer={"id": "C-21", "name": "Twice Named"})
    poll(site, 2)
    told = page(site.admin, site, "customer:C-21", "?find=twice")
    assert "Twice Named Inc" in told
    none = press(site.admin, site, "customer:C-21", "choose")
    assert none.status_code == 422
    answer = press(site.admin, site, "customer:C-21", "choose", list_id=str(known.id))
    assert "It is Twice Named Inc in QuickBooks from now on." in answer.text
    poll(site)
    assert job(site, "invoice:2021").state == "posted"
    assert "Ana Admin chose a record in QuickBooks for it." in page(site.admin, site, "customer:C-21")


def test_what_nobody_knows_is_said_to_be_asked_for_and_never_sent_on_a_guess(site: Site) -> None:
    poll(site)
    send(site, "2030")
    lossy = connector(site)
    lossy.faults.lose_next_answer()
    lossy.poll()
    short = connector(site)
    short.faults.switch_off_after("authenticate")
    short.poll()
    told = text_of(page(site.admin, site, "invoice:2030"))
    assert "Whether QuickBooks saved it is not known yet." in told
    assert "it is never sent again on a guess" in told
    assert "Whether it was saved is not known yet" in text_of(site.admin.get(f"{site.base}/activity?state=away").text)
    assert "/retry" not in page(site.admin, site, "invoice:2030")
    poll(site, 2)
    assert job(site, "invoice:2030").state == "posted"
    assert len([one for one in site.books.invoices if one.ref_number == "2030"]) == 1


def test_what_quickbooks_holds_twice_is_shown_with_both_numbers_and_mended(site: Site) -> None:
    poll(site)
    send(site, "2031")
    lossy = connector(site)
    lossy.faults.lose_next_answer()
    lossy.poll()
    with reading(site.engine) as db:
        sent = messages.with_body(db, job(site, "invoice:2031").message_id)
    assert sent is not None
    site.books.process(re.sub(r"<QBXMLMsgsRq [^>]*>", '<QBXMLMsgsRq onError="continueOnError">', sent.body))
    poll(site, 2)
    twice = [one for one in site.books.invoices if one.ref_number == "2031"]
    assert len(twice) == 2
    told = text_of(page(site.admin, site, "invoice:2031"))
    assert "What QuickBooks holds" in told
    assert all(told.count(str(one.id)) >= 2 for one in twice)
    assert "Edit and resend" not in told
    site.books.delete(twice[1])
    answer = press(site.admin, site, "invoice:2031", "retry")
    assert "QuickBooks is asked what it holds" in answer.text
    poll(site, 2)
    assert job(site, "invoice:2031").state == "posted"
    assert job(site, "invoice:2031").txn_id == str(twice[0].id)


def test_the_exact_qbxml_is_there_this_jobs_part_and_the_whole(site: Site) -> None:
    send(site, "2040", customer={"id": "C-40", "name": "Ampersand & <Sons>"})
    send(site, "2041")
    poll(site)
    record = job(site, "invoice:2040")
    told = page(site.admin, site, "invoice:2040")
    assert "&lt;RefNumber&gt;2040&lt;/RefNumber&gt;" in told
    assert "&lt;RefNumber&gt;2041&lt;/RefNumber&gt;" not in told
    path = f"{site.base}/activity/{record.id}/messages/{record.message_id}"
    whole = site.admin.get(f"{path}/sent")
    assert whole.headers["Content-Type"].startswith("text/plain")
    assert "2041" in whole.text
    assert "InvoiceAddRs" in site.admin.get(f"{path}/answered").text
    assert site.admin.get(f"{path}/other").status_code == 404
    assert site.admin.get(f"{site.base}/activity/{record.id}/messages/{10**30}/sent").status_code == 404
    assert "Ampersand &amp; &lt;Sons&gt;" in page(site.admin, site, "customer:C-40")


def test_details_for_support_hold_the_code_and_the_documents(site: Site) -> None:
    told = page(site.admin, site, refused(site, "2042"))
    support = text_of(told[told.index('id="support"') - 5 :])
    assert '"status_code": "3140"' in support
    assert "InvoiceAddRq" in support
    assert "statusCode=" in support


def test_a_page_that_is_open_hears_of_a_change_and_else_of_nothing(site: Site) -> None:
    send(site, "2043")
    told = page(site.admin, site, "invoice:2043")
    live = re.search(r'hx-get="([^"]+)"', told)
    assert live
    assert site.admin.get(live[1]).status_code == 204
    poll(site)
    changed = site.admin.get(live[1])
    assert "In QuickBooks" in changed.text
    assert "hx-get" not in changed.text
    assert "<html" not in changed.text


def test_whoever_may_not_send_a_kind_may_neither_retry_nor_cancel_it(site: Site) -> None:
    record = refused(site, "2050")
    with site.engine.begin() as db:
        save_settings(db, site.company_id, '{"allow_invoices": false, "allow_bills": true}')
    try:
        told = page(site.clerk, site, record)
        assert "You may not send documents of this kind" in told
        assert f"/{job(site, record).id}/retry" not in told
        assert 'name="job"' not in site.clerk.get(f"{site.base}/activity?q=2050").text
        before = job(site, record)
        for button in ("retry", "cancel", "rename", "choose"):
            assert press(site.clerk, site, record, button).status_code == 403
        for many in ("retry", "cancel"):
            for fields in ({"job": str(before.id)}, {"like": str(before.id)}):
                answer = site.clerk.post(f"{site.base}/activity/{many}", fields)
                assert answer.status_code == 403
                assert "Ana Admin" in answer.text
        assert job(site, record) == before
    finally:
        with site.engine.begin() as db:
            save_settings(db, site.company_id, "{}")


def test_another_companys_jobs_are_not_there(site: Site) -> None:
    other = site.qbwc.here.data("company", "add", "Elsewhere")["id"]
    record = refused(site, "2060")
    path = f"/companies/{other}/activity"
    assert site.admin.get(f"{path}/{job(site, record).id}").status_code == 404
    assert site.admin.post(f"{path}/{job(site, record).id}/cancel").status_code == 404
    site.admin.post(f"{path}/cancel", {"job": str(job(site, record).id)})
    site.admin.post(f"{path}/retry", {"like": str(job(site, record).id)})
    assert job(site, record).state == "attention"
    assert "2060" not in site.admin.get(f"{path}?q=2060").text.replace('value="2060"', "").replace("“2060”", "")


def test_a_hostile_name_is_shown_as_it_is_and_runs_nowhere(site: Site) -> None:
    name = "<script>alert(1)</script>\"'"
    poll(site)
    send(site, "2061", customer={"id": "C-61", "name": name})
    site.books.faults.refuse_next("InvoiceAdd", 3140, f"{name} is gone")
    poll(site)
    for text in (
        page(site.admin, site, "invoice:2061"),
        page(site.admin, site, "customer:C-61", "?find=%3Cscript%3E"),
        site.admin.get(f"{site.base}/activity?state=attention").text,
        site.admin.get(f"{site.base}/activity?q=%3Cscript%3Ealert").text,
    ):
        assert "<script>alert" not in text
        assert "&lt;script&gt;" in text


# --- every sentence that is stored is known again ---------------------------------------------------------------------


TELLS = {"stop", "_to_a_person", "unclear", "adopted", "halved", "Change", "session_lost"}
NAMED = {"why", "note", "explanation", "note_"}
FOLLOWING = {"answered": ["never answered it", "answered 3100 to it"]}


def stored_sentences() -> Iterator[str]:
    """-> what posting and the sessions write beside jobs, with something in each place that is filled in."""
    paths = [SOURCE / "posting" / f"{name}.py" for name in ("answers", "exchange", "recovery", "queue")]
    for path in (*paths, SOURCE / "connector" / "session.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            values: list[ast.expr] = []
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in TELLS:
                values = [*node.args, *(keyword.value for keyword in node.keywords)]
            elif (isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in NAMED) or (
                isinstance(node, ast.Return) and path.stem == "exchange" and node.value is not None
            ):
                values = [node.value]
            for value in values:
                yield from said(value)


def said(value: ast.expr) -> Iterator[str]:
    if isinstance(value, ast.IfExp):
        yield from said(value.body)
        yield from said(value.orelse)
    elif isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.JoinedStr):
        found = [""]
        for piece in value.values:
            if isinstance(piece, ast.Constant):
                found = [text + str(piece.value) for text in found]
            elif isinstance(piece, ast.FormattedValue):
                name = getattr(piece.value, "id", "")
                found = [text + fact for text in found for fact in FOLLOWING.get(name, ["17"])]
        yield from found


def test_every_sentence_that_is_kept_beside_a_job_is_told_in_the_viewers_language() -> None:
    known = (*reasons.REASONS, *reasons.NOTES)
    sentences = {text for text in stored_sentences() if len(re.findall(r"[a-z]{2,}", text)) > 1}
    assert len(sentences) > 20
    assert sorted(text for text in sentences if reasons.find(known, text) is None) == []


def test_every_event_is_told() -> None:
    assert set(timeline._SENTENCES) == set(Event)

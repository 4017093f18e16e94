"""Jobs through the API: looked at with QuickBooks' own words, tried again, named otherwise, cancelled."""

from qbwc_service.people import Right
from tests.orders import make_order


def send(api, order, **choices):
    api.add(order)
    reply = api.call("POST", f"/orders/{order['number']}/send", choices)
    assert reply.status == 202, reply


def job_of(api, kind, number="1001"):
    (found,) = [job for job in api.get(f"/jobs?order={number}")["jobs"] if job["kind"] == kind]
    return found


def test_jobs_are_listed_in_pages_by_state_and_by_order(api):
    send(api, make_order("1"))
    send(api, make_order("2"))
    everything = api.get("/jobs")["jobs"]
    ids = [job["id"] for job in everything]
    assert ids == sorted(ids, reverse=True)
    first = api.get("/jobs?limit=5")
    second = api.get(f"/jobs?limit=50&after={first['next']}")
    assert [job["id"] for job in first["jobs"] + second["jobs"]] == ids
    assert {job["kind"] for job in api.get("/jobs?order=2")["jobs"]} == {
        "Customer",
        "ItemNonInventory",
        "ItemDiscount",
        "PaymentMethod",
        "Invoice",
        "ReceivePayment",
    }
    assert {job["kind"] for job in api.get("/jobs?order=2&state=waiting")["jobs"]} == {"Invoice", "ReceivePayment"}
    assert len(api.get("/jobs?state=waiting")["jobs"]) == 4
    assert api.get("/jobs?state=posted")["jobs"] == []
    api.poll()
    assert len(api.get("/jobs?state=posted")["jobs"]) == len(everything)
    assert [job["order"] for job in api.get("/jobs?state=posted&limit=1")["jobs"]] == ["2"]


def test_a_job_is_shown_with_its_history_its_message_and_quickbooks_answer(api):
    send(api, make_order())
    api.poll()
    shown = api.get(f"/jobs/{job_of(api, 'Invoice')['id']}")
    assert shown["history"][0]["event"] == "ASKED"
    assert shown["history"][-1]["state"] == "posted"
    assert "InvoiceAddRq" in shown["message"]["body"]
    assert shown["txn_id"] in shown["answers"][0]["response"]
    assert shown["order"] == "1001"


def test_what_quickbooks_refused_says_who_mends_it_and_goes_again_under_another_name(api):
    api.world.books.make("Vendor", "ABC Company")
    api.poll()
    send(api, make_order())
    api.poll()
    shown = api.get("/orders/1001")
    assert shown["state"] == "attention"
    (customer,) = [document for document in shown["documents"] if document["kind"] == "Customer"]
    assert customer["status_code"] == 3100
    assert customer["who"]
    assert customer["explanation"]
    wrong = api.call("POST", f"/jobs/{customer['id']}/retry", {"name": "A:B"})
    assert wrong.status == 422
    assert list(wrong.faults) == ["name"]
    retried = api.call("POST", f"/jobs/{customer['id']}/retry", {"name": "ABC of Trevose"})
    assert (retried.status, retried.json["name"]) == (200, "ABC of Trevose")
    api.poll()
    assert [record.full_name for record in api.world.books.customers] == ["ABC of Trevose"]
    assert api.get("/orders/1001")["state"] == "posted"
    assert [act for _, act, _, _ in api.trail()][:2] == ["job.retried", "job.renamed"]


def test_an_invoice_is_cancelled_with_its_payments_until_it_has_left(api):
    send(api, make_order())
    reply = api.call("POST", f"/jobs/{job_of(api, 'Invoice')['id']}/cancel")
    assert reply.status == 200
    assert {(job["kind"], job["state"]) for job in reply.json["cancelled"]} == {
        ("Invoice", "cancelled"),
        ("ReceivePayment", "cancelled"),
    }
    send(api, make_order("2"))
    api.poll()
    late = api.call("POST", f"/jobs/{job_of(api, 'Invoice', '2')['id']}/cancel")
    assert (late.status, late.json["type"]) == (409, "/help/api#not-now")
    late = api.call("POST", f"/jobs/{job_of(api, 'Invoice', '2')['id']}/retry")
    assert late.status == 409
    assert len(api.world.books.invoices) == 1


def test_a_job_is_acted_on_with_the_right_to_send_its_kind(api):
    send(api, make_order(), bill=True)
    bills = api.issue(rights=[Right.BILL])
    for act in ("cancel", "retry"):
        reply = api.call("POST", f"/jobs/{job_of(api, 'Invoice')['id']}/{act}", token=bills)
        assert (reply.status, reply.json["rights"]) == (403, ["invoice"])
    assert job_of(api, "Invoice")["state"] == "waiting"
    assert api.call("POST", f"/jobs/{job_of(api, 'Bill')['id']}/cancel", token=bills).status == 200


def test_there_is_no_job_but_those_that_are_there(api):
    for act in ("", "/retry", "/cancel"):
        assert api.call("POST" if act else "GET", f"/jobs/99{act}").status == 404
    assert api.call("GET", "/jobs?order=99").status == 404

"""QuickBooks' lists, as they were read last, and what of ours is linked to their records."""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus

from ..db import lists as table
from ..db import parties
from ..db.lists import List
from ..db.parties import Linked, Side
from ..posting import rights
from ..posting import send as sending
from ..posting.naming import customer_record, item_record, vendor_record
from . import problems
from .bodies import Fields, json_of
from .call import Answer, Call, Route
from .parameters import Parameters, following
from .problems import Fault

_KINDS = {List.CUSTOMER: "Customer", List.VENDOR: "Vendor", List.ITEM: "ItemNonInventory"}


def listed(call: Call, list: str) -> Answer:
    """The records of a list, by name."""
    which = table.WORDS.get(list)
    if which is None:
        raise problems.not_found(f"list {list}")
    wanted = Parameters(call.request, "search", "limit", "after")
    limit = wanted.limit()
    with call.reading() as db:
        read_at = table.read_of(db, call.company.id)[which].read_at
        rows = table.listed(db, call.company.id, which, wanted.text("search"), limit + 1, after=wanted.after_texts())
    told = [
        {"list_id": row.list_id, "name": row.name, "type": row.type or None, "active": row.is_active}
        for row in rows[:limit]
    ]
    return Answer({"read_at": read_at, "records": told, "next": following(rows, limit, "key", "list_id")})


def links_of(call: Call, side: Side) -> Answer:
    """Our customers or suppliers, by name, each with the record that it is linked to, or that has its name."""
    wanted = Parameters(call.request, "search", "linked", "limit", "after")
    limit = wanted.limit()
    with call.reading() as db:
        rows = parties.listed(
            db,
            call.company.id,
            side,
            search=wanted.text("search"),
            linked=wanted.one_of("linked", Linked),
            after=wanted.after_texts(),
            limit=limit + 1,
        )
    told = [
        {
            "id": row.id,
            "name": row.name,
            "list_id": row.list_id,
            "linked_name": row.linked_name,
            "suggested": None if row.list_id else row.suggested,
        }
        for row in rows[:limit]
    ]
    return Answer({"links": told, "next": following(rows, limit, "key", "record")})


def link_of(call: Call, record: Callable[[str], str], what: str, id: str) -> Answer:
    Parameters(call.request)
    with call.reading() as db:
        found = table.links_of(db, call.company.id, [record(id)]).get(record(id))
    if found is None:
        raise problems.not_found(f"link of {what} {id}")
    return Answer({"id": id, "list_id": found.list_id, "linked_name": found.name})


def put_link(call: Call, record: Callable[[str], str], which: List, id: str) -> Answer:
    """Ours is this record of QuickBooks' from now on, named by `list_id` or `name`. It decides to whom documents go:
    a token with which none may be sent that names such a record may not do it."""
    Parameters(call.request)
    rights.require([_KINDS[which]], call.rights)
    fields = Fields(json_of(call.request))
    list_id, name = fields.text("list_id"), fields.text("name")
    if (list_id is None) == (name is None):
        fields.fault("", "needs list_id or name, one of them")
    fields.close()
    with call.writing() as db:
        try:
            found = sending.link(db, call.company, record(id), which, list_id or name or "", call.now)
        except sending.UnknownRecord as error:
            raise problems.faulty([Fault("name" if list_id is None else "list_id", str(error))]) from None
        link = table.links_of(db, call.company.id, [record(id)])[record(id)]
        call.note(db, f"{which}.linked", id, found)
    return Answer({"id": id, "list_id": link.list_id, "linked_name": link.name})


def unlink_customer(call: Call, id: str) -> Answer:
    """Ours is none of QuickBooks' any more: the next sending creates one."""
    Parameters(call.request)
    rights.require([_KINDS[List.CUSTOMER]], call.rights)
    record = customer_record(id)
    with call.writing() as db:
        known = table.links_of(db, call.company.id, [record]).get(record)
        if known is None:
            raise problems.not_found(f"link of customer {id}")
        sending.unlink(db, call.company, id)
        call.note(db, "customer.unlinked", id, known.name)
    return Answer(status=HTTPStatus.NO_CONTENT)


def _of(word: str, which: List, record: Callable[[str], str]) -> tuple[Route, ...]:
    path = f"/links/{word}/<path:id>"
    return (
        Route("GET", path, partial(link_of, record=record, what=which)),
        Route("PUT", path, partial(put_link, record=record, which=which)),
    )


ROUTES = (
    Route("GET", "/lists/<list>", listed),
    Route("GET", "/links/customers", partial(links_of, side=Side.CUSTOMER)),
    Route("GET", "/links/vendors", partial(links_of, side=Side.SUPPLIER)),
    *_of("customers", List.CUSTOMER, customer_record),
    *_of("vendors", List.VENDOR, vendor_record),
    *_of("items", List.ITEM, item_record),
    Route("DELETE", "/links/customers/<path:id>", unlink_customer),
)

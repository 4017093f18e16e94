"""What may follow from a body or an answer: told from the bytes alone, by another parser than the service's.

A body that is refused changes nothing. One that is taken does what the same call does when it is written as the Web
Connector writes it. An answer moves its own company's jobs as their states allow, and none is posted that it does not
say to be saved.
"""

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from qbwc_service.db.states import FINAL, NEXT, State
from qbwc_service.posting.kinds import KINDS
from qbwc_service.simulator.soap import request as as_dot_net

from . import answers, bodies
from .nasty import INTUIT, SOAP
from .service import COLUMNS, LENGTHS, Reply, Rows, Scene, Service

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_UNTOUCHED = ("companies", "passwords", "orders", "users", "api_tokens", "webhooks", "parties", "job_drafts",
              "job_needs", "teams", "team_members", "company_viewers", "one_time_links", "web_sessions", "audit_trail",
              "notices")  # fmt: skip
_LARGEST_BODY = 64 * 1024 * 1024  # bytes (design.md 4)
_PROLOG = re.compile(r"^\ufeff?(?:\s+|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)
_AT = {table: {column: at for at, column in enumerate(columns)} for table, columns in COLUMNS.items()}


def _too_long(rows: Rows) -> Iterator[str]:
    for table, columns in LENGTHS.items():
        for row in rows[table]:
            for at, name, longest in columns:
                if row[at] is not None and len(row[at]) > longest:
                    yield f"{table}.{name} holds {len(row[at])} characters, which PostgreSQL would refuse"


def body_faults(service: Service, scene: Scene, case: bodies.Case, reply: Reply, changed: bool) -> Iterator[str]:
    """-> what is wrong with how a body was met. `changed`: whether any row was written. Calls the service."""
    if b"Traceback" in reply.body or b'File "' in reply.body:
        yield "a traceback on the wire"
    if reply.status == 500 and reply.fault_code not in ("Client", "VersionMismatch"):
        yield f"answered 500 and {reply.fault_code}"
    if reply.status not in (200, 400, 405, 411, 413, 415, 500):
        yield f"answered {reply.status}"
    if reply.status != 200 or case.environ.get("REQUEST_METHOD") in ("GET", "HEAD"):
        if changed:
            yield f"refused with {reply.status}, and rows were written"
        return
    call = _call(case)
    if call is None:
        yield "taken, though another parser finds no call in it"
        return
    rows = service.rows()
    yield from _too_long(rows)
    service.restore(scene.database)
    plainly = as_dot_net(*call)
    plain = service.post(plainly)
    if plain.status == 413 and len(plainly) > len(case.body):
        return  # CDATA is shorter
    if _comparable(call[0], plain) != _comparable(call[0], reply):
        yield f"answered otherwise than the same call, plainly written: {plain.body[-300:]!r}"
    if service.rows() != rows:
        yield "did otherwise than the same call, plainly written"
    if not _is_let_in(scene, call[1]) and _beside_answers(rows) != _beside_answers(scene.rows):
        yield "changed something without a right ticket or password"


def _comparable(operation: str, reply: Reply) -> tuple[int, str]:
    # Each login draws a ticket.
    result = reply.result or ""
    return reply.status, result[38:] if operation == "authenticate" else result


def _is_let_in(scene: Scene, arguments: dict[str, str]) -> bool:
    login = arguments.get("strUserName") == scene.username and arguments.get("strPassword") == scene.password
    return login or arguments.get("ticket") == scene.ticket


def _beside_answers(rows: Rows) -> Rows:
    return {name: rows_ for name, rows_ in rows.items() if name != "answers"}


def _call(case: bodies.Case) -> tuple[str, dict[str, str]] | None:
    """-> the call that libxml2 finds in a body."""
    length = case.environ.get("CONTENT_LENGTH")
    body = case.body if length is None else case.body[: int(length)]
    try:
        root = etree.fromstring(body, _parser())
    except etree.XMLSyntaxError as error:
        if "is not a valid URI" not in str(error):
            return None
        root = etree.fromstring(body, _parser(recover=True))  # a name of a namespace may be any text
    if root.getroottree().docinfo.doctype or root.tag != f"{{{SOAP}}}Envelope":
        return None
    calls = list(root.iterchildren(f"{{{SOAP}}}Body"))
    if len(calls) != 1 or len(calls[0]) != 1:
        return None
    operation = etree.QName(calls[0][0])
    if operation.namespace != INTUIT or operation.localname not in bodies.OPERATIONS:
        return None
    arguments: dict[str, str] = {}
    for element in calls[0][0]:
        name = etree.QName(element)
        if len(element) or name.localname in arguments:
            return None
        if name.namespace == INTUIT and name.localname in bodies.OPERATIONS[operation.localname]:
            arguments[name.localname] = "" if (element.get(_NIL) or "").strip() in ("true", "1") else element.text or ""
    return operation.localname, {name: arguments.get(name, "") for name in bodies.OPERATIONS[operation.localname]}


def _parser(recover: bool = False) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=True, remove_comments=True, remove_pis=True, recover=recover
    )


# Answers -------------------------------------------------------------------------------------------------------------


def answer_faults(
    service: Service, scene: Scene, case: answers.Case, body: int, reply: Reply, changed: bool
) -> Iterator[str]:
    """-> what is wrong with how an answer was met, that came in so many bytes."""
    if reply.status == (413 if body > _LARGEST_BODY else 400):  # too large, or SOAP cannot carry it
        if changed:
            yield "refused, and rows were written"
        return
    if reply.status != 200:
        yield f"answered {reply.status}: {reply.body[:300]!r}"
        return
    percent = int(reply.result or "x")
    if not -1 <= percent <= 100:
        yield f"answered {percent}"
    rows = service.rows()
    yield from _too_long(rows)
    for name in _UNTOUCHED:
        if rows[name] != scene.rows[name]:
            yield f"{name} changed"
    for name in ("jobs", "messages", "sessions", "connections", "links", "list_reads", "list_records"):
        if _of(rows, name, scene.other_id) != _of(scene.rows, name, scene.other_id):
            yield f"{name} of another company changed"
    yield from _job_faults(scene, rows, case)
    if percent == 100 and any(
        _cell("jobs", row, "state") == State.IN_FLIGHT for row in _of(rows, "jobs", scene.company_id)
    ):
        yield "ended the session with a job in flight"


def _of(rows: Rows, table: str, company_id: int) -> list[tuple[Any, ...]]:
    return [row for row in rows[table] if _cell(table, row, "company_id") == company_id]


def _cell(table: str, row: tuple[Any, ...], column: str) -> Any:
    return row[_AT[table][column]]


def _job_faults(scene: Scene, rows: Rows, case: answers.Case) -> Iterator[str]:
    saved, mentioned = _said(case)
    was = {_cell("jobs", row, "id"): row for row in _of(scene.rows, "jobs", scene.company_id)}
    for row in _of(rows, "jobs", scene.company_id):
        job = _cell("jobs", row, "id")
        before = was.pop(job, None)
        if before is None:
            yield f"job {job} is new"
            continue
        for column in (
            "company_id",
            "order_id",
            "record",
            "kind",
            "name",
            "ref_number",
            "marker",
            "total",
            "request",
        ):
            if _cell("jobs", row, column) != _cell("jobs", before, column):
                yield f"job {job} has another {column}"
        first, now, kind = (
            State(_cell("jobs", before, "state")),
            State(_cell("jobs", row, "state")),
            _cell("jobs", row, "kind"),
        )
        if now is first:
            continue
        # Two steps at most: what one answer frees, the same answer may free.
        steps = set(NEXT[first].values())
        if now not in steps | {after for step in steps for after in NEXT[step].values()}:
            yield f"job {job} went from {first} to {now}"
        if first in FINAL and now is not State.ATTENTION:
            yield f"job {job} was {first} and is {now}"
        if now is State.POSTED and job not in (saved if kind in KINDS and scene.name == "posting" else mentioned):
            yield f"job {job} ({kind}) is posted, and nothing says so"
    if was:
        yield f"jobs {sorted(was)} are gone"


def _said(case: answers.Case) -> tuple[set[int], set[int]]:
    """-> the jobs that an answer says to be saved, and those that it answers at all, as libxml2 reads it."""
    saved: set[int] = set()
    mentioned: set[int] = set()
    if case.hresult:
        return saved, mentioned
    text = _PROLOG.sub("", case.response)  # of it nothing counts, neither an encoding nor a comment that is none
    try:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError:
        return saved, mentioned
    if root.getroottree().docinfo.doctype:
        return saved, mentioned
    for response in root.iterfind("QBXMLMsgsRs/*"):
        _, _, job = response.get("requestID", "").partition("-")
        if not (job.isascii() and job.isdecimal() and len(job) < 19):
            continue
        mentioned.add(int(job))
        if any(response.findtext(f"*/{key}") for key in ("ListID", "TxnID")):
            saved.add(int(job))
    return saved, mentioned

"""One message set as it is carried out, request by request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from .answers import NOTHING_OWED, RECOVERY_SINCE, recovery, ret
from .book_faults import SERVER_DIED, BookFaults, failure
from .books import ENTITIES, Books
from .host import Identity, company_ret, host_ret, preferences_ret
from .invoices import add_invoice
from .lists import add
from .message_sets import Status
from .parsing import MessageSet, Request
from .payments import add_payment
from .posting import Posting
from .purchases import add_bill, add_purchase_order
from .queries import Asking, query
from .records import TRANSACTIONS, Record
from .references import Features, Locks, resolve
from .refusals import Code, Refused, severity
from .shapes import only
from .tree import Node

OK = "Status OK"
_Made = tuple[Record, Refused | None]


@dataclass(frozen=True)
class Done:
    """A request carried out: its answer, and what is remembered of it."""

    answer: Node
    status: Status


@dataclass
class Execution:
    """Carries out the requests of one message set; macros live as long as it does."""

    books: Books
    features: Features
    locks: Locks
    faults: BookFaults
    identity: Identity
    asking: Asking
    macros: dict[str, str] = field(default_factory=dict)

    def run(self, message: MessageSet) -> list[Done]:
        """-> each request's outcome; raises RequestFailed when QuickBooks was ordered to die on the way."""
        done: list[Done] = []
        deadly = self.faults.take_kill_after()
        stopped = False
        for request in message.requests:
            if deadly is not None and len(done) == deadly:
                raise failure(SERVER_DIED)
            if stopped:
                words = "The request has not been processed."
                done.append(_refused(request, Refused(Code.NOT_PROCESSED, words)))
                continue
            done.append(self._one(request, message))
            stopped = message.stop_on_error and severity(done[-1].status.code) == "Error"
        if deadly is not None:
            raise failure(SERVER_DIED)
        return done

    def _one(self, request: Request, message: MessageSet) -> Done:
        ordered = self.faults.take_refusal(request.name)
        if ordered is not None:
            return _refused(request, ordered)
        try:
            self._check(request)
            if request.name.endswith("Query"):
                return self._query(request, message)
            return self._add(request, message)
        except Refused as refused:
            return _refused(request, refused)

    def _check(self, request: Request) -> None:
        if len(request.request_id or "") > 50:
            raise Refused(1060, "The requestID is invalid or too long.")
        for fault in request.faults:
            raise Refused(fault.code, fault.message)

    def _query(self, request: Request, message: MessageSet) -> Done:
        own = self._of_company(request.node)
        if own is not None:
            named = frozenset(element.text for element in request.node.all("IncludeRetElement"))
            return _done(request, Code.FINE, OK, (only(own, named),), message)
        found = query(self.asking, request.node)
        return _done(request, found.code, found.message, found.rets, message, found.attributes)

    def _of_company(self, asked: Node) -> Node | None:
        match asked.name:
            case "HostQueryRq":
                return host_ret(self.identity, self.features)
            case "CompanyQueryRq":
                return company_ret(self.identity, frozenset(owner.text.lower() for owner in asked.all("OwnerID")))
            case "PreferencesQueryRq":
                return preferences_ret(self.books, self.features)
        return None

    def _add(self, request: Request, message: MessageSet) -> Done:
        kind = request.name.removesuffix("Add")
        asked = self._with_macros(request.node.get(request.name) or Node(request.name))
        macro = self._new_macro(asked)
        record, warning = self._make(kind, asked)
        if macro is not None:
            self.macros[macro] = record.id
        named = frozenset(element.text for element in request.node.all("IncludeRetElement"))
        told = only(ret(record, message.version, NOTHING_OWED if kind in ENTITIES else None), named)
        code, words = (warning.code, warning.message) if warning is not None else (int(Code.FINE), OK)
        return _done(request, code, words, (told,), message, made=record)

    def _make(self, kind: str, asked: Node) -> _Made:
        if kind not in TRANSACTIONS:
            return add(self.books, self.features, self.locks, kind, asked), None
        resolved = resolve(self.books, self.features, self.locks, asked, kind)
        posting = Posting(self.books, self.features, self.locks, self.asking.today)
        if kind == "Bill":
            return add_bill(posting, resolved)
        makers: dict[str, Callable[[Posting, Node], Record]] = {
            "Invoice": add_invoice,
            "ReceivePayment": add_payment,
            "PurchaseOrder": add_purchase_order,
        }
        return makers[kind](posting, resolved), None

    def _new_macro(self, asked: Node) -> str | None:
        """-> the macro that the request defines; raises Refused if it cannot."""
        macro = asked.attribute("defMacro")
        if macro is None:
            return None
        if not macro.startswith("TxnID:") or macro == "TxnID:":
            raise Refused(Code.MACRO_OF_OTHER_TYPE, f'The macro "{macro}" is not of the form TxnID:name.')
        if macro in self.macros:
            raise Refused(Code.MACRO_TAKEN, f'The macro "{macro}" is already defined.')
        return macro

    def _with_macros(self, node: Node) -> Node:
        """-> the element with the ids that macros stand for; raises Refused for one that is not defined."""
        used = node.attribute("useMacro")
        if used is not None:
            if used not in self.macros:
                raise Refused(Code.MACRO_UNKNOWN, f'The macro "{used}" is not defined.')
            return replace(node, text=self.macros[used], attributes=())
        return replace(node, children=tuple(self._with_macros(child) for child in node.children))


def saved_answer(status: Status, message: MessageSet) -> Node:
    """-> the answer to a request that was carried out before (contract.md 6.3)."""
    told = (status.recovery,) if status.recovery is not None and message.version >= RECOVERY_SINCE else ()
    return _answer(status.name, status.request_id, status.code, status.message, told, ())


def _done(
    request: Request,
    code: int,
    words: str,
    rets: tuple[Node, ...],
    message: MessageSet,
    attributes: tuple[tuple[str, str], ...] = (),
    made: Record | None = None,
) -> Done:
    told = () if message.include_none else rets
    status = Status(request.name, request.request_id, int(code), words, recovery(made) if made is not None else None)
    return Done(_answer(request.name, request.request_id, int(code), words, told, attributes), status)


def _refused(request: Request, refused: Refused) -> Done:
    status = Status(request.name, request.request_id, int(refused.code), refused.message)
    return Done(_answer(request.name, request.request_id, status.code, status.message, (), ()), status)


def _answer(
    name: str,
    request_id: str | None,
    code: int,
    words: str,
    rets: tuple[Node, ...],
    more: tuple[tuple[str, str], ...],
) -> Node:
    attributes = [("requestID", request_id)] if request_id is not None else []
    attributes += [("statusCode", str(code)), ("statusSeverity", severity(code)), ("statusMessage", words), *more]
    return Node(f"{name}Rs", children=rets, attributes=tuple(attributes))

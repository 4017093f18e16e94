"""What went wrong, as a program reads it: RFC 9457, with every fault at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from ..orders import OrderFaults
from ..people import NotAllowed
from ..posting.queue import NotNow
from ..posting.queue import WrongName as WrongRecordName
from ..posting.send import OrderSent, Refused, StillNeeded, UnknownOrder
from ..webhooks import WrongAddress

MEDIA_TYPE = "application/problem+json"
HELP = "/help/api"


@dataclass(frozen=True)
class Fault:
    """One thing wrong; `path` is as in JSON, `lines[0].rate`, or the name of a parameter."""

    path: str
    rule: str


@dataclass(frozen=True)
class Kind:
    """A kind of problem: its word in `type`, its status, and what it is called."""

    word: str
    status: HTTPStatus
    title: str


NOT_JSON = Kind("not-json", HTTPStatus.BAD_REQUEST, "The body is not JSON")
WRONG_PARAMETER = Kind("wrong-parameter", HTTPStatus.BAD_REQUEST, "A parameter of the address is wrong")
NO_TOKEN = Kind("no-token", HTTPStatus.UNAUTHORIZED, "A token is needed")
NOT_ALLOWED = Kind("not-allowed", HTTPStatus.FORBIDDEN, "The token lacks a right")
NOT_FOUND = Kind("not-found", HTTPStatus.NOT_FOUND, "There is no such thing")
WRONG_METHOD = Kind("wrong-method", HTTPStatus.METHOD_NOT_ALLOWED, "The address does not take this method")
ORDER_SENT = Kind("order-sent", HTTPStatus.CONFLICT, "The order was sent already, with another content")
NOT_NOW = Kind("not-now", HTTPStatus.CONFLICT, "Its state does not allow that")
TOO_LARGE = Kind("too-large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large")
NOT_JSON_TYPE = Kind("not-json-type", HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body must be application/json")
FAULTY = Kind("faulty", HTTPStatus.UNPROCESSABLE_ENTITY, "What was given has faults")
ORDER_FAULTY = Kind("order-faulty", HTTPStatus.UNPROCESSABLE_ENTITY, "The order has faults; nothing is stored")
ORDER_REFUSED = Kind("order-refused", HTTPStatus.UNPROCESSABLE_ENTITY, "The order cannot be sent as it stands")
OUR_FAULT = Kind("our-fault", HTTPStatus.INTERNAL_SERVER_ERROR, "The service failed")
UNAVAILABLE = Kind("unavailable", HTTPStatus.SERVICE_UNAVAILABLE, "The database does not answer")


@dataclass
class Problem(Exception):
    """Ends a request; `extra` are members of the problem beside those of RFC 9457 and `faults`."""

    kind: Kind
    detail: str
    faults: Sequence[Fault] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    def body(self, request_id: str) -> dict[str, Any]:
        """-> what stands in the answer; `request_id` stands in the service's log too."""
        return {
            "type": f"{HELP}#{self.kind.word}",
            "title": self.kind.title,
            "status": self.kind.status.value,
            "detail": self.detail,
            "faults": [{"path": fault.path, "rule": fault.rule} for fault in self.faults],
            "request_id": request_id,
            **self.extra,
        }


def faulty(faults: Sequence[Fault]) -> Problem:
    return Problem(FAULTY, _counted(len(faults)), faults)


def wrong_parameter(name: str, rule: str) -> Problem:
    return Problem(WRONG_PARAMETER, f"{name}: {rule}", [Fault(name, rule)])


def not_found(what: str) -> Problem:
    return Problem(NOT_FOUND, f"there is no {what} in this company")


def of(error: Exception) -> Problem | None:
    """-> what an exception of the parts below is for a program; None for one that is a fault of ours."""
    match error:
        case Problem():
            return error
        case OrderFaults():
            faults = [Fault(fault.path, fault.message) for fault in error.faults]
            return Problem(ORDER_FAULTY, _counted(len(faults)), faults)
        case OrderSent():
            return Problem(ORDER_SENT, str(error), [_difference(text) for text in error.differences])
        case Refused():
            faults = [Fault(obstacle.path, obstacle.message) for obstacle in error.obstacles]
            return Problem(ORDER_REFUSED, str(error), faults)
        case UnknownOrder():
            return Problem(NOT_FOUND, str(error))
        case NotAllowed():
            return Problem(NOT_ALLOWED, str(error), extra={"rights": list(error.rights)})
        case NotNow() | StillNeeded():
            return Problem(NOT_NOW, str(error))
        case WrongRecordName():
            return faulty([Fault("name", str(error))])
        case WrongAddress():
            return faulty([Fault("url", str(error))])
    return None


def _counted(number: int) -> str:
    return "there is one fault" if number == 1 else f"there are {number} faults"


def _difference(text: str) -> Fault:
    path, _, rule = text.partition(": ")
    return Fault(path, rule)

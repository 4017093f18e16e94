"""Going on where one stopped: the page that somebody came for, and what they had typed there, over the door."""

from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from werkzeug.wrappers import Request, Response

from .page import Page

Fields = Sequence[tuple[str, str]]

FIRST_PAGE = "/companies"
_KEPT = "kept:"  # before the names of another form's fields, while they travel in the form of the door
_NEVER_KEPT = ("csrf", "password")
_NOTHING_TYPED = ("resumed", "yes")  # a form that was but a button is sent once more, too


def own_path(path: str, otherwise: str = FIRST_PAGE) -> str:
    """-> a path of ours; for anything that could lead a browser to another site `otherwise`."""
    if not path.startswith("/") or path.startswith("//") or "\\" in path or not path.isprintable():
        return otherwise  # browsers read a backslash as a slash, and drop tabs and line breaks
    try:
        parts = urlsplit(path)
    except ValueError:
        return otherwise
    return otherwise if parts.scheme or parts.netloc else path


def came_for(request: Request) -> str:
    """-> the page that a request belongs to, with its query; for a part that htmx asks for, the page that holds it."""
    current = request.headers.get("HX-Current-URL")
    if current is not None:
        parts = urlsplit(current)
        return own_path(f"{parts.path}?{parts.query}".rstrip("?"))
    return own_path(request.path if request.method == "POST" else request.full_path.rstrip("?"))


def keepable(request: Request) -> list[tuple[str, str]]:
    """-> the fields of a form that may stand in a page once more: no password, and not the old session's secret."""
    kept = [
        (name, value) for name, value in request.form.items(multi=True) if not any(word in name for word in _NEVER_KEPT)
    ]
    return kept or [_NOTHING_TYPED]


def packed(fields: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """-> these fields as hidden ones of the door's form."""
    return [(_KEPT + name, value) for name, value in fields]


def unpacked(request: Request) -> list[tuple[str, str]]:
    """-> what `packed` had put into the door's form."""
    return [
        (name.removeprefix(_KEPT), value) for name, value in request.form.items(multi=True) if name.startswith(_KEPT)
    ]


def go_on(page: Page, then: str, fields: Fields) -> Response:
    """-> the way on to `then`; where a form had been posted there, a page on which it is sent once more."""
    return page.show("resume.html", path=then, kept=fields) if fields else page.go(then)

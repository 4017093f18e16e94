"""The cookies: whose browser this is. Scripts and other sites do not get at it (security.md T9)."""

from werkzeug.wrappers import Response

from .. import sign_in
from ..settings import Settings

LANGUAGE = "qbwc-language"  # what somebody chose who is not signed in


def name_of(settings: Settings) -> str:
    """-> the session cookie's name; `__Host-` makes browsers refuse one that another host or path has set."""
    return "__Host-qbwc" if _is_secure(settings) else "qbwc"


def begin_session(settings: Settings, response: Response, token: str) -> None:
    response.set_cookie(
        name_of(settings),
        token,
        max_age=int(sign_in.LONGEST.total_seconds()),
        path="/",
        secure=_is_secure(settings),
        httponly=True,
        samesite="Lax",
    )


def end_session(settings: Settings, response: Response) -> None:
    response.delete_cookie(name_of(settings), path="/", secure=_is_secure(settings), httponly=True, samesite="Lax")


def choose_language(settings: Settings, response: Response, language: str) -> None:
    response.set_cookie(
        LANGUAGE, language, max_age=31536000, path="/", secure=_is_secure(settings), httponly=True, samesite="Lax"
    )


def remember_browser(settings: Settings, response: Response, mark: str) -> None:
    """The browser is known from now on: somebody signed in here (web/door.py says what for)."""
    response.set_cookie(
        known_name(settings),
        mark,
        max_age=31536000,
        path="/",
        secure=_is_secure(settings),
        httponly=True,
        samesite="Lax",
    )


def known_name(settings: Settings) -> str:
    return name_of(settings) + "-known"


def _is_secure(settings: Settings) -> bool:
    return settings.public_url.startswith("https:")

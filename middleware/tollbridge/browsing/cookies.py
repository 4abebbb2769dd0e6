"""Cookies of the pages: out of reach of scripts, and bound to the host where that is reached by TLS."""

from starlette.requests import Request
from starlette.responses import Response

from tollbridge.browsing.place import root

SESSION = "tollbridge_session"
"""Who is signed in; `gateway.sessions.find` knows what it holds."""
THEME = "tollbridge_theme"
LANGUAGE = "tollbridge_language"
"""The tag of the language that somebody chose."""


def name_of(request: Request, cookie: str) -> str:
    """Give a cookie's name: with `__Host-` a browser takes it from nobody but this host (RFC 6265bis, 4.1.3.2)."""
    return f"__Host-{cookie}" if _is_secure(request) else cookie


def read_cookie(request: Request, cookie: str) -> str:
    """Give what a cookie holds, empty where it is not there."""
    return request.cookies.get(name_of(request, cookie), "")


def set_cookie(answer: Response, request: Request, cookie: str, value: str, *, max_age: int) -> None:
    """Set a cookie for all pages; a `max_age` of 0 seconds takes it away.  `__Host-` asks for the whole host's path."""
    secure = _is_secure(request)
    answer.set_cookie(
        name_of(request, cookie),
        value,
        max_age=max_age,
        path="/" if secure else root(request) or "/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def _is_secure(request: Request) -> bool:
    return request.url.scheme == "https"

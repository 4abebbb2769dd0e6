"""What is said to browsers whose page is of another origin (Fetch standard, section 3.2; read 2026-11).  Pure."""

from collections.abc import Sequence

from tollbridge_rest.definition import Cors
from tollbridge_rest.headers import Headers

ORIGIN = b"origin"
ASKED_METHOD = b"access-control-request-method"
_VARY = (b"vary", b"origin")
_ASKED = (b"vary", b"access-control-request-method, access-control-request-headers")


def value_of(headers: Headers, name: bytes) -> bytes:
    """Give the first value of a header, empty for none."""
    return next((value for key, value in headers if key == name), b"")


def is_preflight(method: str, headers: Headers) -> bool:
    """Whether a browser asks if it may call; such a request never shows a credential."""
    return method == "OPTIONS" and bool(value_of(headers, ORIGIN)) and bool(value_of(headers, ASKED_METHOD))


def preflight_headers(cors: Cors, methods: Sequence[str], headers: Headers) -> Headers:
    """Give what is answered to a preflight: for an origin that may not, nothing that lets it.

    `methods` are those of the route; none are all, and then the one that is asked for is named.
    """
    allowed = _allowed(cors, value_of(headers, ORIGIN))
    if not allowed:
        return [_VARY]
    asked = value_of(headers, ASKED_METHOD).decode("latin-1")
    named = ", ".join(methods) or (asked if asked.isascii() and asked.isalpha() else "")
    return [
        *allowed,
        (b"access-control-allow-methods", named.encode("ascii")),
        (b"access-control-allow-headers", ", ".join(cors.headers).encode("ascii")),
        (b"access-control-max-age", b"%d" % cors.max_age_s),
        _VARY,
        _ASKED,
    ]


def answer_headers(cors: Cors, headers: Headers) -> Headers:
    """Give what is added to the answer of a call; `headers` are the request's."""
    found = [*_allowed(cors, value_of(headers, ORIGIN)), _VARY]
    if cors.expose and len(found) > 1:
        found.append((b"access-control-expose-headers", ", ".join(cors.expose).encode("ascii")))
    return found


def _allowed(cors: Cors, origin: bytes) -> Headers:
    if not origin:
        return []
    named = origin.decode("latin-1") in cors.origins
    if not named and "*" not in cors.origins:
        return []
    if not named and not cors.credentials:
        return [(b"access-control-allow-origin", b"*")]
    if not named:
        return []  # any page of all could call with its reader's cookies
    credentials = [(b"access-control-allow-credentials", b"true")] if cors.credentials else []
    return [(b"access-control-allow-origin", origin), *credentials]

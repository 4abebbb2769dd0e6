"""Browsers: which pages may call the servers, and what those of other origins are told (Fetch standard, 3.2)."""

from collections.abc import Collection, Sequence
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))
_SENT = frozenset((b"accept", b"authorization", b"content-type", b"last-event-id", b"x-api-key"))
_OURS = b"mcp-"
_MAX_AGE_S = b"600"
_EXPOSED = b"mcp-protocol-version, mcp-session-id, retry-after, www-authenticate, x-request-id"
_VARY = (b"vary", b"origin")
_METHODS = b"POST, GET, DELETE, OPTIONS"

Headers = list[tuple[bytes, bytes]]


def may_call(origin: str, origins: Collection[str]) -> bool:
    """Whether a page may call: one of `origins`, or without any one of this machine."""
    if origins:
        return origin in origins
    try:
        parts = urlsplit(origin)
        return parts.scheme in ("http", "https") and parts.hostname in _LOOPBACK
    except ValueError:
        return False


def preflight(headers: Sequence[tuple[bytes, bytes]]) -> bytes | None:
    """Give the method that a browser asks about before it calls; None where it does not ask."""
    return next((value for name, value in headers if name == b"access-control-request-method"), None)


def allowed_headers(headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Name those of the headers a browser asks about that clients of MCP send."""
    asked = b",".join(value for name, value in headers if name == b"access-control-request-headers").lower()
    names = {name.strip() for name in asked.split(b",")}
    known = sorted(name for name in names if name in _SENT or (name.startswith(_OURS) and _is_plain(name)))
    return b", ".join(known[:50])


class Pages:
    """Lets pages of other origins ask, call, and read every answer, also one that refuses.

    No cookie goes along with such a call, for none is allowed to: whoever calls shows a token.
    """

    def __init__(self, app: ASGIApp, origins: Collection[str]) -> None:
        self._app = app
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a page that asks, or call the app."""
        headers = list(scope.get("headers", ()))
        origin = next((value for name, value in headers if name == b"origin"), None)
        if scope["type"] != "http" or origin is None:
            await self._app(scope, receive, send)
            return
        allowed = may_call(origin.decode("latin-1"), self._origins)
        told = [(b"access-control-allow-origin", origin), _VARY] if allowed else [_VARY]
        if scope["method"] == "OPTIONS" and preflight(headers) is not None:
            await answer_preflight(send, told if not allowed else [*told, *_terms(headers)])
            return
        if allowed:
            told.append((b"access-control-expose-headers", _EXPOSED))

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *told]}
            await send(message)

        await self._app(scope, receive, telling)


def _terms(headers: Sequence[tuple[bytes, bytes]]) -> Headers:
    return [
        (b"access-control-allow-methods", _METHODS),
        (b"access-control-allow-headers", allowed_headers(headers)),
        (b"access-control-max-age", _MAX_AGE_S),
    ]


async def answer_preflight(send: Send, headers: Headers) -> None:
    """Answer a page that asks before it calls."""
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def public_terms(headers: Sequence[tuple[bytes, bytes]]) -> Headers:
    """Give what any page is told that asks for a document which is open to all."""
    return [(b"access-control-allow-origin", b"*"), *_terms(headers)]


def _is_plain(name: bytes) -> bool:
    return name.replace(b"-", b"").isalnum() and len(name) <= 100

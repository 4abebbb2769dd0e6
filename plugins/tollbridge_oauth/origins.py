"""Pages of other origins that sign in here by themselves: those that may call the MCP servers (Fetch standard, 3.2)."""

from collections.abc import Collection

from starlette.types import ASGIApp, Message, Receive, Scope, Send

OPEN = ("token", "register")
"""Endpoints that such a page asks, by their names."""
_TERMS = (
    (b"access-control-allow-methods", b"GET, POST"),
    (b"access-control-allow-headers", b"accept, authorization, content-type, mcp-protocol-version"),
    (b"access-control-max-age", b"600"),
)


def wants_terms(scope: Scope) -> bool:
    """Whether a browser asks what a page may send, before it sends it."""
    return scope["method"] == "OPTIONS" and any(
        name == b"access-control-request-method" for name, _ in scope["headers"]
    )


async def give_terms(send: Send, origin: bytes) -> None:
    """Say what pages of an origin may send, of `*` any; never a cookie."""
    headers = [(b"access-control-allow-origin", origin), *_TERMS, (b"vary", b"origin")]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


class Origins:
    """Lets pages of some origins ask the open endpoints and read what these answer."""

    def __init__(self, app: ASGIApp, origins: Collection[str]) -> None:
        self._app = app
        self._origins = frozenset(origin.encode("ascii") for origin in origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what a browser asks, or call the app."""
        name = scope["path"].rpartition("/")[2] if scope["type"] == "http" else ""
        origin = next((value for key, value in scope["headers"] if key == b"origin"), b"") if name in OPEN else b""
        if origin not in self._origins:
            await self._app(scope, receive, send)
            return
        if wants_terms(scope):
            await give_terms(send, origin)
            return

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                told = [(b"access-control-allow-origin", origin), (b"vary", b"origin")]
                message = {**message, "headers": [*message.get("headers", ()), *told]}
            await send(message)

        await self._app(scope, receive, telling)
